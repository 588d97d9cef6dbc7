"""The way into Kafka: `acks=all`, without idempotence, a deadline around every delivery.

aiokafka's idempotent producer is poisoned for good by one rejected record and never gives up on a broker that is away
(P1, P2), so duplicates are accepted instead: consumers are made for them.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from relay.log.errors import LogError, LogUnavailable
from relay.log.kafka.access import KafkaConnection
from relay.log.kafka.failures import kafka_call
from relay.log.kafka.inside import make_known, partition_of, whole_cluster
from relay.log.kafka.keeper import ProducerKeeper
from relay.log.sizes import Budget, refuse_too_large
from schemas.records import Record
from schemas.topics import LIVE

MAX_BATCH_BYTES: Final = 256 * 1024  # 16 KiB, the default, collapses under concurrency (P6)
MOST_BYTES_WAITING: Final = 64 * 1_048_576
READY_WITHIN_S: Final = 2.0
SLACK_BYTES: Final = 65_536  # we refuse before aiokafka does


def new_producer(connection: KafkaConnection, *, deadline_s: float, max_record_bytes: int) -> AIOKafkaProducer:
    """Return a producer that is not started. Its batches expire with the deliveries that wait for them."""
    return AIOKafkaProducer(
        **connection.options(),
        client_id="relay-publisher",
        acks="all",
        enable_idempotence=False,
        linger_ms=0,
        max_batch_size=MAX_BATCH_BYTES,
        max_request_size=max_record_bytes + SLACK_BYTES,
        request_timeout_ms=int(deadline_s * 1000),
    )


class KafkaPublisher:
    """A `Publisher` on the producer that a keeper has."""

    def __init__(
        self, keeper: ProducerKeeper, connection: KafkaConnection, *, deadline_s: float, max_record_bytes: int
    ) -> None:
        self._keeper = keeper
        self._connection = connection
        self._deadline_s = deadline_s
        self._max_record_bytes = max_record_bytes
        self._budget = Budget(MOST_BYTES_WAITING)
        self._one_alone = asyncio.Lock()

    async def publish(self, records: Sequence[Record]) -> None:
        """Return once every record is on all in-sync replicas; see `Publisher.publish`."""
        size = refuse_too_large(records, self._max_record_bytes)
        try:
            with self._budget.taken(size):
                async with kafka_call("to publish", self._deadline_s):
                    await self._send(await self._keeper.producer(), records)
        except LogUnavailable:
            self._keeper.failed()
            raise
        self._keeper.succeeded()

    async def ready(self) -> bool:
        """Return whether every live topic has leaders at this moment, and the last delivery did not fail just now."""
        try:
            async with kafka_call("to prove ready", READY_WITHIN_S):
                cluster = await whole_cluster((await self._keeper.producer()).client)
        except LogError:
            return False
        return not self._keeper.failing and all(
            cluster.partitions_for_topic(name)
            and cluster.partitions_for_topic(name) == cluster.available_partitions_for_topic(name)
            for name in map(self._connection.outside, LIVE)
        )

    async def _send(self, producer: AIOKafkaProducer, records: Sequence[Record]) -> None:
        await make_known(producer.client, {self._connection.outside(record.topic) for record in records})
        sent: list[asyncio.Future[Any]] = []
        try:
            for record in records:
                future = await producer.send(
                    self._connection.outside(record.topic), record.value, record.key, headers=list(record.headers)
                )
                sent.append(future)
            outcomes = await asyncio.gather(*sent, return_exceptions=True)
        except BaseException:
            for future in sent:
                future.cancel()  # does not unsend; only says that nobody looks at its outcome
            raise
        for index, outcome in enumerate(outcomes):
            if isinstance(outcome, MessageSizeTooLargeError):
                await self._send_each_alone(producer, records[index:])
                return
            if isinstance(outcome, BaseException):
                raise outcome

    async def _send_each_alone(self, producer: AIOKafkaProducer, records: Sequence[Record]) -> None:
        """Send the rest of a delivery in batches of one: a batch is refused whole for one record too large (P8).

        Those that had arrived arrive again, so that the order holds. One at a time, as concurrent `send_batch`
        starves (P21).
        """
        for record in records:
            batch = producer.create_batch()
            batch.append(key=record.key, value=record.value, timestamp=None, headers=list(record.headers))
            batch.close()
            name = self._connection.outside(record.topic)
            partition = partition_of(producer, name, record.key)
            async with self._one_alone:
                await (await producer.send_batch(batch, name, partition=partition))
