from dataclasses import replace
from datetime import timedelta

from consumers.runtime.lanes import Lanes
from consumers.runtime.state import State
from relay.log.ports import Assignment
from schemas.records import TopicPartition
from tests.givens.runtime import NOW, a_connection, a_parked, a_queued

LIVE, REPLAY = TopicPartition("ghl.invoices", 0), TopicPartition("ghl.invoices.replay", 0)


def holding(*assignments):
    state = State(Lanes(1))
    for assignment in assignments or (Assignment(LIVE, 3, 0),):
        state.take_on(assignment)
    return state


def queued(offset=0, epoch=3):
    return replace(a_queued(offset=offset), epoch=epoch)


def test_work_goes_on_under_the_epoch_it_began_with_and_no_other():
    state = holding()

    assert state.goes_on(queued())
    assert not state.goes_on(queued(epoch=2))
    assert not state.goes_on(replace(queued(), topic="ghl.contacts"))


def test_an_offset_of_an_earlier_assignment_is_not_done_in_this_one():
    state = holding()
    state.prefixes[LIVE].take(0)

    state.done(LIVE, 2, 0)
    before = state.prefixes[LIVE].next
    state.done(LIVE, 3, 0)

    assert (before, state.prefixes[LIVE].next) == (0, 1)


def test_of_a_partition_that_parts_work_may_end_but_none_begins():
    state = holding(Assignment(LIVE, 3, 0), Assignment(REPLAY, 4, 0))
    state.lanes.add("acme", "inv-1", a_connection(), queued())

    state.part_with([LIVE])

    assert state.ours(LIVE, 3)
    assert not state.goes_on(queued())
    assert state.epochs() == {REPLAY: 4}
    assert state.lanes.take(0) is None


def test_what_is_forgotten_leaves_nothing_behind():
    state = holding()
    state.lanes.add("acme", "inv-1", a_connection(), queued())
    state.waiting.stored([a_parked(7, until=NOW + timedelta(hours=1)).place])
    state.part_with([LIVE])

    state.forget([LIVE])

    assert (state.prefixes, state.parting, state.lanes.events, len(state.waiting)) == ({}, set(), 0, 0)
    assert not state.ours(LIVE, 3)


def test_a_partition_that_left_without_a_word_is_found_by_its_epoch():
    state = holding(Assignment(LIVE, 3, 0), Assignment(REPLAY, 4, 0))

    assert state.stale({LIVE: Assignment(LIVE, 3, 0), REPLAY: Assignment(REPLAY, 4, 0)}) == []
    assert state.stale({LIVE: Assignment(LIVE, 5, 0)}) == [LIVE, REPLAY]
