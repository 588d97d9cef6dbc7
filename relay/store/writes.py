"""Writes to Xero: each is a row before it is sent (Idempotency-Key, the request as sent, its subjects, time)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, delete, or_, select, update

from relay.store.engine import Database
from relay.store.errors import Missing
from relay.store.rows import columns_of, values_of
from relay.store.tables import WRITE_SUBJECTS, WRITES


@dataclass(frozen=True, slots=True)
class Write:
    """One write: what was sent under which key, and whether an answer came."""

    key: str  # the Idempotency-Key, <= 128 characters
    tenant_id: str
    method: str
    path: str  # with query, below the API's base
    body: bytes
    subjects: tuple[str, ...]  # link ids or contact ids
    sent_at: datetime
    answered_at: datetime | None = None


_READ: Final = select(*columns_of(WRITES, Write))


class Writes:
    """Remembers writes before they are sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, write: Write) -> Write:
        """Insert; return the row that stands when the key is known already.

        Durable when it returns: only then is the request sent. Of several with one key the first stands.
        """
        insert = self._database.insert(WRITES).on_conflict_do_nothing().values(values_of(write))
        subjects = [{"subject": subject, "key": write.key} for subject in dict.fromkeys(write.subjects)]
        async with self._database.writing() as transaction:
            inserted = await transaction.scalar(insert.returning(WRITES.c.key))
            if inserted is not None and subjects:
                await transaction.execute(WRITE_SUBJECTS.insert(), subjects)
            rows = await transaction.execute(_READ.where(WRITES.c.key == write.key))
            return _write(rows.mappings().one())

    async def open_of(self, subject: str) -> Write | None:
        """The newest write of this subject that has no answer yet."""
        found = await self._read(
            WRITE_SUBJECTS.c.subject == subject, WRITES.c.answered_at.is_(None), order=WRITES.c.sent_at.desc(), limit=1
        )
        return found[0] if found else None

    async def answered(self, key: str, at: datetime) -> None:
        """Say that an answer came, whatever it said; the first time stands.

        Raises:
            Missing: no write of that key was recorded.
        """
        first = update(WRITES).where(WRITES.c.key == key, WRITES.c.answered_at.is_(None)).values(answered_at=at)
        async with self._database.writing() as transaction:
            changed = (await transaction.execute(first)).rowcount
            if not changed and await transaction.scalar(select(WRITES.c.key).where(WRITES.c.key == key)) is None:
                raise Missing(f"no write {key} was recorded")

    async def find(self, text: str) -> Sequence[Write]:
        """Writes of that key or subject, exact, oldest first; for trace."""
        either = or_(WRITES.c.key == text, WRITE_SUBJECTS.c.subject == text)
        return await self._read(either, order=WRITES.c.sent_at, limit=None)

    async def purge(self, before: datetime) -> int:
        """Delete answered writes sent before; return how many. Xero forgets a key long before that."""
        old = delete(WRITES).where(WRITES.c.sent_at < before, WRITES.c.answered_at.is_not(None))
        async with self._database.writing() as transaction:
            return (await transaction.execute(old)).rowcount

    async def _read(self, *conditions: Any, order: Any, limit: int | None) -> Sequence[Write]:
        joined = WRITES.outerjoin(WRITE_SUBJECTS, WRITE_SUBJECTS.c.key == WRITES.c.key)
        keys = select(WRITES.c.key).select_from(joined).where(*conditions)
        statement = _READ.where(WRITES.c.key.in_(keys)).order_by(order, WRITES.c.key).limit(limit)
        async with self._database.reading() as transaction:
            return [_write(row) for row in (await transaction.execute(statement)).mappings()]


def _write(row: RowMapping) -> Write:
    return Write(**{**row, "subjects": tuple(row["subjects"])})
