from datetime import timedelta

from consumers.runtime.parking import Waiting, key_of
from schemas.reasons import Reason
from schemas.records import TopicPartition
from tests.givens.runtime import NOW, a_parked

LATER = NOW + timedelta(minutes=1)


def waiting(*rows):
    state = Waiting()
    state.parked(rows)
    return state


def test_a_later_event_of_a_parked_subject_waits_as_long_as_the_first():
    state = waiting(a_parked(0, until=LATER))

    wait = state.must_wait("acme", "inv-1", NOW)

    assert (wait.until, wait.reason) == (LATER, Reason.QUEUED_BEHIND)


def test_another_subject_of_the_connection_does_not_wait():
    state = waiting(a_parked(0, until=LATER))

    assert state.must_wait("acme", "inv-2", NOW) is None


def test_a_connection_that_stopped_stops_all_its_subjects_until_its_time():
    state = waiting(a_parked(0, until=LATER, scope="connection"))

    during, after = state.must_wait("acme", "inv-2", NOW), state.must_wait("acme", "inv-2", LATER)

    assert during.scope == "connection"
    assert after is None


def test_a_subject_is_free_once_its_last_row_ended():
    rows = [a_parked(0), a_parked(1)]
    state = waiting(*rows)

    state.ended(rows[:1])
    still = state.must_wait("acme", "inv-1", NOW)
    state.ended(rows[1:])

    assert still is not None
    assert state.must_wait("acme", "inv-1", NOW) is None
    assert len(state) == 0


def test_saving_a_row_again_counts_it_once():
    state = waiting(a_parked(0), a_parked(0))

    state.ended([a_parked(0)])

    assert state.must_wait("acme", "inv-1", NOW) is None


def test_a_due_row_is_loaded_once():
    row = a_parked(0)
    state = waiting(row)

    loads = [state.load(row, NOW), state.load(row, NOW)]

    assert loads == [True, False]
    assert state.row(key_of(row)) == row


def test_a_row_does_not_overtake_an_earlier_one_that_parked_again():
    first, behind = a_parked(0), a_parked(1)
    state = waiting(first, behind)
    state.load(first, NOW)
    state.parked([a_parked(0, until=LATER)])

    assert state.load(behind, NOW) is False
    assert state.load(behind, LATER) is True


def test_a_partition_that_leaves_frees_its_subjects():
    state = waiting(a_parked(0, until=LATER))

    state.drop({TopicPartition("ghl.invoices", 0)})

    assert state.must_wait("acme", "inv-1", NOW) is None
