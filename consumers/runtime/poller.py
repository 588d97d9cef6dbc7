"""The consumer: one poll loop, workers apart from it, commits at an interval and when partitions leave."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from consumers.runtime.calls import Calls, State
from consumers.runtime.handler import Handler
from consumers.runtime.intake import Intake
from consumers.runtime.lanes import Call, Lanes
from consumers.runtime.offsets import DonePrefix
from relay.clock import Clock
from relay.log.errors import Fenced, LogError
from relay.log.ports import Assignment, GroupReader, Log
from relay.store.errors import StoreError
from relay.store.parked import Parked, ParkedEvent
from relay.store.results import Results
from relay.telemetry import metrics
from schemas.records import TopicPartition
from schemas.topics import replay_of

log = structlog.get_logger()

POLL_S: Final = 1.0
TICK_S: Final = 0.25
COMMIT_EVERY_S: Final = 1.0
OBSERVE_EVERY_S: Final = 5.0
DRAIN_S: Final = 5.0  # how long calls in flight may finish when their partition leaves or we stop
SILENT_S: Final = 30.0  # a poll loop that did not come round for so long is not ready
STORE_AGAIN_S: Final = 1.0
MAX_EVENTS: Final = 10_000  # in memory; beyond it partitions pause
MAX_BYTES: Final = 64 * 1024 * 1024
MAX_CALLS: Final = 32
DUE_ROWS: Final = 500


class Consumer:
    """Runs one handler. Is the log's `Listener`."""

    def __init__(self, handler: Handler, opened: Log, *, parked: Parked, results: Results, clock: Clock) -> None:
        self._handler = handler
        self._log = opened
        self._parked = parked
        self._clock = clock
        self._state = State(Lanes(handler.max_calls_per_lane))
        self._calls = Calls(handler, self._state, opened.publisher, parked=parked, results=results, clock=clock)
        self._intake = Intake(handler, self._state, self._calls, clock)
        self._reader: GroupReader | None = None
        self._running: dict[Call, asyncio.Task[None]] = {}
        self._work = asyncio.Event()
        self._paused = False
        self._polled_at: float | None = None

    @property
    def ready(self) -> bool:
        """Return whether it polls: the poll loop came round within the last half minute."""
        return self._polled_at is not None and self._clock.monotonic() - self._polled_at < SILENT_S

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; then finish what is in flight within a deadline, commit and leave.

        Raises:
            LogError: the group could not be joined.
        """
        topics = [*self._handler.topics, *(replay_of(topic) for topic in self._handler.topics)]
        reader = self._reader = await self._log.join(self._handler.name, topics, self)
        try:
            async with asyncio.TaskGroup() as tasks:
                loops = [
                    tasks.create_task(self._poll(reader)),
                    tasks.create_task(self._dispatch(tasks)),
                    tasks.create_task(self._load_due()),
                    tasks.create_task(self._commit_regularly(reader)),
                    tasks.create_task(self._observe_regularly(reader)),
                ]
                await stop.wait()
                for loop in loops:
                    loop.cancel()
                await self._drained(None)
                for task in self._running.values():
                    task.cancel()
        finally:
            await self._log.leave(reader)
            log.info("consumer.stopped", consumer=self._handler.name)

    async def assigned(self, assignments: Sequence[Assignment]) -> None:
        """Take partitions on: their parked rows are ours now."""
        partitions = [assignment.partition for assignment in assignments]
        rows = await self._rows_of(partitions)
        for assignment in assignments:
            self._state.prefixes[assignment.partition] = DonePrefix(assignment.start, assignment.epoch)
        self._state.waiting.parked(rows)
        log.info("partitions.assigned", consumer=self._handler.name, partitions=len(partitions), parked=len(rows))

    async def _rows_of(self, partitions: Sequence[TopicPartition]) -> Sequence[ParkedEvent]:
        while True:  # without them the order of parked subjects would not hold
            try:
                return await self._parked.of_partitions(self._handler.name, partitions)
            except StoreError as error:
                log.warning("parked.not_read", consumer=self._handler.name, error=str(error))
                await self._clock.sleep(STORE_AGAIN_S)

    async def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Let partitions go: wait a little for calls in flight, commit what is done, forget the rest."""
        self._state.lanes.drop(partitions)
        await self._drained(set(partitions))
        if self._reader is not None:
            await self._commit(self._reader, partitions)
        for partition in partitions:
            self._state.prefixes.pop(partition, None)
        self._state.waiting.drop(partitions)
        log.info("partitions.revoked", consumer=self._handler.name, partitions=len(partitions))

    async def _poll(self, reader: GroupReader) -> None:
        while True:
            try:
                records = await reader.poll(POLL_S)
            except LogError as error:
                log.warning("log.unreadable", consumer=self._handler.name, error=str(error))
                await self._clock.sleep(POLL_S)
                continue
            self._polled_at = self._clock.monotonic()
            await self._intake.accept(records)
            if records:
                self._work.set()
            self._press_back(reader)

    def _press_back(self, reader: GroupReader) -> None:
        lanes = self._state.lanes
        full = lanes.events > MAX_EVENTS or lanes.value_bytes > MAX_BYTES
        low = lanes.events < MAX_EVENTS // 2 and lanes.value_bytes < MAX_BYTES // 2
        if full and not self._paused:
            reader.pause(list(reader.assignments()))
            self._paused = True
        elif low and self._paused:
            reader.resume(list(reader.assignments()))
            self._paused = False

    async def _dispatch(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            while len(self._running) < MAX_CALLS and (call := self._state.lanes.take(self._clock.monotonic())):
                self._running[call] = tasks.create_task(self._run(call))
            self._work.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._work.wait()

    async def _run(self, call: Call) -> None:
        try:
            await self._calls.run(call)
        finally:
            del self._running[call]
            self._work.set()

    async def _load_due(self) -> None:
        while True:
            partitions = list(self._state.prefixes)
            try:
                if partitions:
                    rows = await self._parked.due(self._handler.name, partitions, self._clock.now(), DUE_ROWS)
                    await self._intake.load(rows)
                    if rows:
                        self._work.set()
            except StoreError as error:
                log.warning("parked.not_read", consumer=self._handler.name, error=str(error))
            await self._clock.sleep(TICK_S)

    async def _commit_regularly(self, reader: GroupReader) -> None:
        while True:
            await self._clock.sleep(COMMIT_EVERY_S)
            await self._commit(reader, list(self._state.prefixes))

    async def _commit(self, reader: GroupReader, partitions: Sequence[TopicPartition]) -> None:
        offsets = {
            partition: (prefix.epoch, prefix.next)
            for partition in partitions
            if (prefix := self._state.prefixes.get(partition)) is not None and prefix.advanced
        }
        if not offsets:
            return
        try:
            await reader.commit(offsets)
        except Fenced:
            log.info("commit.fenced", consumer=self._handler.name)
        except LogError as error:
            log.warning("commit.failed", consumer=self._handler.name, error=str(error))
        else:
            for partition, (_, committed) in offsets.items():
                self._state.prefixes[partition].committed(committed)

    async def _observe_regularly(self, reader: GroupReader) -> None:
        while True:
            try:
                for (topic, partition), records in (await reader.lag()).items():
                    metrics.CONSUMER_LAG.labels(topic, str(partition)).set(records)
                counts = await self._parked.counts()
            except (LogError, StoreError) as error:
                log.info("lag.unknown", consumer=self._handler.name, error=str(error))
            else:
                metrics.PARKED.clear()
                for (_, state, reason), rows in counts.items():
                    if state == "parked":
                        metrics.PARKED.labels(reason).inc(rows)
            await self._clock.sleep(OBSERVE_EVERY_S)

    async def _drained(self, partitions: set[TopicPartition] | None) -> None:
        """Wait until no call of these partitions (None: of any) is in flight, but not longer than `DRAIN_S`."""
        tasks = [
            task
            for call, task in self._running.items()
            if partitions is None
            or any(TopicPartition(queued.topic, queued.partition) in partitions for queued in call.subject.events)
        ]
        if tasks:
            await asyncio.wait(tasks, timeout=DRAIN_S)
