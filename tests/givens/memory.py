"""A log and a database in memory for whoever tests the runtime's interleavings: every wait is the test's.

Both keep to the ports' texts as far as a consumer sees: partitions are taken on inside `poll`, under a new epoch; they
leave whenever the test says so, also in the middle of anything. `pause` is awaited around each step of database and
log, so that a test decides what happens meanwhile.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from consumers.runtime.parking import Key, key_of
from consumers.runtime.poller import Consumer
from relay.clock import Clock, FakeClock
from relay.log.errors import Fenced
from relay.log.ports import Assignment, Listener
from relay.store.outcomes import OutcomeRow
from relay.store.parked import ParkedEvent, ParkedPlace, ParkedState, Passed
from schemas.envelope import Event
from schemas.records import Record, StoredRecord, TopicPartition
from tests.givens.runtime import NOW

Pause = Callable[[str], Awaitable[None]]
BLOCK = 5


async def no_pause(_: str) -> None:
    await asyncio.sleep(0)


@dataclass
class MemoryDatabase:
    """Stands for `Parked` and `Results`."""

    pause: Pause = no_pause
    rows: dict[tuple[Any, ...], ParkedEvent] = field(default_factory=dict)
    reports: dict[tuple[str, str], OutcomeRow] = field(default_factory=dict)
    settled: set[tuple[str, int, int]] = field(default_factory=set)  # places of events with an outcome or a row

    async def settle(
        self,
        outcomes: Sequence[OutcomeRow],
        park: Sequence[ParkedEvent],
        remove: Sequence[ParkedEvent],
        passed: Sequence[Passed] = (),
    ) -> None:
        await self.pause("settle")
        for report in outcomes:
            self.reports[report.ce_id, report.run_id] = report
            self.settled.add((report.topic, report.partition, report.offset))
        for row in remove:
            self.rows.pop(key_of(row), None)
        for row in park:
            self.rows[key_of(row)] = row
            self.settled.add((row.topic, row.partition, row.offset))
        for one in passed:
            for key, row in self.rows.items():
                if row.state is ParkedState.DEAD and (row.key, row.subject) == (one.key, one.subject):
                    self.rows[key] = replace(row, state=ParkedState.SUPERSEDED)
        await self.pause("settled")

    async def places(
        self,
        consumer: str,
        partitions: Sequence[TopicPartition],
        limit: int,
        *,
        after: ParkedPlace | None = None,
        due: datetime | None = None,
        but_connections: Sequence[str] = (),
        but_keys: Sequence[bytes] = (),
    ) -> list[ParkedPlace]:
        await self.pause("places")
        places = [
            row.place
            for key, row in sorted(self.rows.items())
            if row.state is ParkedState.PARKED
            and TopicPartition(row.topic, row.partition) in partitions
            and (after is None or key > key_of(after))
            and (due is None or row.not_before <= due)
            and row.connection_id not in but_connections
            and (row.connection_id is not None or row.key not in but_keys)
        ]
        await self.pause("places read")
        return places[:limit]

    async def standing(self, consumer: str, keys: Collection[Key]) -> list[ParkedEvent]:
        await self.pause("standing")
        rows = [row for key, row in sorted(self.rows.items()) if key in keys and row.state is ParkedState.PARKED]
        await self.pause("standing read")
        return rows

    async def counts(self) -> Mapping[tuple[str | None, str, str], int]:
        return Counter((row.connection_id, row.state.value, row.reason) for row in self.rows.values())

    def release(self, now: datetime) -> None:
        """What a person does: everything that waits is due now."""
        for key, row in self.rows.items():
            if row.state is ParkedState.PARKED:
                self.rows[key] = replace(row, not_before=now)

    def waiting(self) -> list[ParkedEvent]:
        return [row for _, row in sorted(self.rows.items()) if row.state is ParkedState.PARKED]


@dataclass
class MemoryLog:
    """Stands for `Log`, publisher and readers in one; `committed` outlives readers."""

    clock: Clock
    database: MemoryDatabase
    pause: Pause = no_pause
    records: dict[TopicPartition, list[StoredRecord]] = field(default_factory=dict)
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    unsettled: list[tuple[TopicPartition, int]] = field(default_factory=list)  # committed although nothing stands of it
    epoch: int = 0
    reader: "MemoryReader | None" = None

    @property
    def publisher(self) -> "MemoryLog":
        return self

    async def publish(self, records: Sequence[Record]) -> None:
        await self.pause("publish")
        for record in records:
            self._append(record, TopicPartition(record.topic, 0))

    def put(self, event: Event, partition: int = 0) -> StoredRecord:
        """Store an event at once."""
        return self._append(event.record(), TopicPartition(event.topic, partition))

    def _append(self, record: Record, home: TopicPartition) -> StoredRecord:
        stored = self.records.setdefault(home, [])
        stored.append(
            StoredRecord(record.topic, record.key, record.value, record.headers, home.partition, len(stored), NOW)
        )
        return stored[-1]

    async def join(self, group: str, topics: Sequence[str], listener: Listener) -> "MemoryReader":
        partitions = [home for home in self.records if home.topic in topics]
        self.reader = MemoryReader(self, listener, partitions)
        return self.reader

    async def leave(self, reader: "MemoryReader") -> None:
        await reader.lose(again=False)


class MemoryReader:
    """Stands for a `GroupReader`; `lose` plays a rebalance."""

    def __init__(self, log: MemoryLog, listener: Listener, partitions: Sequence[TopicPartition]) -> None:
        self._log = log
        self._listener = listener
        self._wanted: list[TopicPartition] = list(partitions)
        self._held: dict[TopicPartition, Assignment] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._one_at_a_time = asyncio.Lock()
        self.paused: set[TopicPartition] = set()

    async def poll(self, timeout_s: float) -> Sequence[StoredRecord]:
        await self._take_on()
        for home in list(self._positions):
            if home in self.paused:
                continue
            at = self._positions[home]
            if block := self._log.records[home][at : at + BLOCK]:
                self._positions[home] = at + len(block)
                return block
        await self._log.clock.sleep(timeout_s)
        return ()

    async def _take_on(self) -> None:
        while self._wanted:
            home = self._wanted.pop()
            self._log.epoch += 1
            assignment = Assignment(home, self._log.epoch, self._log.committed.get(home, 0))
            async with self._one_at_a_time:
                self._held[home] = assignment
                await self._listener.assigned([assignment])
                self._positions[home] = assignment.start

    async def lose(self, *, again: bool = True) -> None:
        """Let every partition leave; `again` gives them back at the next poll."""
        async with self._one_at_a_time:
            leaving = list(self._held)
            if leaving:
                await self._listener.revoked(leaving)
            for home in leaving:
                self._held.pop(home)
                self._positions.pop(home, None)
            if again:
                self._wanted += leaving

    def lose_unheard(self) -> None:
        """Let every partition leave and come back without telling anybody, as when the listener was overdue."""
        self._wanted += self._held
        self._held.clear()
        self._positions.clear()

    async def commit(self, offsets: Mapping[TopicPartition, tuple[int, int]]) -> None:
        await self._log.pause("commit")
        for home, (epoch, following) in offsets.items():
            held = self._held.get(home)
            if held is None or held.epoch != epoch:
                raise Fenced(str(home))
            if following < self._log.committed.get(home, 0):
                continue
            for offset in range(self._log.committed.get(home, 0), following):
                if (home.topic, home.partition, offset) not in self._log.database.settled:
                    self._log.unsettled.append((home, offset))
            self._log.committed[home] = following
        await self._log.pause("committed")

    def assignments(self) -> Mapping[TopicPartition, Assignment]:
        return dict(self._held)

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        self.paused |= set(partitions)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        self.paused -= set(partitions)

    async def lag(self) -> Mapping[TopicPartition, int]:
        return {home: len(self._log.records[home]) - self._log.committed.get(home, 0) for home in self._held}


@dataclass
class Gate:
    """A pause that lets everything through, but waits at the steps that are closed until they are opened."""

    closed: dict[str, asyncio.Event] = field(default_factory=dict)
    reached: list[str] = field(default_factory=list)
    errors: dict[str, list[Exception]] = field(default_factory=dict)  # raised at a step, one each time

    async def __call__(self, step: str) -> None:
        self.reached.append(step)
        await asyncio.sleep(0)
        if step in self.closed:
            await self.closed[step].wait()
        if errors := self.errors.get(step):
            raise errors.pop(0)

    def close(self, step: str) -> None:
        self.closed[step] = asyncio.Event()

    def open(self, step: str) -> None:
        self.closed.pop(step).set()


@dataclass
class MemoryRig:
    """A consumer in memory, on a clock that the test moves."""

    handler: Any
    clock: FakeClock
    gate: Gate
    database: MemoryDatabase
    log: MemoryLog
    consumer: Consumer
    stop: asyncio.Event

    @property
    def reader(self) -> MemoryReader:
        assert self.log.reader is not None
        return self.log.reader

    async def pass_time(self, seconds: float = 0.0, step: float = 0.25) -> None:
        """Let that much time pass, and everything happen that can meanwhile."""
        until = self.clock.monotonic() + seconds
        await turns()
        while self.clock.monotonic() < until:
            self.clock.advance(min(step, until - self.clock.monotonic()))
            await turns()

    def outcome(self, event: Event, run_id: str = "") -> str | None:
        report = self.database.reports.get((event.id, run_id))
        return report.outcome if report else None


async def turns(number: int = 60) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@asynccontextmanager
async def in_memory(handler: Any) -> AsyncIterator[MemoryRig]:
    """Run a consumer of a handler while inside, and stop it in order."""
    clock, gate = FakeClock(), Gate()
    database = MemoryDatabase(gate)
    log = MemoryLog(clock, database, gate)
    for topic in handler.topics:
        log.records |= {TopicPartition(topic, 0): [], TopicPartition(f"{topic}.replay", 0): []}
    consumer = Consumer(handler, log, parked=database, results=database, clock=clock)
    rig = MemoryRig(handler, clock, gate, database, log, consumer, asyncio.Event())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(consumer.run(rig.stop))
        await turns()
        try:
            yield rig
        finally:
            rig.stop.set()
            for step in list(gate.closed):
                gate.open(step)
