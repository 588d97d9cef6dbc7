"""What only several nodes show: an acknowledged record outlives the node that took it in."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from relay.log.errors import LogUnavailable
from relay.log.kafka.connection import KafkaConnection
from relay.log.ports import Log
from tests.givens.logs import TOPIC, WITHIN_S, Kafka, everything, record, spec
from tests.servers.kafka import Broker, broker_or_skip

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker_or_skip(tmp_path_factory.mktemp("kafka-cluster"), nodes=3) as started:
        yield started


@pytest.fixture
def replicated(cluster: Broker, mine: str) -> Kafka:
    return Kafka(KafkaConnection(cluster.bootstrap_servers, topic_prefix=f"{mine}.", group_prefix=mine))


REPLICATED = spec(TOPIC, partitions=3, replication_factor=3, min_insync_replicas=2)


async def created(log: Log) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:  # nodes register one after the other
            with contextlib.suppress(LogUnavailable):
                await log.topics.create([REPLICATED])
                return


async def test_what_was_acknowledged_outlives_the_node_that_led(replicated: Kafka, cluster: Broker) -> None:
    acknowledged: list[bytes] = []
    async with replicated.opened() as log:
        await created(log)
        enough = asyncio.Event()

        async def publish(worker: int) -> None:
            number = 0
            while not enough.is_set():
                number += 1
                value = b"%d-%d" % (worker, number)
                with contextlib.suppress(LogUnavailable):
                    await log.publisher.publish([record(value, key=b"%d" % worker)])
                    acknowledged.append(value)

        async with asyncio.TaskGroup() as tasks:
            for worker in range(12):
                tasks.create_task(publish(worker))
            async with asyncio.timeout(WITHIN_S):
                while len(acknowledged) < 200:
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(cluster.nodes[0].kill)
                killed_at = len(acknowledged)
                while len(acknowledged) < killed_at + 200:
                    await asyncio.sleep(0.01)
            enough.set()

        found = {each.value for each in await everything(log)}
        assert set(acknowledged) <= found
    cluster.nodes[0].start()
    await asyncio.to_thread(cluster.nodes[0].wait_until_started)


async def test_without_enough_replicas_nothing_is_acknowledged(replicated: Kafka, cluster: Broker) -> None:
    async with replicated.opened() as log:
        await created(log)
        await log.topics.alter(spec(TOPIC, partitions=3, replication_factor=3, min_insync_replicas=3))
        await log.publisher.publish([record(b"three copies")])

        await asyncio.to_thread(cluster.nodes[2].kill)
        try:
            outcomes = []
            async with asyncio.timeout(WITHIN_S):
                while LogUnavailable not in outcomes:  # until the node is known to be out of sync
                    try:
                        await log.publisher.publish([record(b"two copies")])
                        outcomes.append(None)
                    except LogUnavailable:
                        outcomes.append(LogUnavailable)
            assert outcomes[-1] is LogUnavailable
            assert not await log.publisher.ready()
        finally:
            cluster.nodes[2].start()
            await asyncio.to_thread(cluster.nodes[2].wait_until_started)
