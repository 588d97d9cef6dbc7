from datetime import timedelta

import pytest

from consumers.runtime.outcome import Dead, Done, Park, Retry, Scope, Skipped
from consumers.runtime.settlement import Handled, held_in_place, unconnected
from schemas.reasons import Reason
from tests.givens.runtime import NOW, a_parked, a_queued, a_subject


def handled(*queued, rows=None):
    known = rows or {}
    return Handled("invoice-push", a_subject(*queued), NOW, lambda q: known.get(q.offset), 3)


@pytest.mark.parametrize("outcome", [Done("created"), Skipped(Reason.ALREADY_IN_STEP)], ids=["done", "skipped"])
def test_a_subject_that_went_through_frees_its_parked_rows_and_closes_its_letters(outcome):
    rows = {0: a_parked(0)}

    settled = handled(a_queued(offset=0), a_queued(offset=1), rows=rows).settle(outcome)

    assert list(settled.remove) == [rows[0]]
    assert settled.closes_letters
    assert [(row.offset, row.outcome, row.settings_version) for row in settled.outcomes] == [
        (0, type(outcome).__name__.lower(), 3),
        (1, type(outcome).__name__.lower(), 3),
    ]


def test_all_events_of_a_subject_park_together_and_only_the_newest_was_tried():
    until = NOW + timedelta(minutes=5)

    settled = handled(a_queued(offset=0), a_queued(offset=1, attempts=2)).settle(
        Park(until, Reason.BUDGET_USED_UP, scope=Scope.CONNECTION)
    )

    assert [(row.offset, row.attempts, row.not_before, row.scope) for row in settled.park] == [
        (0, 0, until, "connection"),
        (1, 3, until, "connection"),
    ]


def test_the_newest_event_alone_becomes_the_letter():
    settled = handled(a_queued(offset=0), a_queued(offset=1)).settle(Dead(Reason.TAX_NOT_MAPPED, "GST 12 %"))

    assert [(row.offset, row.state, row.detail) for row in settled.dead] == [(1, "dead", "GST 12 %")]
    assert [(row.outcome, row.reason) for row in settled.outcomes] == [
        ("skipped", "superseded"),
        ("dead", "tax_not_mapped"),
    ]


def test_an_event_keeps_the_time_of_its_first_failure():
    row = a_parked(0)
    later = NOW + timedelta(hours=1)

    settled = Handled("invoice-push", a_subject(a_queued(offset=0)), later, lambda _: row, None).settle(
        Park(later, Reason.VENDOR_AWAY)
    )

    assert (settled.park[0].first_failure, settled.park[0].last_failure) == (row.first_failure, later)


@pytest.mark.parametrize(
    ("waited_s", "after_s", "held"),
    [(0, 5, True), (0, 30, True), (0, 31, False), (28, 5, False)],
)
def test_a_retry_waits_in_place_only_while_all_its_waiting_stays_short(waited_s, after_s, held):
    retry = Retry(timedelta(seconds=after_s), Reason.VENDOR_AWAY)

    assert held_in_place(retry, NOW - timedelta(seconds=waited_s), NOW) is held


def test_an_event_nobody_connected_waits_thirty_days_and_then_needs_a_person():
    subject = a_subject(a_queued())

    early = unconnected(subject, NOW + timedelta(days=29), timedelta(minutes=1))
    late = unconnected(subject, NOW + timedelta(days=31), timedelta(minutes=1))

    assert isinstance(early, Park)
    assert isinstance(late, Dead)
    assert early.reason is late.reason is Reason.NOT_CONNECTED
