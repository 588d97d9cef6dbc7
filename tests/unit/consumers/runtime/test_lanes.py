from consumers.runtime.lanes import Lanes
from schemas.records import TopicPartition
from tests.givens.runtime import a_connection, a_queued

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
    lanes.hold(call, call.subject.events, until=5.0)
    lanes.finished(call)

    early, late = lanes.take(4.9), lanes.take(5.0)

    assert early is None
    assert [queued.offset for queued in late.subject.events] == [0, 1]


def test_pulling_takes_out_what_waits_and_counts_it_off():
    lanes = filled((ACME, a_queued("a", 0)), (ACME, a_queued("b", 1)), (ACME, a_queued("a", 2)))

    one = lanes.pull("acme", "a")
    rest = lanes.pull_all("acme")

    assert [queued.offset for queued in one] == [0, 2]
    assert [(subject, queued.offset) for subject, queued in rest] == [("b", 1)]
    assert (lanes.events, lanes.value_bytes) == (0, 0)


def test_a_partition_that_leaves_takes_its_events_along_and_no_others():
    lanes = filled((ACME, a_queued("a", 0)), (ACME, a_queued("a", 1, topic="ghl.contacts")))

    gone = lanes.drop({TopicPartition("ghl.invoices", 0)})

    assert [queued.offset for queued in gone] == [0]
    assert [queued.offset for queued in lanes.take(0).subject.events] == [1]
