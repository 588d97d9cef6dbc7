"""From records to lanes: which connection an event belongs to, and whether it must wait."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog

from consumers.runtime import deadletter, settlement
from consumers.runtime.calls import STORE_AGAIN_S, Calls, State
from consumers.runtime.handler import Handler, QueuedEvent, Subject
from consumers.runtime.outcome import Dead, Park, Scope
from relay.clock import Clock
from relay.store.connections import ConnectionState
from relay.store.errors import StoreError
from relay.store.parked import ParkedEvent, ParkedState
from schemas.envelope import Event, NotAnEvent, event
from schemas.reasons import Reason
from schemas.records import Record, StoredRecord, TopicPartition

log = structlog.get_logger()
T = TypeVar("T")

RECHECK: Final = timedelta(seconds=60)  # how often an event asks whether its connection is there, or goes on
_HALTED: Final = {
    ConnectionState.PAUSED: Reason.PAUSED,
    ConnectionState.SETTING_UP: Reason.BEING_SET_UP,
    ConnectionState.DISCONNECTED: Reason.NOT_CONNECTED,
}


class Intake:
    """Puts events into lanes, or straight into the database when they must wait."""

    def __init__(self, handler: Handler, state: State, calls: Calls, clock: Clock) -> None:
        self._handler = handler
        self._state = state
        self._calls = calls
        self._clock = clock

    async def accept(self, records: Sequence[StoredRecord]) -> None:
        """Take new records in, in the order given. Waits while the database is away; loses nothing."""
        for record in records:
            prefix = self._state.prefixes.get(TopicPartition(record.topic, record.partition))
            if prefix is None or not prefix.take(record.offset):
                continue  # revoked meanwhile, or delivered before
            try:
                queued = _queued(record, record.topic, record.partition, record.offset)
            except NotAnEvent as error:
                await self._poison(record, error)
                continue
            if self._state.waiting.knows((record.topic, record.partition, record.offset, queued.event.id)):
                prefix.done(record.offset)  # parked already, and delivered again after a crash
                continue
            await self._place(queued)

    async def load(self, rows: Sequence[ParkedEvent]) -> None:
        """Take parked rows in whose time has come, in log order."""
        now = self._clock.now()
        for row in rows:
            if TopicPartition(row.topic, row.partition) in self._state.prefixes and self._state.waiting.load(row, now):
                record = Record(row.topic, row.key, row.value, row.headers)
                queued = _queued(record, row.topic, row.partition, row.offset)
                await self._place(replace(queued, attempts=row.attempts))

    async def _place(self, queued: QueuedEvent) -> None:
        name = self._handler.subject_of(queued.event)
        connection = await self._patiently(lambda: self._handler.connection_of(queued.event))
        if TopicPartition(queued.topic, queued.partition) not in self._state.prefixes:
            return  # it left while we asked
        subject = Subject(name, connection, (queued,))
        waits = self._must_wait(subject, queued, self._clock.now())
        if waits is None:
            lane = connection.id if connection else f"key:{queued.event.key}"
            self._state.lanes.add(lane, name, connection, queued)
            return
        version = connection.settings_version if connection else None
        handled = settlement.Handled(self._handler.name, subject, self._clock.now(), self._state.row_of, version)
        await self._calls.store(handled.settle(waits))
        self._state.done(queued)

    def _must_wait(self, subject: Subject, queued: QueuedEvent, now: datetime) -> Park | Dead | None:
        connection = subject.connection
        if connection is None and self._handler.needs_connection:
            return settlement.unconnected(subject, now, RECHECK)
        if connection is not None and (reason := _HALTED.get(connection.state)) is not None:
            return Park(now + RECHECK, reason, scope=Scope.CONNECTION)
        if self._state.row_of(queued) is not None:
            return None  # its own turn has come
        wait = self._state.waiting.must_wait(connection.id if connection else None, subject.id, now)
        return Park(wait.until, wait.reason, scope=Scope(wait.scope)) if wait else None

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await ask()
            except StoreError as error:
                log.error("connection.not_read", consumer=self._handler.name, error=str(error))
                await self._clock.sleep(STORE_AGAIN_S)

    async def _poison(self, record: StoredRecord, error: NotAnEvent) -> None:
        """Make a dead letter of a record that is no event of ours, so that it neither blocks nor disappears."""
        now = self._clock.now()
        row = ParkedEvent(
            consumer=self._handler.name,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            ce_id=record.origin,
            key=record.key,
            value=record.value,
            headers=record.headers,
            subject="",
            connection_id=None,
            state=ParkedState.DEAD,
            scope=Scope.SUBJECT.value,
            reason=Reason.BAD_DOCUMENT.value,
            detail=str(error),
            attempts=1,
            not_before=now,
            first_failure=now,
            last_failure=now,
        )
        await self._calls.store(settlement.Settlement((), (), (), (row,), closes_letters=False))
        self._state.prefixes[TopicPartition(record.topic, record.partition)].done(record.offset)
        log.error("record.unreadable", origin=record.origin, error=str(error))


def _queued(record: Record, topic: str, partition: int, offset: int) -> QueuedEvent:
    found: Event = event(record)
    run_id, forced = deadletter.run_of(record.headers)
    return QueuedEvent(found, topic, partition, offset, run_id=run_id, forced=forced)
