"""The consumer: one poll loop, workers apart from it, commits at an interval and when partitions leave."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVarTuple

import structlog

from consumers.runtime.calls import Calls
from consumers.runtime.due import Due
from consumers.runtime.handler import Handler
from consumers.runtime.intake import Intake
from consumers.runtime.lanes import Call, Lanes
from consumers.runtime.settler import Settler
from consumers.runtime.state import State
from relay.clock import Clock
from relay.log.errors import Fenced, LogError, LogUnavailable
from relay.log.ports import Assignment, GroupReader, Log
from relay.store.errors import SchemaOutdated, StoreError, StoreUnavailable
from relay.store.parked import Parked, ParkedPlace
from relay.store.results import Results
from relay.telemetry import metrics
from schemas.records import TopicPartition
from schemas.topics import replay_of

log = structlog.get_logger()
Given = TypeVarTuple("Given")

POLL_S: Final = 1.0
FULL_POLL_S: Final = 0.1  # how soon we notice that memory has room again
TICK_S: Final = 0.25
COMMIT_EVERY_S: Final = 1.0
OBSERVE_EVERY_S: Final = 5.0
DRAIN_S: Final = 4.0  # for calls in flight when their partition leaves or we stop; with a commit below the log's limit
SILENT_S: Final = 30.0  # a poll loop that did not come round for so long is not ready
AGAIN_S: Final = 1.0
MAX_EVENTS: Final = 10_000  # in memory; beyond it partitions pause
MAX_BYTES: Final = 64 * 1024 * 1024
RELIEF_AFTER_S: Final = 2.0  # so long others wait for a lane that has filled the memory
MAX_CALLS: Final = 32
TAKEN_OVER: Final = 5_000  # parked rows read at once


class Consumer:
    """Runs one handler. Is the log's `Listener`."""

    def __init__(self, handler: Handler, opened: Log, *, parked: Parked, results: Results, clock: Clock) -> None:
        self._handler = handler
        self._log = opened
        self._parked = parked
        self._clock = clock
        self._state = State(Lanes(handler.max_calls_per_lane))
        settler = Settler(handler.name, self._state, opened.publisher, results, clock)
        self._calls = Calls(handler, self._state, settler, clock)
        self._intake = Intake(handler, self._state, settler, clock)
        self._due = Due(handler.name, parked, self._intake, self._state, clock)
        self._reader: GroupReader | None = None
        self._running: dict[Call, asyncio.Task[None]] = {}
        self._work = asyncio.Event()
        self._full_since: float | None = None
        self._paused: set[TopicPartition] = set()
        self._polled_at: float | None = None

    @property
    def ready(self) -> bool:
        """Return whether it polls: the poll loop came round within the last half minute. One that stands by does."""
        return self._polled_at is not None and self._clock.monotonic() - self._polled_at < SILENT_S

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; then finish what is in flight within a deadline, commit and leave.

        Waits for a log that is away. What escapes from here is a bug of ours: it is logged, and ends the process, which
        starts again from what is committed.

        Raises:
            TopicMissing: an operator must run `relay topics apply`.
        """
        if (reader := await self._joined(stop)) is None:
            return
        self._reader = reader
        try:
            async with asyncio.TaskGroup() as tasks:
                loops = [
                    tasks.create_task(self._guarded(self._poll, reader)),
                    tasks.create_task(self._guarded(self._dispatch, tasks)),
                    tasks.create_task(self._guarded(self._load_due)),
                    tasks.create_task(self._guarded(self._commit_regularly, reader)),
                    tasks.create_task(self._guarded(self._observe_regularly, reader)),
                ]
                await stop.wait()
                for loop in loops:
                    loop.cancel()
                await self._drained(None)
                for task in self._running.values():
                    task.cancel()
        finally:
            self._polled_at = None
            await self._log.leave(reader)
            log.info("consumer.stopped", consumer=self._handler.name)

    async def assigned(self, assignments: Sequence[Assignment]) -> None:
        """Take partitions on: their parked rows are ours now."""
        partitions = [assignment.partition for assignment in assignments]
        self._state.forget(partitions)  # they may have left without our being told
        places = await self._places_of(partitions)
        for assignment in assignments:
            self._state.take_on(assignment)
        self._state.waiting.stored(places)
        log.info("partitions.assigned", consumer=self._handler.name, partitions=len(partitions), parked=len(places))

    async def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Let partitions go: wait a little for calls in flight, commit what is done, forget the rest."""
        self._state.part_with(partitions)
        try:
            await self._drained(set(partitions))
            if self._reader is not None:
                await self._commit(self._reader, partitions)
        finally:  # also when the log waits no longer for us
            self._forget(partitions)
            log.info("partitions.revoked", consumer=self._handler.name, partitions=len(partitions))

    async def _joined(self, stop: asyncio.Event) -> GroupReader | None:
        topics = [*self._handler.topics, *(replay_of(topic) for topic in self._handler.topics)]
        while not stop.is_set():
            try:
                return await self._log.join(self._handler.name, topics, self)
            except LogUnavailable as error:
                log.error("group.not_joined", consumer=self._handler.name, error=str(error))
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_S):
                        await stop.wait()
        return None

    async def _guarded(self, work: Callable[[*Given], Awaitable[None]], *given: *Given) -> None:
        """Say which consumer a bug has ended; the process ends with it."""
        try:
            await work(*given)
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise  # we were cancelled: obey
            log.exception("consumer.failed", consumer=self._handler.name)
            raise RuntimeError("a library cancelled a task of ours") from error  # else it would end unnoticed
        except Exception:
            log.exception("consumer.failed", consumer=self._handler.name)
            raise

    async def _places_of(self, partitions: Sequence[TopicPartition]) -> Sequence[ParkedPlace]:
        """Return what waits of partitions; without it the order of parked subjects would not hold."""
        places: list[ParkedPlace] = []
        while True:
            after = places[-1] if places else None
            try:
                block = await self._parked.places(self._handler.name, partitions, TAKEN_OVER, after=after)
            except (StoreUnavailable, SchemaOutdated) as error:
                log.warning("parked.not_read", consumer=self._handler.name, error=str(error))
                await self._clock.sleep(AGAIN_S)
                continue
            places += block
            if len(block) < TAKEN_OVER:
                return places

    def _forget(self, partitions: Sequence[TopicPartition]) -> None:
        self._state.forget(partitions)
        for topic, partition in partitions:
            metrics.CONSUMER_LAG.remove(topic, str(partition))

    async def _poll(self, reader: GroupReader) -> None:
        while True:
            try:
                records = await reader.poll(POLL_S if self._full_since is None else FULL_POLL_S)
            except LogError as error:
                log.warning("log.unreadable", consumer=self._handler.name, error=str(error))
                await self._clock.sleep(POLL_S)
                continue
            self._polled_at = self._clock.monotonic()
            if stale := self._state.stale(reader.assignments()):
                log.warning("partitions.lost", consumer=self._handler.name, partitions=len(stale))
                self._forget(stale)
            await self._intake.accept(records)
            if records:
                self._work.set()
            await self._press_back(reader)

    async def _press_back(self, reader: GroupReader) -> None:
        """Read nothing more while memory is full; what fills it for long goes to the database, so that others go on."""
        lanes, now = self._state.lanes, self._clock.monotonic()
        if self._full_since is None and lanes.events <= MAX_EVENTS and lanes.value_bytes <= MAX_BYTES:
            return
        if self._full_since is None:
            self._full_since = now
        while self._crowded and now - self._full_since >= RELIEF_AFTER_S and (longest := lanes.longest()) is not None:
            await self._calls.spill(longest)
        if self._crowded:
            self._paused |= reader.assignments().keys()  # each time: a partition may have come meanwhile
            reader.pause(list(self._paused))
        else:
            reader.resume(list(self._paused))  # also what is away just now: the log remembers a pause until it is back
            self._paused.clear()
            self._full_since = None

    @property
    def _crowded(self) -> bool:
        lanes = self._state.lanes
        return lanes.events > MAX_EVENTS // 2 or lanes.value_bytes > MAX_BYTES // 2

    async def _dispatch(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            while len(self._running) < MAX_CALLS and (call := self._state.lanes.take(self._clock.monotonic())):
                self._running[call] = tasks.create_task(self._guarded(self._run, call))
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
            more = False
            try:
                if self._full_since is None:
                    more = await self._due.look()
                    self._work.set()
            except StoreError as error:
                log.warning("parked.not_read", consumer=self._handler.name, error=str(error))
            if not more:
                await self._clock.sleep(TICK_S)

    async def _commit_regularly(self, reader: GroupReader) -> None:
        while True:
            await self._clock.sleep(COMMIT_EVERY_S)
            await self._commit(reader, list(self._state.prefixes))

    async def _commit(self, reader: GroupReader, partitions: Sequence[TopicPartition]) -> None:
        prefixes = [
            (partition, prefix)
            for partition in partitions
            if (prefix := self._state.prefixes.get(partition)) is not None and prefix.advanced
        ]
        offsets = {partition: (prefix.epoch, prefix.next) for partition, prefix in prefixes}
        if not offsets:
            return
        try:
            await reader.commit(offsets)
        except Fenced:
            log.info("commit.fenced", consumer=self._handler.name)
        except LogError as error:
            log.warning("commit.failed", consumer=self._handler.name, error=str(error))
        else:
            for partition, prefix in prefixes:  # these very ones: the partition may have left and returned meanwhile
                prefix.committed(offsets[partition][1])

    def _observe_age(self) -> None:
        """Tell how long the oldest event in hand has waited; what is parked waits in the database, and is counted."""
        received = [queued.event.received_at for call in self._running for queued in call.subject.events]
        received += [oldest] if (oldest := self._state.lanes.oldest) else []
        age_s = (self._clock.now() - min(received)).total_seconds() if received else 0.0
        metrics.OLDEST_UNHANDLED_SECONDS.labels(self._handler.name).set(max(0.0, age_s))

    async def _observe_regularly(self, reader: GroupReader) -> None:
        while True:
            self._observe_age()
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
            if partitions is None or any(queued.home in partitions for queued in call.subject.events)
        ]
        if tasks:
            await asyncio.wait(tasks, timeout=DRAIN_S)
