"""A consumer on a real log and a real SQLite database in a folder; only the handler is made for the test."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from consumers.runtime.handler import Subject
from consumers.runtime.outcome import Done, Outcome
from consumers.runtime.poller import Consumer
from relay.clock import SystemClock
from relay.log.embedded import opened_embedded_log
from relay.log.ports import Log
from relay.store import schema
from relay.store.connections import Connection
from relay.store.engine import Database, opened_database
from relay.store.outcomes import Outcomes
from relay.store.parked import Parked, ParkedState
from relay.store.results import Results
from schemas.envelope import Event
from schemas.records import StoredRecord, TopicPartition
from schemas.topics import specs
from tests.givens.runtime import a_connection

MAX_BYTES = 1_000_000


@dataclass
class Scripted:
    """A handler that answers as told, and remembers what it was handed and what ran at the same time.

    `answer` gets the subject and how often it came; it may be a coroutine function. `connect` finds the connection.
    """

    answer: Callable[[Subject, int], Any] = lambda subject, times: Done()
    name: str = "invoice-push"
    topics: Sequence[str] = ("ghl.invoices",)
    max_subjects: int = 1
    max_calls_per_lane: int = 4
    needs_connection: bool = True
    connection: Connection | None = field(default_factory=a_connection)
    connect: Callable[[Event], Any] | None = None
    handed: list[tuple[str, list[int]]] = field(default_factory=list)
    overlaps: list[str] = field(default_factory=list)  # subjects that were in two calls at once
    running: set[str] = field(default_factory=set)

    def subject_of(self, event: Event) -> str:
        return event.subject

    async def connection_of(self, event: Event) -> Connection | None:
        return await _awaited(self.connect(event)) if self.connect else self.connection

    async def handle(self, batch: Sequence[Subject]) -> Sequence[Outcome]:
        return [await self._handled(subject) for subject in batch]

    async def _handled(self, subject: Subject) -> Outcome:
        if subject.id in self.running:
            self.overlaps.append(subject.id)
        self.running.add(subject.id)
        self.handed.append((subject.id, [queued.offset for queued in subject.events]))
        times = sum(handed == subject.id for handed, _ in self.handed)
        try:
            return await _awaited(self.answer(subject, times))
        finally:
            self.running.discard(subject.id)


async def _awaited(found: Any) -> Any:
    return await found if inspect.isawaitable(found) else found


@dataclass
class Rig:
    """What a test may look into while the consumer runs."""

    log: Log
    database: Database
    parked: Parked
    outcomes: Outcomes
    handler: Scripted
    runtime: Consumer | None = None  # the consumer that was started last

    async def publish(self, *events: Event) -> None:
        await self.log.publisher.publish([event.record() for event in events])

    async def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Wait for a condition (plain or async) to hold; fails the test after the deadline."""
        async with asyncio.timeout(seconds):
            while True:
                found = condition()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return
                await asyncio.sleep(0.02)

    async def outcome(self, event: Event) -> tuple[str, str | None] | None:
        rows = await self.outcomes.find(event.id)
        return (rows[-1].outcome, rows[-1].reason) if rows else None

    async def is_done(self, *events: Event) -> bool:
        """Return whether each event's last outcome is done."""
        return all([await self.outcome(event) == ("done", None) for event in events])

    async def waiting(self) -> list[tuple[str, str, str]]:
        """Return (event, reason, scope) of what is parked, in log order."""
        return [(row.ce_id, row.reason, row.scope) for row in await self.parked.listed(ParkedState.PARKED)]

    async def dead(self) -> list[tuple[str, str]]:
        """Return (subject, reason) of the dead letters."""
        return [(row.subject, row.reason) for row in await self.parked.listed(ParkedState.DEAD)]

    async def letters(self, topic: str = "ghl.invoices.dlq") -> list[StoredRecord]:
        """Return what stands on a dead-letter topic."""
        records: list[StoredRecord] = []
        for partition, bounds in (await self.log.scanner.bounds(topic)).items():
            async for block in self.log.scanner.scan(TopicPartition(topic, partition), bounds.first, bounds.end):
                records += block
        return records

    async def committed(self, topic: str = "ghl.invoices") -> int | None:
        """Return how many records of a topic are committed; None before the consumer holds it."""
        assert self.runtime is not None
        lag = await self.runtime._reader.lag() if self.runtime._reader else {}
        mine = [count for (name, _), count in lag.items() if name == topic]
        bounds = await self.log.scanner.bounds(topic)
        return sum(bound.end for bound in bounds.values()) - sum(mine) if mine else None


@asynccontextmanager
async def opened_rig(folder: Path, handler: Scripted, log: Log | None = None) -> AsyncIterator[Rig]:
    """Open log and database, without a consumer; a log that is given has its topics."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(opened_database(f"sqlite+aiosqlite:///{folder / 'relay.db'}"))
        await schema.upgrade(database)
        if log is None:
            log = await stack.enter_async_context(opened_log(folder))
        yield Rig(log, database, Parked(database, SystemClock()), Outcomes(database), handler)


@asynccontextmanager
async def opened_log(folder: Path) -> AsyncIterator[Log]:
    """Open the embedded log with every topic."""
    async with opened_embedded_log(
        folder / "log.db", clock=SystemClock(), retention=timedelta(days=1), max_record_bytes=MAX_BYTES
    ) as log:
        await log.topics.create(specs(partitions=1, replication_factor=1, retention_days=1, max_body_bytes=MAX_BYTES))
        yield log


def a_consumer(rig: Rig, log: Log | None = None, results: Any = None) -> Consumer:
    """Return a consumer of the rig, on its log or on another way into the same."""
    results = results or Results(rig.database)
    rig.runtime = Consumer(rig.handler, log or rig.log, parked=rig.parked, results=results, clock=SystemClock())
    return rig.runtime


@asynccontextmanager
async def consuming(rig: Rig, **given: Any) -> AsyncIterator[Consumer]:
    """Run a consumer while inside, and stop it in order."""
    consumer = a_consumer(rig, **given)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(consumer.run(stop))
        try:
            yield consumer
        finally:
            stop.set()
