import time
from dataclasses import replace
from datetime import timedelta

from consumers.runtime.lanes import Lanes
from schemas.records import TopicPartition
from tests.givens.runtime import NOW, a_connection, a_queued

ACME, BETA = a_connection("acme"), a_connection("beta")


def filled(*events, calls_per_lane=10):
    lanes = Lanes(calls_per_lane)
    for connection, queued in events:
        lanes.add(connection.id, queued.event.subject, connection, queued)
    return lanes


def test_all_queued_events_of_a_subject_go_together_in_order():
    lanes = filled((ACME, a_queued("a", 0)), (ACME, a_queued("b", 1)), (ACME, a_queued("a", 2)))

    call = lanes.take(0)

    assert [queued.offset for queued in call.subject.events] == [0, 2]


def test_a_subject_never_overlaps_itself():
    lanes = filled((ACME, a_queued("a", 0)))
    first = lanes.take(0)
    lanes.add("acme", "a", ACME, a_queued("a", 1))

    during = lanes.take(0)
    lanes.finished(first)
    after = lanes.take(0)

    assert during is None
    assert [queued.offset for queued in after.subject.events] == [1]


def test_a_full_lane_does_not_delay_another():
    lanes = filled(*((ACME, a_queued(f"a{i}", i)) for i in range(1000)), (BETA, a_queued("b", 0)))

    lanes_taken = [lanes.take(0).lane for _ in range(2)]

    assert sorted(lanes_taken) == ["acme", "beta"]


def test_a_lane_runs_no_more_calls_than_it_may():
    lanes = filled((ACME, a_queued("a", 0)), (ACME, a_queued("b", 1)), calls_per_lane=1)

    taken = [lanes.take(0), lanes.take(0)]

    assert taken[1] is None
    assert lanes.running == 1


def test_live_events_go_before_replayed_ones():
    lanes = filled((ACME, a_queued("old", 0, topic="ghl.invoices.replay")), (BETA, a_queued("new", 0)))

    order = [lanes.take(0).subject.id, lanes.take(0).subject.id]

    assert order == ["new", "old"]


def test_a_held_subject_waits_for_its_time_and_keeps_its_place_before_newer_events():
    lanes = filled((ACME, a_queued("a", 0)))
    call = lanes.take(0)
    lanes.add("acme", "a", ACME, a_queued("a", 1))
    lanes.hold(call, call.subject.events, until=5.0, since=NOW)
    lanes.finished(call)

    early, late = lanes.take(4.9), lanes.take(5.0)

    assert early is None
    assert [queued.offset for queued in late.subject.events] == [0, 1]


def test_what_came_meanwhile_does_not_shorten_the_time_a_subject_is_held():
    lanes = filled((ACME, a_queued("a", 0)))
    call = lanes.take(0)
    lanes.hold(call, call.subject.events, until=5.0, since=NOW)
    lanes.finished(call)

    lanes.add("acme", "a", ACME, a_queued("a", 1))

    assert lanes.take(4.9) is None


def test_a_held_subject_remembers_since_when_it_was_tried_until_it_is_taken_out():
    lanes = filled((ACME, a_queued("a", 0)))
    call = lanes.take(0)
    lanes.hold(call, call.subject.events, until=5.0, since=NOW - timedelta(seconds=9))
    lanes.finished(call)

    tried_since = lanes.take(5.0).tried_since
    lanes.add("acme", "b", ACME, a_queued("b", 1))

    assert tried_since == NOW - timedelta(seconds=9)
    assert lanes.take(5.0).tried_since is None


def test_a_subject_never_overlaps_itself_when_it_is_connected_in_the_middle():
    lanes = Lanes(10)
    lanes.add("key:loc-1", "a", None, a_queued("a", 0))
    first = lanes.take(0)
    lanes.add("acme", "a", ACME, a_queued("a", 1))

    during = lanes.take(0)
    lanes.finished(first)
    after = lanes.take(0)

    assert during is None
    assert (after.lane, after.subject.connection, after.subject.newest.offset) == ("acme", ACME, 1)


def test_events_move_along_to_the_lane_of_a_subject_that_is_connected():
    lanes = Lanes(10)
    lanes.add("key:loc-1", "a", None, a_queued("a", 0))
    lanes.add("key:loc-1", "a", None, a_queued("a", 1))

    lanes.add("acme", "a", ACME, a_queued("a", 2))
    call = lanes.take(0)

    assert (call.lane, call.subject.connection) == ("acme", ACME)
    assert [queued.offset for queued in call.subject.events] == [0, 1, 2]
    assert (lanes.queued("key:loc-1"), lanes.queued("acme"), lanes.events) == (0, 0, 0)


def test_a_subject_that_is_held_joins_what_came_in_its_new_lane():
    lanes = Lanes(10)
    lanes.add("key:loc-1", "a", None, a_queued("a", 0))
    call = lanes.take(0)
    lanes.add("acme", "a", ACME, a_queued("a", 1))

    lanes.hold(call, call.subject.events, until=5.0, since=NOW)
    lanes.finished(call)
    call = lanes.take(5.0)

    assert (call.lane, [queued.offset for queued in call.subject.events]) == ("acme", [0, 1])


def test_subjects_of_two_locations_are_two_although_they_have_one_id():
    lanes = filled((ACME, a_queued("a", 0)))
    other = replace(a_queued("a", 1), event=replace(a_queued("a", 1).event, key="loc-2"))
    lanes.add("beta", "a", BETA, other)

    assert {lanes.take(0).lane, lanes.take(0).lane} == {"acme", "beta"}


def test_an_event_that_is_found_late_goes_before_those_that_came_after_it():
    lanes = filled((ACME, a_queued("a", 2)), (ACME, a_queued("a", 0)))

    call = lanes.take(0)
    lanes.add("acme", "a", ACME, a_queued("a", 1))
    lanes.hold(call, call.subject.events, until=0, since=NOW)
    lanes.finished(call)

    assert [queued.offset for queued in call.subject.events] == [0, 2]
    assert [queued.offset for queued in lanes.take(0).subject.events] == [0, 1, 2]


def test_the_longest_lane_is_named_and_every_full_one():
    lanes = filled((ACME, a_queued("a", 0)), (ACME, a_queued("b", 1)), (BETA, a_queued("c", 2)))

    assert lanes.longest() == "acme"
    assert list(lanes.full(2)) == ["acme"]
    assert Lanes(1).longest() is None


def test_a_partition_leaves_at_once_however_much_is_queued():
    lanes = filled(*((ACME, a_queued("a", offset)) for offset in range(20_000)))

    began = time.perf_counter()
    gone = lanes.drop({TopicPartition("ghl.invoices", 0)})

    assert len(gone) == 20_000
    assert time.perf_counter() - began < 2


def test_pulling_takes_out_what_waits_and_counts_it_off():
    lanes = filled((ACME, a_queued("a", 0)), (ACME, a_queued("b", 1)), (ACME, a_queued("a", 2)))

    [one] = lanes.pull(("loc-1", "a"))
    [rest] = lanes.pull_all("acme")

    assert [queued.offset for queued in one.events] == [0, 2]
    assert (rest.id, rest.connection, [queued.offset for queued in rest.events]) == ("b", ACME, [1])
    assert (lanes.events, lanes.value_bytes) == (0, 0)


def test_a_partition_that_leaves_takes_its_events_along_and_no_others():
    lanes = filled((ACME, a_queued("a", 0)), (ACME, a_queued("a", 1, topic="ghl.contacts")))

    gone = lanes.drop({TopicPartition("ghl.invoices", 0)})

    assert [queued.offset for queued in gone] == [0]
    assert [queued.offset for queued in lanes.take(0).subject.events] == [1]


def test_the_oldest_queued_event_is_known_for_its_age():
    lanes = filled((ACME, a_queued("a", 7)), (BETA, a_queued("b", 3)))

    oldest = lanes.oldest
    while lanes.take(0) is not None:
        continue

    assert oldest == a_queued("b", 3).event.received_at
    assert lanes.oldest is None
