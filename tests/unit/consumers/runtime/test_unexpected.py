from datetime import timedelta

from consumers.runtime.outcome import Dead, Retry
from consumers.runtime.unexpected import TRIES, unexpected
from schemas.reasons import Reason
from tests.givens.runtime import a_queued


def failed():
    try:
        int("a customer's name")
    except ValueError as error:
        return error


def test_a_bug_is_tried_again_after_longer_and_longer_and_then_a_person_must_look():
    outcomes = [unexpected(a_queued(attempts=attempts), failed()) for attempts in range(TRIES)]

    assert [one.after for one in outcomes if isinstance(one, Retry)] == [timedelta(seconds=s) for s in (2, 4, 8)]
    assert isinstance(outcomes[-1], Dead)
    assert {one.reason for one in outcomes} == {Reason.INTERNAL_ERROR}


def test_the_letter_names_the_failure_and_where_to_find_it_but_not_what_it_says(logs):
    outcome = unexpected(a_queued(attempts=TRIES), failed())

    assert outcome.detail == f"ValueError, traceback {logs[0]['digest']}"
    assert logs[0]["event_id"] == "inv-1-0"
