"""Writes to Xero: each is a row before it is sent (Idempotency-Key, the request as sent, its subjects, time)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Write:
    key: str  # the Idempotency-Key, <= 128 characters
    tenant_id: str
    method: str
    path: str  # with query, below the API's base
    body: bytes
    subjects: tuple[str, ...]  # link ids or contact ids
    sent_at: datetime
    answered_at: datetime | None = None


class Writes:
    async def record(self, write: Write) -> Write:
        """Insert; return the row that stands when the key is known already."""

    async def open_of(self, subject: str) -> Write | None:
        """The newest write of this subject that has no answer yet."""

    async def answered(self, key: str, at: datetime) -> None: ...
