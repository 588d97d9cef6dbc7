"""What only a group of several members shows, and what aiokafka gets wrong in one."""

import asyncio
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from relay.log.errors import Fenced, LogUnavailable
from relay.log.kafka import inside
from relay.log.kafka.reader import KafkaReader
from relay.log.ports import Assignment
from schemas.records import TopicPartition
from tests.givens.logs import (
    OTHER_TOPIC,
    TOPIC,
    WITHIN_S,
    Kafka,
    Witness,
    collected,
    done,
    numbered,
    polled_until,
    quiet,
    record,
    with_topics,
)

pytestmark = pytest.mark.kafka

KEYS = [b"location-%d" % number for number in range(20)]


def consumer_of(reader: object) -> AIOKafkaConsumer:
    assert isinstance(reader, KafkaReader)
    return reader._consumer


async def test_two_members_share_the_partitions_and_meet_live_and_replay_in_one_place(kafka: Kafka) -> None:
    async with with_topics(kafka) as log, kafka.opened() as elsewhere:
        one = await log.join("shared", [TOPIC, OTHER_TOPIC], Witness())
        await polled_until(one, lambda: len(one.assignments()) == 4)
        two = await elsewhere.join("shared", [TOPIC, OTHER_TOPIC], Witness())

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(polled_until(two, lambda: len(two.assignments()) == 2))
            tasks.create_task(polled_until(one, lambda: len(one.assignments()) == 2))

        for member in (one, two):
            assert len({partition.partition for partition in member.assignments()}) == 1
        assert not set(one.assignments()) & set(two.assignments())


async def test_an_epoch_grows_with_each_assignment_and_fences_work_of_the_one_before(kafka: Kafka) -> None:
    async with with_topics(kafka) as log, kafka.opened() as elsewhere:
        await log.publisher.publish([record(key=key) for key in KEYS])
        witness = Witness()
        reader = await log.join("fenced", [TOPIC], witness)
        before = done(await collected(reader, len(KEYS)), reader)
        other = await elsewhere.join("fenced", [TOPIC], Witness())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(polled_until(other, lambda: len(other.assignments()) == 1))
            tasks.create_task(polled_until(reader, lambda: len(reader.assignments()) == 1))

        with pytest.raises(Fenced):
            await reader.commit(before)

        epochs = [held.epoch for held in witness.assigned_so_far]
        assert epochs == sorted(epochs)
        assert len(set(epochs)) >= 2
        assert set((await reader.lag()).values()) == {
            following for partition, (_, following) in before.items() if partition in reader.assignments()
        }


async def test_a_pause_holds_across_a_rebalance_while_the_partition_stays_ours(kafka: Kafka) -> None:
    async with with_topics(kafka) as log, kafka.opened() as elsewhere:
        reader = await log.join("paused", [TOPIC], Witness())
        await polled_until(reader, lambda: len(reader.assignments()) == 2)
        reader.pause(list(reader.assignments()))
        other = await elsewhere.join("paused", [TOPIC], Witness())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(polled_until(other, lambda: len(other.assignments()) == 1))
            tasks.create_task(polled_until(reader, lambda: len(reader.assignments()) == 1))

        await log.publisher.publish([record(key=key) for key in KEYS])
        theirs = await collected(other, 1)
        during = await quiet(reader)
        reader.resume(list(reader.assignments()))
        ours = await collected(reader, len(KEYS) - len(theirs) - len(await quiet(other)))

        assert during == []
        assert {each.partition for each in ours} == {held.partition for held in reader.assignments()}


async def test_the_member_that_stays_takes_over_from_one_that_was_killed(kafka: Kafka) -> None:
    async with with_topics(kafka) as log, kafka.opened() as elsewhere:
        await log.publisher.publish([record(key=key) for key in KEYS])
        dying = await log.join("orphaned", [TOPIC], Witness())
        await collected(dying, len(KEYS))
        for task in inside.tasks_of(consumer_of(dying)):
            task.cancel()  # no farewell to the group: it learns of it by the missing heartbeats

        heir = await elsewhere.join("orphaned", [TOPIC], Witness())

        assert len(await collected(heir, len(KEYS))) == len(KEYS)


async def test_a_consumer_whose_tasks_died_is_replaced_by_the_next_poll(kafka: Kafka) -> None:
    async with with_topics(kafka) as log:
        await log.publisher.publish(numbered(3))
        witness = Witness()
        reader = await log.join("reborn", [TOPIC], witness)
        records = await collected(reader, 3)
        await reader.commit(done(records[:2], reader))
        died = consumer_of(reader)
        (coordination, *_) = inside.vital_tasks(died)
        coordination.cancel()
        await asyncio.wait([coordination])

        again = await collected(reader, 1)

        assert [each.offset for each in again] == [2]
        assert consumer_of(reader) is not died
        assert set(witness.revoked_so_far) == set(reader.assignments())


async def test_a_member_that_left_its_group_commits_nothing_even_before_it_hears_of_it(kafka: Kafka) -> None:
    async with with_topics(kafka) as log:
        await log.publisher.publish(numbered(1))
        reader = await log.join("outcast", [TOPIC], Witness())
        offsets = done(await collected(reader, 1), reader)
        consumer = consumer_of(reader)

        await consumer._coordinator._maybe_leave_group()  # as after five minutes without a poll (C5)

        with pytest.raises(Fenced):
            await reader.commit(offsets)
        assert [each.offset for each in await collected(reader, 1)] == [0]


async def test_a_slow_farewell_is_waited_for_and_its_commit_counts(kafka: Kafka) -> None:
    async with with_topics(kafka) as log, kafka.opened() as elsewhere:
        await log.publisher.publish([record(key=key) for key in KEYS])
        witness = Witness()
        reader = await log.join("slow", [TOPIC], witness)
        records = await collected(reader, len(KEYS))

        polls_in_vain = 0

        def other_has_its_share() -> bool:
            nonlocal polls_in_vain
            polls_in_vain += 1
            return len(other.assignments()) == 1

        async def finish_and_commit(_: Sequence[TopicPartition]) -> None:
            while polls_in_vain < 10:  # two seconds and more, and as many heartbeats
                await asyncio.sleep(0.05)
            await reader.commit(done(records, reader))

        witness.on_revoked = finish_and_commit
        other = await elsewhere.join("slow", [TOPIC], Witness())
        async with asyncio.TaskGroup() as tasks:
            theirs = tasks.create_task(polled_until(other, other_has_its_share))
            ours = await polled_until(reader, lambda: len(reader.assignments()) == 1)
        again = [*ours, *theirs.result(), *await quiet(reader), *await quiet(other)]

        assert again == []


async def test_a_rebalance_while_partitions_are_taken_on_ends_in_order(kafka: Kafka) -> None:
    async with with_topics(kafka) as log, kafka.opened() as elsewhere:
        await log.publisher.publish([record(key=key) for key in KEYS])
        told: list[str] = []
        taking_on = asyncio.Event()

        async def assigned(_: Sequence[Assignment]) -> None:
            told.append("assigned")
            if not taking_on.is_set():
                taking_on.set()
                while reader._rebalances < 2:  # the next one has begun
                    await asyncio.sleep(0.05)
            told.append("taken on")

        async def revoked(_: Sequence[TopicPartition]) -> None:
            told.append("revoked")

        reader = await log.join("interleaved", [TOPIC], Witness(on_assigned=assigned, on_revoked=revoked))
        assert isinstance(reader, KafkaReader)
        async with asyncio.TaskGroup() as tasks:
            ours = tasks.create_task(polled_until(reader, lambda: told.count("taken on") == 2))
            await asyncio.wait_for(taking_on.wait(), WITHIN_S)
            other = await elsewhere.join("interleaved", [TOPIC], Witness())
            theirs = await collected(other, 1)

        assert told[:5] == ["assigned", "taken on", "revoked", "assigned", "taken on"]
        assert {each.partition for each in ours.result()} <= {0, 1}
        assert {each.partition for each in theirs} == {held.partition for held in other.assignments()}


async def test_an_error_while_reading_loses_nothing_that_was_fetched_beside_it(kafka: Kafka) -> None:
    async with with_topics(kafka) as log:
        await log.publisher.publish([record(b"%d" % number, key=key) for number in range(50) for key in KEYS])
        reader = await log.join("unlucky", [TOPIC], Witness())
        seen = await collected(reader, 1)
        consumer_of(reader)._coordinator._pending_exception = KafkaError("made up")

        with pytest.raises(LogUnavailable):
            await polled_until(reader, lambda: False)
        async with asyncio.timeout(WITHIN_S):
            while len({(each.partition, each.offset) for each in seen}) < 1_000:
                seen += await reader.poll(0.2)
