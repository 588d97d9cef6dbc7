"""Parked events and dead letters: one table.

Rows are keyed by (consumer, topic, partition, offset, ce_id): a topic made anew repeats offsets.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    and_,
    bindparam,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.clock import Clock
from relay.store.engine import Database
from relay.store.rows import columns_of, values_of
from relay.store.tables import PARKED
from schemas.records import Headers, TopicPartition


class ParkedState(StrEnum):
    """What became of it. Only parked rows go on by themselves."""

    PARKED = "parked"
    DEAD = "dead"
    REDRIVEN = "redriven"  # published again by a person; its new life has rows of its own
    DISCARDED = "discarded"
    SUPERSEDED = "superseded"  # a newer event of its subject went through


@dataclass(frozen=True, slots=True)
class ParkedPlace:
    """A parked event without what is heavy: enough to decide whether it may go on."""

    topic: str
    partition: int
    offset: int
    ce_id: str
    key: bytes
    subject: str
    connection_id: str | None
    scope: str
    reason: str
    not_before: datetime
    value_bytes: int


@dataclass(frozen=True, slots=True)
class Passed:
    """A subject that went through: its dead letters received before that time are closed, of any connection."""

    consumer: str
    key: bytes  # of its records
    subject: str
    before: datetime


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """A record that is set aside, whole, with why and until when."""

    consumer: str
    topic: str
    partition: int
    offset: int
    ce_id: str
    key: bytes
    value: bytes
    headers: Headers
    subject: str
    connection_id: str | None
    state: ParkedState
    scope: str  # "subject" or "connection": what waits with it
    reason: str
    detail: str
    attempts: int
    not_before: datetime
    first_failure: datetime
    last_failure: datetime

    @property
    def id(self) -> str:
        """What a person types: `consumer:topic/partition/offset`."""
        return f"{self.consumer}:{self.topic}/{self.partition}/{self.offset}"

    @property
    def place(self) -> ParkedPlace:
        """Return it without what is heavy."""
        return ParkedPlace(
            topic=self.topic,
            partition=self.partition,
            offset=self.offset,
            ce_id=self.ce_id,
            key=self.key,
            subject=self.subject,
            connection_id=self.connection_id,
            scope=self.scope,
            reason=self.reason,
            not_before=self.not_before,
            value_bytes=len(self.value),
        )


_LOG_ORDER: Final = (PARKED.c.topic, PARKED.c.partition, PARKED.c.offset)
_READ: Final = select(*columns_of(PARKED, ParkedEvent)).order_by(*_LOG_ORDER, PARKED.c.consumer, PARKED.c.ce_id)
_STANDS: Final = (*_LOG_ORDER, PARKED.c.ce_id)
_LIGHT: Final = select(
    *(PARKED.c[name] for name in ParkedPlace.__dataclass_fields__ if name != "value_bytes"),
    func.length(PARKED.c.value).label("value_bytes"),
).order_by(*_STANDS)
_KEY: Final = tuple(PARKED.primary_key)
_OPEN: Final = (ParkedState.PARKED.value, ParkedState.DEAD.value)
_ID_PARTS: Final = 3


class Parked:
    """Reads and writes parked events and dead letters."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save(self, rows: Sequence[ParkedEvent]) -> None:
        """Insert or replace by key, in one transaction."""
        async with self._database.writing() as transaction:
            await put_parked(self._database, transaction, rows)

    async def remove(self, rows: Sequence[ParkedEvent]) -> None:
        """Delete parked rows that were handled to an end; one that is gone already is no error."""
        async with self._database.writing() as transaction:
            await remove_parked(transaction, rows)

    async def of_partitions(self, consumer: str, partitions: Collection[TopicPartition]) -> Sequence[ParkedEvent]:
        """Rows in state parked of these partitions, in log order: what the owner takes over on assignment."""
        return await self._read(_waiting(consumer, partitions))

    async def due(
        self, consumer: str, partitions: Collection[TopicPartition], now: datetime, limit: int
    ) -> Sequence[ParkedEvent]:
        """Rows in state parked whose time has come, in log order, at most `limit`: a value may be a megabyte."""
        return await self._read(_waiting(consumer, partitions), PARKED.c.not_before <= now, limit=limit)

    async def places(
        self,
        consumer: str,
        partitions: Collection[TopicPartition],
        limit: int,
        *,
        after: ParkedPlace | None = None,
        due: datetime | None = None,
        but_connections: Collection[str] = (),
        but_keys: Collection[bytes] = (),
    ) -> Sequence[ParkedPlace]:
        """Places of rows in state parked of these partitions, in log order, at most `limit`, those after a place.

        Only what is due by then, when that is given. Without those of some connections, and, of rows without any,
        without those of some keys: at most a few thousand of either.
        """
        conditions = [_waiting(consumer, partitions)]
        if after is not None:
            place = (literal(after.topic), literal(after.partition), literal(after.offset), literal(after.ce_id))
            conditions.append(tuple_(*_STANDS) > tuple_(*place))
        if due is not None:
            conditions.append(PARKED.c.not_before <= due)
        if but_connections:
            conditions.append(or_(PARKED.c.connection_id.is_(None), PARKED.c.connection_id.not_in(but_connections)))
        if but_keys:
            conditions.append(or_(PARKED.c.connection_id.is_not(None), PARKED.c.key.not_in(but_keys)))
        async with self._database.reading() as transaction:
            rows = await transaction.execute(_LIGHT.where(*conditions).limit(limit))
            return [ParkedPlace(*row) for row in rows]

    async def standing(self, consumer: str, keys: Collection[tuple[str, int, int, str]]) -> Sequence[ParkedEvent]:
        """Rows of these (topic, partition, offset, ce_id), as far as they are still parked, in log order."""
        if not keys:
            return []
        parked = PARKED.c.state == ParkedState.PARKED.value
        return await self._read(PARKED.c.consumer == consumer, parked, tuple_(*_STANDS).in_(keys))

    async def supersede(self, consumer: str, subject: str, connection_id: str | None, before: datetime) -> int:
        """Close dead letters of a subject received before; return how many."""
        letters = (
            PARKED.c.consumer == consumer,
            PARKED.c.subject == subject,
            PARKED.c.connection_id == connection_id,
            PARKED.c.state == ParkedState.DEAD.value,
            PARKED.c.received_at < before,
        )
        async with self._database.writing() as transaction:
            close = update(PARKED).where(*letters).values(state=ParkedState.SUPERSEDED.value)
            return (await transaction.execute(close)).rowcount

    async def listed(
        self, state: ParkedState, *, reason: str | None = None, connection_id: str | None = None, limit: int = 1000
    ) -> Sequence[ParkedEvent]:
        """Rows in that state, in log order, at most `limit`; of one reason or connection when it is given."""
        conditions = [PARKED.c.state == state.value]
        if reason is not None:
            conditions.append(PARKED.c.reason == reason)
        if connection_id is not None:
            conditions.append(PARKED.c.connection_id == connection_id)
        return await self._read(*conditions, limit=limit)

    async def find(self, text: str) -> Sequence[ParkedEvent]:
        """By `id`, ce_id or subject, any state."""
        return await self._read(or_(PARKED.c.ce_id == text, PARKED.c.subject == text, _place(text)))

    async def mark(self, row: ParkedEvent, state: ParkedState) -> None:
        """Put a row into that state; one that was handled meanwhile is gone, and stays so."""
        async with self._database.writing() as transaction:
            await transaction.execute(update(PARKED).where(_same(row)).values(state=state.value))

    async def release(self, rows: Sequence[ParkedEvent]) -> int:
        """Make these due now, those still parked; return how many. Their owner takes them at its next look."""
        released = 0
        async with self._database.writing() as transaction:
            for row in rows:
                parked = update(PARKED).where(_same(row), PARKED.c.state == ParkedState.PARKED.value)
                released += (await transaction.execute(parked.values(not_before=self._clock.now()))).rowcount
        return released

    async def counts(self) -> Mapping[tuple[str | None, str, str], int]:
        """(connection id, state, reason) -> rows, of states parked and dead."""
        group = (PARKED.c.connection_id, PARKED.c.state, PARKED.c.reason)
        statement = select(*group, func.count()).where(PARKED.c.state.in_(_OPEN)).group_by(*group)
        async with self._database.reading() as transaction:
            rows = await transaction.execute(statement)
            return {(connection_id, state, reason): count for connection_id, state, reason, count in rows}

    async def purge(self, before: datetime) -> int:
        """Delete closed letters (redriven, discarded, superseded) that failed last before; return how many."""
        closed = delete(PARKED).where(PARKED.c.state.not_in(_OPEN), PARKED.c.last_failure < before)
        async with self._database.writing() as transaction:
            return (await transaction.execute(closed)).rowcount

    async def _read(self, *conditions: Any, limit: int | None = None) -> Sequence[ParkedEvent]:
        async with self._database.reading() as transaction:
            rows = await transaction.execute(_READ.where(*conditions).limit(limit))
            return [_parked_event(row) for row in rows.mappings()]


async def put_parked(database: Database, transaction: AsyncConnection, rows: Sequence[ParkedEvent]) -> None:
    """Insert or replace rows inside a transaction of the caller."""
    if rows:
        ordered = sorted(rows, key=_key)
        new = [values_of(row) | {"received_at": _received_at(row)} for row in ordered]
        await transaction.execute(database.replace(PARKED), new)


async def close_letters(transaction: AsyncConnection, passed: Sequence[Passed]) -> None:
    """Close the dead letters of subjects that went through, inside a transaction of the caller."""
    close = update(PARKED).values(state=ParkedState.SUPERSEDED.value)
    for one in sorted(passed, key=lambda one: (one.consumer, one.key, one.subject)):
        letters = (
            PARKED.c.consumer == one.consumer,
            PARKED.c.subject == one.subject,
            PARKED.c.key == one.key,
            PARKED.c.state == ParkedState.DEAD.value,
            PARKED.c.received_at < one.before,
        )
        await transaction.execute(close.where(*letters))


async def remove_parked(transaction: AsyncConnection, rows: Sequence[ParkedEvent]) -> None:
    """Delete rows inside a transaction of the caller."""
    if rows:
        same = and_(*(column == bindparam(f"its_{column.name}") for column in _KEY))
        keys = [{f"its_{column.name}": getattr(row, column.name) for column in _KEY} for row in sorted(rows, key=_key)]
        await transaction.execute(delete(PARKED).where(same), keys)


def _key(row: ParkedEvent) -> tuple[str, str, int, int, str]:
    return row.consumer, row.topic, row.partition, row.offset, row.ce_id


def _same(row: ParkedEvent) -> ColumnElement[bool]:
    return and_(*(column == getattr(row, column.name) for column in _KEY))


def _waiting(consumer: str, partitions: Collection[TopicPartition]) -> ColumnElement[bool]:
    of_topic: dict[str, list[int]] = {}
    for topic, partition in partitions:
        of_topic.setdefault(topic, []).append(partition)
    places = [and_(PARKED.c.topic == topic, PARKED.c.partition.in_(numbers)) for topic, numbers in of_topic.items()]
    return and_(PARKED.c.consumer == consumer, PARKED.c.state == ParkedState.PARKED.value, or_(false(), *places))


def _place(text: str) -> ColumnElement[bool]:
    """Return the condition for an `id` as a person types it; nothing is found for another text."""
    consumer, _, place = text.rpartition(":")
    parts = place.rsplit("/", 2)
    if not consumer or len(parts) != _ID_PARTS or not (parts[1].isdecimal() and parts[2].isdecimal()):
        return false()
    row = {"consumer": consumer, "topic": parts[0], "partition": int(parts[1]), "offset": int(parts[2])}
    return and_(*(PARKED.c[name] == value for name, value in row.items()))


def _received_at(row: ParkedEvent) -> datetime:
    """Return when its delivery arrived; a record without our envelope counts from its first failure."""
    text = next((value.decode("ascii", "replace") for name, value in row.headers if name == "ce_receivedat"), "")
    try:
        received = datetime.fromisoformat(text)
    except ValueError:
        return row.first_failure
    return received if received.tzinfo else row.first_failure


def _parked_event(row: RowMapping) -> ParkedEvent:
    return ParkedEvent(**{**row, "state": ParkedState(row["state"])})
