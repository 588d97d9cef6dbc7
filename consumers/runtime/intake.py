"""From records and parked rows to lanes: which connection an event belongs to, and whether it must wait.

What fails with one event stays with that event: the tasks that call this serve every tenant.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, NamedTuple

import structlog

from consumers.runtime import deadletter
from consumers.runtime.admission import halted, waiting_since
from consumers.runtime.calls import LOOK_S, SPILLED
from consumers.runtime.handler import Handler, QueuedEvent, Subject
from consumers.runtime.outcome import Dead, Park, Retry, Scope
from consumers.runtime.parking import lane_of
from consumers.runtime.settlement import Handled, Settled, storable
from consumers.runtime.settler import AGAIN_S, Settler
from consumers.runtime.state import State
from consumers.runtime.unexpected import unexpected
from relay.clock import Clock
from relay.store.connections import Connection
from relay.store.errors import SchemaOutdated, StoreUnavailable
from relay.store.parked import ParkedEvent, ParkedState
from schemas.envelope import Event, NotAnEvent, event
from schemas.reasons import Reason
from schemas.records import Record, StoredRecord, TopicPartition

log = structlog.get_logger()

LONGEST_ID: Final = 500  # characters: an index entry of PostgreSQL takes 2,700 bytes
YEARS: Final = range(1970, 9000)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LANE_MOST: Final = 500  # events of a lane that has more in the database already


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the parked rows: which one, what it took for due, and under which epochs."""

    number: int
    due: datetime
    epochs: Mapping[TopicPartition, int]


class _Place(NamedTuple):
    home: TopicPartition
    offset: int
    epoch: int


class Intake:
    """Puts events into lanes, or straight into the database when they must wait."""

    def __init__(self, handler: Handler, state: State, settler: Settler, clock: Clock) -> None:
        self._handler = handler
        self._state = state
        self._settler = settler
        self._clock = clock

    async def accept(self, records: Sequence[StoredRecord]) -> None:
        """Take new records in, in the order given. Waits while the database is away; loses nothing.

        They belong to the assignments that stand when it is called; what leaves meanwhile is dropped.
        """
        epochs = self._state.epochs()
        waits: list[Settled] = []
        for record in records:
            home = TopicPartition(record.topic, record.partition)
            epoch = epochs.get(home)
            if epoch is None or not self._state.ours(home, epoch) or not self._state.prefixes[home].take(record.offset):
                continue  # it left meanwhile, or was delivered before
            queued = _queued(record, _Place(home, record.offset, epoch))
            if isinstance(queued, NotAnEvent):
                waits.append(self._unreadable(record, _Place(home, record.offset, epoch), queued))
            elif self._state.waiting.knows((*home, record.offset, queued.event.id)):
                self._state.done(home, epoch, record.offset)  # parked already, and delivered again after a crash
            else:
                waits += await self._place(queued)
        await self._settler.store(waits)

    async def load(self, rows: Sequence[ParkedEvent], seen: Look) -> None:
        """Take parked rows in that a look found due, in log order. What is not ours any more is left alone."""
        waits: list[Settled] = []
        for row in rows:
            home = TopicPartition(row.topic, row.partition)
            if not self._may_load(row, home, seen):
                continue
            record = Record(row.topic, row.key, row.value, row.headers)
            queued = _queued(record, _Place(home, row.offset, seen.epochs[home]))
            if isinstance(queued, NotAnEvent):
                waits.append(self._unreadable(record, _Place(home, row.offset, seen.epochs[home]), queued, row))
            else:
                waits += await self._place(replace(queued, attempts=row.attempts, row=row), seen)
        await self._settler.store(waits)

    def _may_load(self, row: ParkedEvent, home: TopicPartition, seen: Look) -> bool:
        ours = self._state.ours(home, seen.epochs[home]) and home not in self._state.parting
        return ours and self._state.waiting.may_load(row.place, seen.number, seen.due)

    async def _place(self, queued: QueuedEvent, seen: Look | None = None) -> Sequence[Settled]:
        """Put an event into its lane, or return what is to be stored of it: then others wait behind it already."""
        subject, failed = await self._found(queued)
        if queued.row is not None and seen is not None:
            if not self._may_load(queued.row, queued.home, seen):
                return ()  # while we asked, an earlier event of it parked, or it left
        elif not self._state.goes_on(queued):
            return ()
        if (wait := failed or self._wait(subject, queued)) is not None:
            handled = Handled(self._handler.name, subject, self._clock.now(), tried=failed is not None)
            items = handled.settle(wait)
            self._state.waiting.saving(item.kept.place for item in items if item.kept and not item.dead)
            return items
        connection = subject.connection
        lane = lane_of(connection.id if connection else None, queued.event.key)
        if queued.row is not None:
            self._state.waiting.loaded(queued.row.place)
        self._state.lanes.add(lane, subject.id, connection, queued, self._clock.monotonic())
        return ()

    async def _found(self, queued: QueuedEvent) -> tuple[Subject, Park | Dead | None]:
        """Return the subject of an event with its connection; with what becomes of it where our code failed."""
        subject = Subject(queued.event.subject, None, (queued,))
        try:
            subject = replace(subject, id=self._handler.subject_of(queued.event))
            return replace(subject, connection=await self._connection(queued.event)), None
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise  # we were cancelled: obey
            failed = unexpected(queued, error)
        except Exception as error:  # noqa: BLE001 - the edge of a handler; logged where it is decided
            failed = unexpected(queued, error)
        if isinstance(failed, Retry):
            return subject, Park(self._clock.now() + failed.after, failed.reason, failed.detail)
        return subject, failed

    async def _connection(self, found: Event) -> Connection | None:
        while True:
            try:
                async with asyncio.timeout(LOOK_S):
                    return await self._handler.connection_of(found)
            except (StoreUnavailable, SchemaOutdated) as error:
                log.error("connection.not_read", consumer=self._handler.name, error=str(error))
                await self._clock.sleep(AGAIN_S)

    def _wait(self, subject: Subject, queued: QueuedEvent) -> Park | Dead | None:
        """Return why an event must wait, or can wait no longer; None when it may go. Pure."""
        now, waiting = self._clock.now(), self._state.waiting
        connection = subject.connection
        lane = lane_of(connection.id if connection else None, queued.event.key)
        since = waiting_since(queued, now)
        halt = waiting.halt(lane, now)
        if (wait := halted(connection, needed=self._handler.needs_connection, since=since, now=now)) is not None:
            if isinstance(wait, Park) and queued.row is None and waiting.behind(lane):
                # the rows of its lane ask again for all; were it to set their time, they would never come to it
                return replace(wait, until=halt.until if halt else wait.until, scope=Scope.SUBJECT)
            return wait
        if queued.row is not None:
            moved = lane != lane_of(queued.row.connection_id, queued.event.key)
            return Park(halt.until, halt.reason, scope=halt.scope) if moved and halt else None
        if (known := waiting.must_wait(lane, subject.key, now)) is not None:
            return Park(known.until, known.reason, scope=known.scope)
        if waiting.behind(lane) and self._state.lanes.queued(lane) >= LANE_MOST:
            return Park(now + SPILLED, Reason.QUEUED_BEHIND)
        return None

    def _unreadable(
        self, record: Record, place: _Place, error: NotAnEvent, before: ParkedEvent | None = None
    ) -> Settled:
        """Return the dead letter of a record that is no event of ours: it neither blocks nor disappears."""
        now, (home, offset, epoch) = self._clock.now(), place
        row = ParkedEvent(
            consumer=self._handler.name,
            topic=home.topic,
            partition=home.partition,
            offset=offset,
            ce_id=before.ce_id if before else f"{home.topic}/{home.partition}/{offset}",
            key=record.key,
            value=record.value,
            headers=record.headers,
            subject="",
            connection_id=None,
            state=ParkedState.DEAD,
            scope=Scope.SUBJECT.value,
            reason=Reason.BAD_DOCUMENT.value,
            detail=storable(str(error)),
            attempts=1,
            not_before=now,
            first_failure=before.first_failure if before else now,
            last_failure=now,
        )
        return Settled(home, offset, epoch, before, None, row)


def _queued(record: Record, place: _Place) -> QueuedEvent | NotAnEvent:
    try:
        found = event(record)
    except NotAnEvent as error:
        return error
    run_id, forced = deadletter.run_of(record.headers)
    texts = (found.id, found.subject, found.type, found.key, found.delivery_id, run_id or "")
    if any(len(text) > LONGEST_ID or "\0" in text for text in texts):
        return NotAnEvent(f"{record.topic}: an id that no database takes")
    if any(instant.tzinfo is None or instant.year not in YEARS for instant in (found.received_at, found.time or EPOCH)):
        return NotAnEvent(f"{record.topic}: a time without a zone, or none of ours, in the envelope's headers")
    return QueuedEvent(found, *place.home, place.offset, run_id=run_id, forced=forced, epoch=place.epoch)
