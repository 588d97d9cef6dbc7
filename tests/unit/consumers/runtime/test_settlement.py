from dataclasses import replace
from datetime import timedelta

import pytest

from consumers.runtime.outcome import Dead, Done, Park, Retry, Scope, Skipped
from consumers.runtime.settlement import (
    LETTER_LATER,
    LONGEST_WORDS,
    Handled,
    bare,
    held_in_place,
    postponed,
    storable,
)
from relay.store.parked import ParkedState
from schemas.reasons import Reason
from tests.givens.runtime import NOW, a_parked, a_queued, a_subject

LATER = NOW + timedelta(minutes=5)


def handled(*queued, now=NOW, tried=True):
    return Handled("invoice-push", a_subject(*queued), now, tried)


def from_row(offset=0, **given):
    return replace(a_queued(offset=offset, **given), row=a_parked(offset))


@pytest.mark.parametrize("outcome", [Done("created"), Skipped(Reason.ALREADY_IN_STEP)], ids=["done", "skipped"])
def test_a_subject_that_went_through_frees_its_parked_rows_and_closes_its_letters(outcome):
    items = handled(from_row(0), a_queued(offset=1)).settle(outcome)

    assert [item.removed for item in items] == [a_parked(0), None]
    assert [item.kept for item in items] == [None, None]
    assert [(item.report.offset, item.report.outcome, item.report.settings_version) for item in items] == [
        (0, type(outcome).__name__.lower(), 1),
        (1, type(outcome).__name__.lower(), 1),
    ]
    newest = a_queued(offset=1).event
    [passed] = [item.passed for item in items if item.passed]
    assert (passed.consumer, passed.key, passed.subject, passed.before) == (
        "invoice-push",
        b"loc-1",
        "inv-1",
        newest.received_at,
    )


def test_all_events_of_a_subject_park_together_and_only_the_newest_was_tried():
    park = Park(LATER, Reason.BUDGET_USED_UP, scope=Scope.CONNECTION)

    rows = [item.kept for item in handled(a_queued(offset=0), a_queued(offset=1, attempts=2)).settle(park)]

    assert [(row.offset, row.attempts, row.not_before, row.scope) for row in rows] == [
        (0, 0, LATER, "connection"),
        (1, 3, LATER, "connection"),
    ]


def test_waiting_for_a_connection_is_no_try():
    [item] = handled(from_row(attempts=2), tried=False, now=LATER).settle(Park(LATER, Reason.PAUSED))

    assert (item.kept.attempts, item.report.attempts, item.kept.last_failure) == (2, 2, NOW)


def test_the_newest_event_alone_becomes_the_letter():
    older, letter = handled(from_row(0), from_row(1)).settle(Dead(Reason.TAX_NOT_MAPPED, "GST 12 %"))

    assert (older.report.outcome, older.report.reason, older.removed) == ("skipped", "superseded", a_parked(0))
    assert (letter.report.outcome, letter.report.reason) == ("dead", "tax_not_mapped")
    assert (letter.dead, letter.kept.offset, letter.kept.detail, letter.removed) == (True, 1, "GST 12 %", None)


def test_an_event_keeps_the_time_of_its_first_failure():
    later = NOW + timedelta(hours=1)

    [item] = handled(from_row(0), now=later).settle(Park(later, Reason.VENDOR_AWAY))

    assert (item.kept.first_failure, item.kept.last_failure) == (NOW, later)


def test_words_of_others_are_kept_as_every_database_and_header_takes_them():
    [item] = handled(a_queued()).settle(Dead(Reason.REFUSED, f"NUL \0, half \ud800{'x' * 5000}"))

    assert item.kept.detail == item.report.detail == storable(item.kept.detail)
    assert item.kept.detail.startswith("NUL \ufffd, half ?x")
    assert len(item.kept.detail) == LONGEST_WORDS


def test_a_letter_that_cannot_be_published_waits_and_is_tried_again():
    [item] = handled(a_queued()).settle(Dead(Reason.REFUSED, "no"))

    later = postponed(item, NOW)

    assert (later.kept.state, later.kept.not_before) == (ParkedState.PARKED, NOW + LETTER_LATER)
    assert (later.report.outcome, later.report.reason, later.dead) == ("park", "refused", False)


@pytest.mark.parametrize("outcome", [Done("words", "link"), Park(LATER, Reason.PAUSED, "words")])
def test_what_is_bare_has_no_words_of_others_and_stays_what_it_is(outcome):
    [item] = handled(a_queued()).settle(outcome)

    stripped = bare(item)

    assert (stripped.report.detail, stripped.report.link, stripped.report.outcome) == ("", None, item.report.outcome)
    assert bare(stripped) == stripped
    assert (stripped.kept and stripped.kept.detail) == (item.kept and "")


@pytest.mark.parametrize(
    ("waited_s", "after_s", "held"),
    [(0, 5, True), (0, 30, True), (0, 31, False), (28, 5, False)],
)
def test_a_retry_waits_in_place_only_while_all_its_waiting_stays_short(waited_s, after_s, held):
    retry = Retry(timedelta(seconds=after_s), Reason.VENDOR_AWAY)

    assert held_in_place(retry, NOW - timedelta(seconds=waited_s), NOW) is held
