"""A consumer on the real embedded log and a real SQLite database in a folder; only the handler is made for the test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

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
from relay.store.parked import Parked
from relay.store.results import Results
from schemas.envelope import Event
from schemas.topics import specs
from tests.givens.runtime import a_connection


@dataclass
class Scripted:
    """A handler that answers as told, and remembers what it was handed."""

    answer: Callable[[Subject, int], Outcome] = lambda subject, times: Done()
    name: str = "invoice-push"
    topics: Sequence[str] = ("ghl.invoices",)
    max_subjects: int = 1
    max_calls_per_lane: int = 4
    needs_connection: bool = True
    connection: Connection | None = field(default_factory=a_connection)
    handed: list[tuple[str, list[int]]] = field(default_factory=list)

    def subject_of(self, event: Event) -> str:
        return event.subject

    async def connection_of(self, event: Event) -> Connection | None:
        return self.connection

    async def handle(self, batch: Sequence[Subject]) -> Sequence[Outcome]:
        outcomes = []
        for subject in batch:
            self.handed.append((subject.id, [queued.offset for queued in subject.events]))
            times = sum(handed == subject.id for handed, _ in self.handed)
            outcomes.append(self.answer(subject, times))
        return outcomes


@dataclass
class Rig:
    """What a test may look into while the consumer runs."""

    log: Log
    database: Database
    parked: Parked
    outcomes: Outcomes
    handler: Scripted

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


@asynccontextmanager
async def opened_rig(folder: Path, handler: Scripted) -> AsyncIterator[Rig]:
    """Open log and database, without a consumer."""
    async with (
        opened_database(f"sqlite+aiosqlite:///{folder / 'relay.db'}") as database,
        opened_embedded_log(
            folder / "log.db", clock=SystemClock(), retention=timedelta(days=1), max_record_bytes=1_000_000
        ) as log,
    ):
        await schema.upgrade(database)
        await log.topics.create(specs(partitions=1, replication_factor=1, retention_days=1, max_body_bytes=1_000_000))
        yield Rig(log, database, Parked(database, SystemClock()), Outcomes(database), handler)


@asynccontextmanager
async def consuming(rig: Rig) -> AsyncIterator[None]:
    """Run the consumer while inside, and stop it in order."""
    consumer = Consumer(rig.handler, rig.log, parked=rig.parked, results=Results(rig.database), clock=SystemClock())
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(consumer.run(stop))
        try:
            yield
        finally:
            stop.set()
