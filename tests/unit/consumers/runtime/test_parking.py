from dataclasses import replace
from datetime import timedelta

import pytest

from consumers.runtime.outcome import Scope
from consumers.runtime.parking import Waiting, key_of, lane_of, split
from schemas.reasons import Reason
from schemas.records import TopicPartition
from tests.givens.runtime import NOW, a_parked

LATER = NOW + timedelta(minutes=1)
SUBJECT = ("loc-1", "inv-1")
OTHER = ("loc-1", "inv-2")


def place(offset=0, **given):
    return a_parked(offset, **given).place


def waiting(*rows):
    state = Waiting()
    state.stored(rows)
    return state


def looked(state, row, now=NOW):
    """Return whether a row that a look at the database finds now may go into a lane."""
    return state.may_load(row, state.look(), now)


@pytest.mark.parametrize(("connection", "key", "lane"), [("acme", "loc-1", "acme"), (None, "loc-1", "key:loc-1")])
def test_a_lane_is_that_of_the_connection_or_else_of_the_key(connection, key, lane):
    assert lane_of(connection, key) == lane
    assert split(lane) == ((connection, b"") if connection else (None, key.encode()))


def test_a_later_event_of_a_parked_subject_waits_as_long_as_the_first():
    state = waiting(place(0, until=LATER))

    wait = state.must_wait("acme", SUBJECT, NOW)

    assert (wait.until, wait.reason, wait.scope) == (LATER, Reason.QUEUED_BEHIND, Scope.SUBJECT)


def test_it_waits_also_once_its_location_is_connected():
    state = waiting(replace(place(0, until=LATER), connection_id=None))

    assert state.must_wait("acme", SUBJECT, NOW) is not None


def test_it_waits_from_the_moment_the_first_is_about_to_be_saved():
    state = Waiting()

    state.saving([place(0, until=LATER)])

    assert state.must_wait("acme", SUBJECT, NOW).until == LATER


def test_it_goes_into_the_lane_behind_rows_that_are_there_already():
    state = waiting(place(0))

    state.loaded(place(0))

    assert state.must_wait("acme", SUBJECT, NOW) is None


def test_another_subject_of_the_connection_does_not_wait():
    assert waiting(place(0, until=LATER)).must_wait("acme", OTHER, NOW) is None


def test_a_connection_that_stopped_stops_all_its_subjects_until_its_time():
    state = waiting(replace(place(0, until=LATER, scope="connection"), reason="minute_limit"))

    during, after = state.must_wait("acme", OTHER, NOW), state.must_wait("acme", OTHER, LATER)

    assert (during.reason, during.scope) == (Reason.MINUTE_LIMIT, Scope.CONNECTION)
    assert after is None
    assert (state.halted(NOW), state.halted(LATER)) == (["acme"], [])


def test_a_location_without_connection_stops_as_a_lane_too():
    state = waiting(replace(place(0, until=LATER, scope="connection"), connection_id=None))

    assert state.must_wait("key:loc-1", OTHER, NOW) is not None
    assert state.must_wait("key:loc-2", ("loc-2", "inv-1"), NOW) is None


def test_a_row_saved_by_a_version_that_knew_other_reasons_waits_all_the_same():
    state = waiting(replace(place(0, until=LATER, scope="connection"), reason="of old"))

    assert state.must_wait("acme", OTHER, NOW).until == LATER


def test_a_subject_is_free_once_its_last_row_ended():
    rows = [place(0), place(1)]
    state = waiting(*rows)

    state.ended([key_of(rows[0])])
    still = state.must_wait("acme", SUBJECT, NOW)
    state.ended([key_of(rows[1])])

    assert still is not None
    assert state.must_wait("acme", SUBJECT, NOW) is None
    assert (len(state), state.behind("acme")) == (0, 0)


def test_saving_a_row_again_counts_it_once():
    state = waiting(place(0), place(0))

    assert (len(state), state.behind("acme")) == (1, 1)


def test_a_due_row_is_loaded_once_and_may_come_again_when_it_is_saved_again():
    row = place(0)
    state = waiting(row)

    first = looked(state, row)
    state.loaded(row)
    second = looked(state, row)
    state.stored([row])
    third = looked(state, row)

    assert (first, second, third) == (True, False, True)


def test_a_look_that_began_before_a_row_was_saved_has_not_read_it_as_it_is():
    row = place(0)
    state = waiting(row)
    look = state.look()

    state.stored([place(0, until=LATER)])

    assert not state.may_load(row, look, NOW)


def test_a_row_that_is_being_saved_is_not_loaded():
    state = waiting(place(0))

    state.saving([place(0, until=LATER)])

    assert not looked(state, place(0))


@pytest.mark.parametrize("first", [place(0), place(0, until=LATER)], ids=["due", "not due"])
def test_a_row_does_not_overtake_an_earlier_one_of_its_subject(first):
    behind = place(1)
    state = waiting(first, behind)

    held_back = looked(state, behind)
    together = state.may_load(behind, state.look(), NOW, ahead=1)
    state.loaded(first)
    after = looked(state, behind)

    assert (held_back, together, after) == (False, True, True)


def test_a_row_does_not_overtake_one_that_parks_again():
    first, behind = place(0), place(1)
    state = waiting(first, behind)
    state.loaded(first)

    state.saving([place(0, until=LATER)])

    assert not looked(state, behind)


def test_live_and_replayed_rows_of_a_subject_do_not_wait_for_each_other():
    replayed = replace(place(5), topic="ghl.invoices.replay")

    assert looked(waiting(place(0, until=LATER), replayed), replayed)


def test_while_a_lane_waits_none_of_its_rows_is_loaded():
    state = waiting(place(0, until=LATER, scope="connection"), place(1, subject="inv-2"))

    assert not looked(state, place(1, subject="inv-2"))
    assert looked(state, place(1, subject="inv-2"), LATER)


def test_a_lane_goes_on_once_the_row_that_stopped_it_is_released_in_the_database():
    halted, other = place(0, until=LATER, scope="connection"), place(1, subject="inv-2")
    state = waiting(halted, other)
    released = replace(halted, not_before=NOW)

    may = looked(state, released)
    state.loaded(released)

    assert may
    assert state.must_wait("acme", ("loc-1", "inv-3"), NOW) is None
    assert looked(state, other)


def test_a_row_that_was_due_before_its_lane_stopped_again_does_not_set_it_free():
    stopped_it, due_long_ago = place(0, until=LATER, scope="connection"), place(1, subject="inv-2", scope="connection")

    assert not looked(waiting(due_long_ago, stopped_it), due_long_ago)


def test_a_partition_that_leaves_frees_its_subjects_and_lanes():
    state = waiting(place(0, until=LATER, scope="connection"))

    state.drop({TopicPartition("ghl.invoices", 0)})

    assert state.must_wait("acme", SUBJECT, NOW) is None
    assert len(state) == 0


def test_a_row_that_nobody_finds_any_more_is_forgotten_but_none_that_was_saved_meanwhile():
    gone, again = place(0), place(1)
    state = waiting(gone, again, place(2, until=LATER))
    look = state.look()
    overdue = state.overdue(look, NOW)
    state.stored([again])

    state.vanished(overdue, look)

    assert overdue == {key_of(gone), key_of(again)}
    assert not state.knows(key_of(gone))
    assert state.knows(key_of(again))
