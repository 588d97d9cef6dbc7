"""Both logs, opened as their users open them, and a listener that remembers what it was told."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from relay.clock import SystemClock
from relay.log.embedded import opened_embedded_log
from relay.log.kafka.connection import KafkaConnection, opened_kafka_log
from relay.log.ports import Assignment, GroupReader, Log
from schemas.records import Headers, Record, StoredRecord, TopicPartition
from schemas.topics import GHL_CONTACTS, GHL_INVOICES, TopicSpec

TOPIC = GHL_INVOICES
OTHER_TOPIC = GHL_CONTACTS
MAX_RECORD_BYTES = 200_000
HEADERS: Headers = (("ce_id", b"1"), ("ce_type", b"com.gohighlevel.InvoiceCreate"))
WITHIN_S = 30.0
POLL_S = 0.2


def record(value: bytes = b"{}", *, key: bytes = b"location", topic: str = TOPIC, headers: Headers = HEADERS) -> Record:
    return Record(topic, key, value, headers)


def numbered(count: int, *, key: bytes = b"location", topic: str = TOPIC) -> list[Record]:
    return [record(b'{"number": %d}' % number, key=key, topic=topic) for number in range(count)]


def spec(
    name: str = TOPIC, *, partitions: int = 2, retention: timedelta = timedelta(days=90), **changes: int
) -> TopicSpec:
    values = {"replication_factor": 1, "min_insync_replicas": 1, "max_message_bytes": MAX_RECORD_BYTES} | changes
    return TopicSpec(name=name, partitions=partitions, retention=retention, **values)


class Backend(Protocol):
    """One log that may be opened several times, as by several processes."""

    name: str

    def opened(self) -> AbstractAsyncContextManager[Log]: ...


@dataclass(frozen=True)
class Embedded:
    path: Path
    name: str = "embedded"

    def opened(self) -> AbstractAsyncContextManager[Log]:
        return opened_embedded_log(
            self.path,
            clock=SystemClock(),
            retention=timedelta(days=90),
            max_record_bytes=MAX_RECORD_BYTES,
            commit_deadline_s=5.0,
        )


@dataclass(frozen=True)
class Kafka:
    connection: KafkaConnection
    name: str = "kafka"

    def opened(self) -> AbstractAsyncContextManager[Log]:
        return opened_kafka_log(
            self.connection, clock=SystemClock(), publish_deadline_s=5.0, max_record_bytes=MAX_RECORD_BYTES
        )


@asynccontextmanager
async def with_topics(backend: Backend) -> AsyncIterator[Log]:
    """Open a log with two topics."""
    async with backend.opened() as log:
        await log.topics.create([spec(TOPIC), spec(OTHER_TOPIC)])
        yield log


@dataclass
class Witness:
    """A listener that remembers; `on_assigned` and `on_revoked` run while it is told."""

    assigned_so_far: list[Assignment] = field(default_factory=list)
    revoked_so_far: list[TopicPartition] = field(default_factory=list)
    on_assigned: Callable[[Sequence[Assignment]], Awaitable[None]] | None = None
    on_revoked: Callable[[Sequence[TopicPartition]], Awaitable[None]] | None = None

    async def assigned(self, assignments: Sequence[Assignment]) -> None:
        self.assigned_so_far += assignments
        if self.on_assigned:
            await self.on_assigned(assignments)

    async def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.revoked_so_far += partitions
        if self.on_revoked:
            await self.on_revoked(partitions)


async def collected(reader: GroupReader, count: int) -> list[StoredRecord]:
    """Poll until that many records have come."""
    records: list[StoredRecord] = []
    async with asyncio.timeout(WITHIN_S):
        while len(records) < count:
            records += await reader.poll(POLL_S)
    return records


async def polled_until(reader: GroupReader, condition: Callable[[], bool]) -> list[StoredRecord]:
    """Poll until a condition holds; return what came."""
    records: list[StoredRecord] = []
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            records += await reader.poll(POLL_S)
    return records


async def quiet(reader: GroupReader, seconds: float = 1.0) -> list[StoredRecord]:
    """Poll for a while; return what came although nothing should."""
    return list(itertools.chain.from_iterable([await reader.poll(seconds / 4) for _ in range(4)]))


async def everything(log: Log, topic: str = TOPIC) -> list[StoredRecord]:
    """Scan a whole topic, partition after partition."""
    records: list[StoredRecord] = []
    for partition, bounds in (await log.scanner.bounds(topic)).items():
        async for block in log.scanner.scan(TopicPartition(topic, partition), bounds.first, bounds.end):
            records += block
    return records


def done(records: Sequence[StoredRecord], reader: GroupReader) -> dict[TopicPartition, tuple[int, int]]:
    """Return the commit that says: all of these are done."""
    held = reader.assignments()
    following = {TopicPartition(each.topic, each.partition): each.offset + 1 for each in records}
    return {partition: (held[partition].epoch, offset) for partition, offset in following.items() if partition in held}
