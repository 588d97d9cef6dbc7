import asyncio
from collections.abc import Sequence

import pytest

from relay.log.errors import Fenced, TopicMissing
from relay.log.ports import Log
from schemas.records import TopicPartition
from schemas.topics import XERO_OTHER
from tests.givens.logs import (
    OTHER_TOPIC,
    TOPIC,
    WITHIN_S,
    Backend,
    Witness,
    collected,
    done,
    numbered,
    polled_until,
    quiet,
    record,
    with_topics,
)

GROUP = "invoice-push"


async def test_a_new_group_starts_at_the_earliest_record(log: Log) -> None:
    await log.publisher.publish(numbered(3))

    reader = await log.join(GROUP, [TOPIC], Witness())

    assert [each.value for each in await collected(reader, 3)] == [each.value for each in numbered(3)]


async def test_records_of_a_partition_come_in_the_order_of_their_offsets(log: Log) -> None:
    await log.publisher.publish(numbered(1_200))
    reader = await log.join(GROUP, [TOPIC], Witness())

    records = await collected(reader, 1_200)

    assert [each.offset for each in records] == list(range(1_200))
    assert {(each.topic, each.partition) for each in records} == {(TOPIC, records[0].partition)}


async def test_a_waiting_poll_sees_what_is_published_meanwhile(log: Log) -> None:
    reader = await log.join(GROUP, [TOPIC], Witness())
    await polled_until(reader, lambda: bool(reader.assignments()))

    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(reader.poll(WITHIN_S))
        await log.publisher.publish([record(b"news")])

    assert [each.value for each in waiting.result()] == [b"news"]


async def test_a_poll_without_records_is_empty_after_its_time(log: Log) -> None:
    reader = await log.join(GROUP, [TOPIC], Witness())
    await polled_until(reader, lambda: bool(reader.assignments()))
    loop = asyncio.get_running_loop()
    began = loop.time()

    records = await reader.poll(0.3)

    assert list(records) == []
    assert 0.25 <= loop.time() - began < 3


async def test_several_topics_are_read_together(log: Log) -> None:
    await log.publisher.publish([*numbered(3), *numbered(3, topic=OTHER_TOPIC)])
    reader = await log.join(GROUP, [TOPIC, OTHER_TOPIC], Witness())

    records = await collected(reader, 6)

    assert sorted(each.topic for each in records) == [OTHER_TOPIC] * 3 + [TOPIC] * 3


async def test_partitions_are_assigned_before_their_first_record_is_delivered(log: Log) -> None:
    await log.publisher.publish(numbered(3))
    held_back = asyncio.Event()

    async def take_time(_: object) -> None:
        await asyncio.wait_for(held_back.wait(), WITHIN_S)

    witness = Witness(on_assigned=take_time)
    reader = await log.join(GROUP, [TOPIC], witness)

    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(collected(reader, 3))
        while not witness.assigned_so_far:
            await asyncio.sleep(0)
        delivered_early = first.done()
        held_back.set()

    assert not delivered_early
    assert {held.partition for held in witness.assigned_so_far} == set(reader.assignments())
    assert all(held.start == 0 for held in witness.assigned_so_far)


async def test_partitions_that_were_not_taken_on_are_offered_again(log: Log) -> None:
    await log.publisher.publish(numbered(2))
    refusals = iter([OSError("the database is away")])

    async def refuse_once(_: object) -> None:
        for refusal in refusals:
            raise refusal

    witness = Witness(on_assigned=refuse_once)
    reader = await log.join(GROUP, [TOPIC], witness)

    assert len(await collected(reader, 2)) == 2
    refused, taken = sorted({held.epoch for held in witness.assigned_so_far})
    assert {held.epoch for held in reader.assignments().values()} == {taken}
    assert refused < taken


async def test_reading_goes_on_where_the_group_has_committed(backend: Backend) -> None:
    async with with_topics(backend) as log:
        await log.publisher.publish(numbered(5))
        reader = await log.join(GROUP, [TOPIC], Witness())
        await reader.commit(done((await collected(reader, 5))[:2], reader))

    async with backend.opened() as again:
        witness = Witness()
        reader = await again.join(GROUP, [TOPIC], witness)
        rest = await collected(reader, 3)

    assert [each.offset for each in rest] == [2, 3, 4]
    assert max(held.start for held in witness.assigned_so_far) == 2


async def test_nothing_is_committed_by_itself(backend: Backend) -> None:
    async with with_topics(backend) as log:
        await log.publisher.publish(numbered(5))
        reader = await log.join(GROUP, [TOPIC], Witness())
        await collected(reader, 5)
        await log.leave(reader)
        again = await log.join(GROUP, [TOPIC], Witness())

        assert [each.offset for each in await collected(again, 5)] == [0, 1, 2, 3, 4]


async def test_groups_do_not_know_of_each_other(log: Log) -> None:
    await log.publisher.publish(numbered(2))
    first = await log.join(GROUP, [TOPIC], Witness())
    await first.commit(done(await collected(first, 2), first))

    second = await log.join("payment-sync", [TOPIC], Witness())

    assert len(await collected(second, 2)) == 2


async def test_an_old_epoch_is_fenced_and_the_rest_of_the_commit_is_stored(log: Log) -> None:
    await log.publisher.publish([record(b"1"), record(b"2", topic=OTHER_TOPIC)])
    reader = await log.join(GROUP, [TOPIC, OTHER_TOPIC], Witness())
    offsets = done(await collected(reader, 2), reader)
    stale = next(partition for partition in offsets if partition.topic == TOPIC)
    epoch, following = offsets[stale]

    with pytest.raises(Fenced, match=TOPIC):
        await reader.commit(offsets | {stale: (epoch - 1, following)})

    lag = await reader.lag()
    assert (lag[stale], sum(lag.values())) == (1, 1)


async def test_a_partition_that_was_never_ours_is_fenced(log: Log) -> None:
    reader = await log.join(GROUP, [TOPIC], Witness())
    await polled_until(reader, lambda: bool(reader.assignments()))

    with pytest.raises(Fenced):
        await reader.commit({TopicPartition(TOPIC, 99): (1, 1)})


async def test_a_late_commit_does_not_set_the_group_back(log: Log) -> None:
    await log.publisher.publish(numbered(5))
    reader = await log.join(GROUP, [TOPIC], Witness())
    records = await collected(reader, 5)

    await reader.commit(done(records, reader))
    await reader.commit(done(records[:1], reader))

    assert set((await reader.lag()).values()) == {0}
    await log.leave(reader)
    assert await quiet(await log.join(GROUP, [TOPIC], Witness())) == []


async def test_who_leaves_is_told_first_and_may_still_commit(log: Log) -> None:
    await log.publisher.publish(numbered(3))
    witness = Witness()
    reader = await log.join(GROUP, [TOPIC], witness)
    records = await collected(reader, 3)

    async def commit_what_is_done(_: Sequence[TopicPartition]) -> None:
        await reader.commit(done(records, reader))

    witness.on_revoked = commit_what_is_done
    held = set(reader.assignments())
    await log.leave(reader)

    assert set(witness.revoked_so_far) == held
    assert len(witness.revoked_so_far) == len(held)
    assert dict(reader.assignments()) == {}
    assert await quiet(await log.join(GROUP, [TOPIC], Witness())) == []


async def test_after_leaving_commits_are_fenced_and_polls_are_empty(log: Log) -> None:
    await log.publisher.publish(numbered(1))
    reader = await log.join(GROUP, [TOPIC], Witness())
    offsets = done(await collected(reader, 1), reader)

    await log.leave(reader)
    await log.leave(reader)

    assert list(await reader.poll(0.1)) == []
    with pytest.raises(Fenced):
        await reader.commit(offsets)


async def test_a_listener_that_fails_does_not_stop_the_reader(log: Log) -> None:
    async def fail(_: object) -> None:
        raise RuntimeError("a bug of the listener")

    await log.publisher.publish(numbered(1))
    reader = await log.join(GROUP, [TOPIC], Witness(on_revoked=fail))
    await collected(reader, 1)

    await log.leave(reader)

    assert len(await collected(await log.join(GROUP, [TOPIC], Witness()), 1)) == 1


async def test_while_two_are_in_a_group_each_record_is_handled_by_one_and_none_is_lost(backend: Backend) -> None:
    async with with_topics(backend) as log, backend.opened() as elsewhere:
        keys = [b"location-%d" % number for number in range(20)]
        witness = Witness()
        reader = await log.join(GROUP, [TOPIC], witness)
        await log.publisher.publish([record(b"first", key=key) for key in keys])
        first = await collected(reader, 20)

        async def commit_what_is_done(_: Sequence[TopicPartition]) -> None:
            await reader.commit(done(first, reader))

        witness.on_revoked = commit_what_is_done
        second = await elsewhere.join(GROUP, [TOPIC], Witness())
        async with asyncio.TaskGroup() as tasks:
            other = tasks.create_task(quiet(second, 3.0))
            repeated = await quiet(reader, 3.0)
        assert [*repeated, *other.result()] == []

        await log.publisher.publish([record(b"second", key=key) for key in keys])
        async with asyncio.TaskGroup() as tasks:
            other = tasks.create_task(quiet(second, 3.0))
            shared = await quiet(reader, 3.0)

        assert sorted(each.key for each in [*shared, *other.result()]) == sorted(keys)
        assert not set(reader.assignments()) & set(second.assignments())


async def test_when_one_leaves_the_other_takes_over_where_it_stopped(backend: Backend) -> None:
    async with with_topics(backend) as log, backend.opened() as elsewhere:
        await log.publisher.publish(numbered(6))
        reader = await log.join(GROUP, [TOPIC], Witness())
        await reader.commit(done((await collected(reader, 6))[:4], reader))
        witness = Witness()
        second = await elsewhere.join(GROUP, [TOPIC], witness)
        await second.poll(0)

        async with asyncio.TaskGroup() as tasks:
            rest = tasks.create_task(collected(second, 2))
            await log.leave(reader)

        assert [each.offset for each in rest.result()] == [4, 5]
        assert witness.assigned_so_far


async def test_the_one_who_lost_the_group_is_fenced(backend: Backend) -> None:
    async with with_topics(backend) as log, backend.opened() as elsewhere:
        await log.publisher.publish(numbered(1))
        reader = await log.join(GROUP, [TOPIC], Witness())
        offsets = done(await collected(reader, 1), reader)
        await log.leave(reader)
        second = await elsewhere.join(GROUP, [TOPIC], Witness())
        await collected(second, 1)

        with pytest.raises(Fenced):
            await reader.commit(offsets)


async def test_what_is_paused_is_not_delivered_and_comes_later_whole_and_once(log: Log) -> None:
    await log.publisher.publish([*numbered(3), record(b"other", topic=OTHER_TOPIC)])
    reader = await log.join(GROUP, [TOPIC, OTHER_TOPIC], Witness())
    await collected(reader, 4)
    paused = [partition for partition in reader.assignments() if partition.topic == TOPIC]

    reader.pause(paused)
    await log.publisher.publish([*numbered(700), record(b"another", topic=OTHER_TOPIC)])
    during = await quiet(reader)
    reader.resume(paused)
    after = await collected(reader, 700)

    assert [each.value for each in during] == [b"another"]
    assert [each.offset for each in after] == list(range(3, 703))
    assert await quiet(reader) == []


async def test_pausing_with_records_fetched_already_loses_and_repeats_none(log: Log) -> None:
    await log.publisher.publish(numbered(2_000))
    reader = await log.join(GROUP, [TOPIC], Witness())
    offsets = [each.offset for each in await collected(reader, 1)]

    for _ in range(3):
        reader.pause(list(reader.assignments()))
        assert await quiet(reader, 0.4) == []
        reader.resume(list(reader.assignments()))
        offsets += [each.offset for each in await collected(reader, 1)]
    offsets += [each.offset for each in await collected(reader, 2_000 - len(offsets))]

    assert offsets == list(range(2_000))


async def test_lag_counts_what_is_not_committed(log: Log) -> None:
    await log.publisher.publish(numbered(5))
    reader = await log.join(GROUP, [TOPIC], Witness())
    records = await collected(reader, 5)
    before = sum((await reader.lag()).values())

    await reader.commit(done(records[:3], reader))

    assert (before, sum((await reader.lag()).values())) == (5, 2)
    assert set(await reader.lag()) == set(reader.assignments())


async def test_a_group_cannot_be_joined_for_a_topic_that_is_missing(log: Log) -> None:
    with pytest.raises(TopicMissing, match="topics apply"):
        await log.join(GROUP, [TOPIC, XERO_OTHER], Witness())


async def test_a_reader_that_is_still_in_its_group_is_told_when_the_log_is_closed(backend: Backend) -> None:
    witness = Witness()
    async with with_topics(backend) as log:
        reader = await log.join(GROUP, [TOPIC], witness)
        await polled_until(reader, lambda: bool(reader.assignments()))
        held = set(reader.assignments())

    assert set(witness.revoked_so_far) == held
