"""Outcome rows: what became of each event, for status, trace, replay runs and console.

Never asked whether an event was seen: duplicates are known by freshness alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.store.engine import Database
from relay.store.rows import columns_of, values_of
from relay.store.tables import OUTCOMES, PARKED


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """Key: (consumer, ce_id, run_id)."""

    consumer: str
    ce_id: str
    run_id: str  # "" for live
    delivery_id: str
    type: str
    connection_id: str | None
    subject: str
    link: str | None
    outcome: str  # done skipped retry park dead
    reason: str | None
    detail: str
    settings_version: int | None
    topic: str
    partition: int
    offset: int
    attempts: int
    received_at: datetime
    handled_at: datetime


_READ = select(*columns_of(OUTCOMES, OutcomeRow)).order_by(OUTCOMES.c.handled_at, OUTCOMES.c.offset)
_STANDING: Final = ("parked", "dead")  # states of a parked event that somebody still waits for


class Outcomes:
    """Writes and counts outcome rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, rows: Sequence[OutcomeRow]) -> None:
        """Insert or replace by key, in one transaction; of rows with one key the last stands."""
        async with self._database.writing() as transaction:
            await put_outcomes(self._database, transaction, rows)

    async def find(self, text: str) -> Sequence[OutcomeRow]:
        """Rows whose ce_id, delivery id, subject or link is exactly that, oldest first."""
        return await self._read(
            or_(*(OUTCOMES.c[name] == text for name in ("ce_id", "delivery_id", "subject", "link")))
        )

    async def of_run(self, run_id: str) -> Mapping[str, int]:
        """Return what became of the events of a replay: outcome -> rows."""
        statement = select(OUTCOMES.c.outcome, func.count().label("rows")).where(OUTCOMES.c.run_id == run_id)
        async with self._database.reading() as transaction:
            rows = await transaction.execute(statement.group_by(OUTCOMES.c.outcome))
            return {row.outcome: row.rows for row in rows}

    async def counts(self, since: datetime) -> Mapping[tuple[str | None, str], int]:
        """(connection id, outcome) -> rows handled since."""
        group = (OUTCOMES.c.connection_id, OUTCOMES.c.outcome)
        statement = select(*group, func.count()).where(OUTCOMES.c.handled_at >= since).group_by(*group)
        async with self._database.reading() as transaction:
            rows = await transaction.execute(statement)
            return {(connection_id, outcome): count for connection_id, outcome, count in rows}

    async def newest(self, connection_id: str) -> datetime | None:
        """Return when the last event of a connection was handled, None before the first."""
        statement = select(func.max(OUTCOMES.c.handled_at)).where(OUTCOMES.c.connection_id == connection_id)
        async with self._database.reading() as transaction:
            newest: datetime | None = await transaction.scalar(statement)
        return newest

    async def oldest_live(self) -> datetime | None:
        """Return when the live event that was handled longest ago was handled last; None without any."""
        async with self._database.reading() as transaction:
            moment: datetime | None = await transaction.scalar(
                select(func.min(OUTCOMES.c.handled_at)).where(OUTCOMES.c.run_id == "")
            )
        return moment

    async def purge(self, before: datetime) -> int:
        """Delete the rows handled before, but for events that still wait or are dead letters; return how many."""
        waits = exists().where(
            and_(
                PARKED.c.consumer == OUTCOMES.c.consumer,
                PARKED.c.ce_id == OUTCOMES.c.ce_id,
                PARKED.c.state.in_(_STANDING),
            )
        )
        async with self._database.writing() as transaction:
            purged = await transaction.execute(delete(OUTCOMES).where(OUTCOMES.c.handled_at < before, ~waits))
            return purged.rowcount

    async def _read(self, condition: Any) -> Sequence[OutcomeRow]:
        async with self._database.reading() as transaction:
            return [OutcomeRow(**row) for row in (await transaction.execute(_READ.where(condition))).mappings()]


async def put_outcomes(database: Database, transaction: AsyncConnection, rows: Sequence[OutcomeRow]) -> None:
    """Insert or replace rows inside a transaction of the caller.

    In the order of their keys, so that two processes that report the same events cannot wait for each other.
    """
    if rows:
        ordered = sorted(rows, key=lambda row: (row.consumer, row.ce_id, row.run_id))
        await transaction.execute(database.replace(OUTCOMES), [values_of(row) for row in ordered])
