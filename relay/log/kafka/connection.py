"""The log on Kafka, opened: its parts, the task that keeps the producer, and what is closed at the end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from relay.clock import Clock
from relay.log.errors import LogUnavailable
from relay.log.kafka.access import KafkaConnection
from relay.log.kafka.inside import require_compiled
from relay.log.kafka.keeper import ProducerKeeper
from relay.log.kafka.producer import KafkaPublisher, new_producer
from relay.log.kafka.reader import KafkaReader
from relay.log.kafka.scanner import KafkaScanner
from relay.log.kafka.topics import KafkaTopics
from relay.log.ports import GroupReader, Listener, Log, Publisher, Scanner, Topics
from schemas.topics import LIVE

__all__ = ["KafkaConnection", "opened_kafka_log"]


class KafkaLog:
    """An opened log on Kafka."""

    publisher: Publisher
    scanner: Scanner
    topics: Topics

    def __init__(
        self,
        connection: KafkaConnection,
        keeper: ProducerKeeper,
        *,
        publish_deadline_s: float,
        max_record_bytes: int,
    ) -> None:
        self.publisher = KafkaPublisher(
            keeper, connection, deadline_s=publish_deadline_s, max_record_bytes=max_record_bytes
        )
        self.scanner = KafkaScanner(connection, max_record_bytes=max_record_bytes)
        self.topics = KafkaTopics(connection)
        self._connection = connection
        self._max_record_bytes = max_record_bytes
        self._readers: list[KafkaReader] = []

    async def join(self, group: str, topics: Sequence[str], listener: Listener) -> GroupReader:
        """Join a consumer group; its partitions come while the reader is polled."""
        if not topics:
            raise LogUnavailable(f"group {group}: no topics to read")
        reader = KafkaReader(self._connection, group, topics, listener, max_record_bytes=self._max_record_bytes)
        await reader.join()
        self._readers.append(reader)
        return reader

    async def leave(self, reader: GroupReader) -> None:
        """Leave the group within a deadline, calling `revoked` first."""
        for ours in [ours for ours in self._readers if ours is reader]:
            self._readers.remove(ours)
            await ours.leave()

    async def leave_all(self) -> None:
        """Leave every group that is still joined."""
        for reader in tuple(self._readers):
            await self.leave(reader)


@asynccontextmanager
async def opened_kafka_log(
    connection: KafkaConnection, *, clock: Clock, publish_deadline_s: float, max_record_bytes: int
) -> AsyncIterator[Log]:
    """Open the log on a cluster, which need not be there yet: every part says `LogUnavailable` until it is.

    The producer starts when something is first published, or readiness first asked for; the tasks that serve
    publishing live in here and end with it.

    Raises:
        LogUnavailable: the certificates cannot be read, or aiokafka lacks its compiled extension.
    """
    require_compiled()
    await asyncio.to_thread(connection.options)  # certificates are read now, so that a wrong path is told now
    make = partial(new_producer, connection, deadline_s=publish_deadline_s, max_record_bytes=max_record_bytes)
    keeper = ProducerKeeper(make, clock, frozenset(map(connection.outside, LIVE)))
    log = KafkaLog(connection, keeper, publish_deadline_s=publish_deadline_s, max_record_bytes=max_record_bytes)
    failure: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(keeper.keep(), name="kafka-producer")
        try:
            yield log
        except Exception as error:  # noqa: BLE001 - handed on below: a task group would wrap it in a group
            failure = error
        finally:
            await log.leave_all()
            keeping.cancel()
    if failure is not None:
        raise failure
