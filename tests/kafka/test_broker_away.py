"""What holds while the broker hangs, is gone, or comes back."""

import asyncio
import contextlib
from collections.abc import Callable
from time import monotonic

import pytest

from relay.clock import SystemClock
from relay.log.errors import LogUnavailable
from relay.log.kafka.access import STOP_DEADLINE_S
from relay.log.kafka.closing import CUT_DEADLINE_S
from relay.log.kafka.connection import opened_kafka_log
from relay.log.kafka.reader import COMMIT_DEADLINE_S
from relay.log.ports import Log
from schemas.topics import LIVE
from tests.givens.logs import (
    MAX_RECORD_BYTES,
    TOPIC,
    WITHIN_S,
    Kafka,
    Witness,
    collected,
    done,
    everything,
    numbered,
    record,
    spec,
    with_topics,
)
from tests.servers.kafka import Broker

pytestmark = pytest.mark.kafka

Hanging = Callable[[], contextlib.AbstractContextManager[None]]
DEADLINE_S = 1.0
LATE_S = 0.7  # what a busy machine may add


def impatient(kafka: Kafka) -> contextlib.AbstractAsyncContextManager[Log]:
    return opened_kafka_log(
        kafka.connection, clock=SystemClock(), publish_deadline_s=DEADLINE_S, max_record_bytes=MAX_RECORD_BYTES
    )


async def published_at_last(log: Log, value: bytes) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            with contextlib.suppress(LogUnavailable):
                await log.publisher.publish([record(value)])
                return


async def test_a_broker_that_hangs_costs_a_delivery_its_deadline_and_no_more(
    own_kafka: Kafka, hanging: Hanging
) -> None:
    async with impatient(own_kafka) as log:
        await log.topics.create([spec(TOPIC)])
        await log.publisher.publish([record(b"before")])

        began = monotonic()
        with hanging(), pytest.raises(LogUnavailable):
            await log.publisher.publish([record(b"hung")])
        took_s = monotonic() - began
        await published_at_last(log, b"after")

        values = [each.value for each in await everything(log)]
        assert took_s < DEADLINE_S + LATE_S
        assert {b"before", b"after"} <= set(values) <= {b"before", b"hung", b"after"}


async def test_many_deliveries_to_a_broker_that_hangs_all_end_at_their_deadline(
    own_kafka: Kafka, hanging: Hanging
) -> None:
    async with impatient(own_kafka) as log:
        await log.topics.create([spec(TOPIC)])
        await log.publisher.publish([record()])

        began = monotonic()
        with hanging():
            outcomes = await asyncio.gather(
                *(log.publisher.publish([each]) for each in numbered(300)), return_exceptions=True
            )

        assert {type(outcome) for outcome in outcomes} == {LogUnavailable}
        assert monotonic() - began < DEADLINE_S + LATE_S


async def test_readiness_tells_the_truth_about_a_broker_that_hangs(own_kafka: Kafka, hanging: Hanging) -> None:
    async with impatient(own_kafka) as log:
        await log.topics.create([spec(name, partitions=1) for name in LIVE])
        before = await log.publisher.ready()
        began = monotonic()
        with hanging():
            during = await log.publisher.ready()
        took_s = monotonic() - began
        async with asyncio.timeout(WITHIN_S):
            while not await log.publisher.ready():
                pass

        assert (before, during) == (True, False)
        assert took_s < 2.0 + LATE_S


async def test_a_commit_to_a_broker_that_hangs_ends_at_its_deadline_and_may_be_tried_again(
    own_kafka: Kafka, hanging: Hanging
) -> None:
    async with with_topics(own_kafka) as log:
        await log.publisher.publish(numbered(3))
        reader = await log.join("slow", [TOPIC], Witness())
        records = await collected(reader, 3)

        began = monotonic()
        with hanging():
            with pytest.raises(LogUnavailable):
                await reader.commit(done(records, reader))
            assert monotonic() - began < COMMIT_DEADLINE_S + LATE_S
            polled = list(await reader.poll(0.2))

        async with asyncio.timeout(WITHIN_S):
            while sum((await reader.lag()).values()):
                with contextlib.suppress(LogUnavailable):
                    await reader.commit(done(records, reader))
        assert polled == []


async def test_leaving_a_broker_that_hangs_leaves_nothing_behind_here(own_kafka: Kafka, hanging: Hanging) -> None:
    async with with_topics(own_kafka) as log:
        await log.publisher.publish(numbered(1))
        witness = Witness()
        reader = await log.join("stuck", [TOPIC], witness)
        await collected(reader, 1)
        ours = asyncio.all_tasks()

        with hanging():
            began = monotonic()
            await log.leave(reader)

        assert monotonic() - began < STOP_DEADLINE_S + 2 * CUT_DEADLINE_S + LATE_S
        assert witness.revoked_so_far
        assert {task for task in asyncio.all_tasks() - ours if not task.done()} == set()


async def test_a_log_opened_before_its_broker_becomes_ready_when_that_comes(own_kafka: Kafka, broker: Broker) -> None:
    async with own_kafka.opened() as log:
        await log.topics.create([spec(name, partitions=1) for name in LIVE])
    (node,) = broker.nodes
    node.stop()

    async with impatient(own_kafka) as log:
        try:
            began = monotonic()
            with pytest.raises(LogUnavailable):
                await log.publisher.publish([record(b"too early")])
            with pytest.raises(LogUnavailable):
                await log.join("early", [TOPIC], Witness())
            with pytest.raises(LogUnavailable):
                await log.scanner.bounds(TOPIC)
            with pytest.raises(LogUnavailable):
                await log.topics.describe()
            assert not await log.publisher.ready()
            assert monotonic() - began < 10
        finally:
            node.start()
            node.wait_until_started()
        async with asyncio.timeout(WITHIN_S):
            while not await log.publisher.ready():
                await asyncio.sleep(0.05)
        await log.publisher.publish([record(b"in time")])

        assert [each.value for each in await everything(log)] == [b"in time"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_was_acknowledged_while_the_broker_restarted_is_there(own_kafka: Kafka, broker: Broker) -> None:
    (node,) = broker.nodes
    acknowledged: list[bytes] = []
    async with impatient(own_kafka) as log:
        await log.topics.create([spec(TOPIC)])
        restarted = asyncio.Event()

        async def publish(worker: int) -> None:
            number = 0
            while not (restarted.is_set() and number > 50):
                number += 1
                value = b"%d-%d" % (worker, number)
                with contextlib.suppress(LogUnavailable):
                    await log.publisher.publish([record(value, key=b"%d" % worker)])
                    acknowledged.append(value)
                await asyncio.sleep(0.01)

        async with asyncio.TaskGroup() as tasks:
            for worker in range(8):
                tasks.create_task(publish(worker))
            await asyncio.to_thread(node.stop)
            node.start()
            await asyncio.to_thread(node.wait_until_started)
            await published_at_last(log, b"again")
            restarted.set()

        found = {each.value for each in await everything(log)}
        assert len(acknowledged) > 100
        assert set(acknowledged) <= found


async def test_a_reader_goes_on_after_its_broker_restarted(own_kafka: Kafka, broker: Broker) -> None:
    (node,) = broker.nodes
    async with with_topics(own_kafka) as log:
        await log.publisher.publish(numbered(2))
        reader = await log.join("patient", [TOPIC], Witness())
        await reader.commit(done(await collected(reader, 2), reader))

        node.stop()
        polled = list(await reader.poll(0.5))
        node.start()
        await asyncio.to_thread(node.wait_until_started)
        await published_at_last(log, b"news")
        seen: list[bytes] = []
        async with asyncio.timeout(WITHIN_S):
            while b"news" not in seen:
                with contextlib.suppress(LogUnavailable):
                    seen += [each.value for each in await reader.poll(0.5)]

        assert polled == []
        assert set(seen) == {b"news"}
