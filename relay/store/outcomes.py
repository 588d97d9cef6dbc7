"""Outcome rows: what became of each event, for status, trace, replay runs and console. Never asked whether an event
was seen: duplicates are known by freshness alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


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


class Outcomes:
    async def report(self, rows: Sequence[OutcomeRow]) -> None:
        """Insert or replace by key, in one transaction."""

    async def find(self, text: str) -> Sequence[OutcomeRow]:
        """Rows whose ce_id, delivery id, subject or link is exactly that, oldest first."""

    async def counts(self, since: datetime) -> Mapping[tuple[str | None, str], int]:
        """(connection id, outcome) -> rows handled since."""

    async def newest(self, connection_id: str) -> datetime | None: ...
