"""Parked events and dead letters: one table, rows keyed by (consumer, topic, partition, offset, ce_id: a topic made anew repeats offsets)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.records import Headers, TopicPartition


class ParkedState(StrEnum):
    PARKED = "parked"
    DEAD = "dead"
    REDRIVEN = "redriven"  # published again by a person; its new life has rows of its own
    DISCARDED = "discarded"
    SUPERSEDED = "superseded"  # a newer event of its subject went through


@dataclass(frozen=True, slots=True)
class ParkedEvent:
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


class Parked:
    async def save(self, rows: Sequence[ParkedEvent]) -> None:
        """Insert or replace by key, in one transaction."""

    async def remove(self, rows: Sequence[ParkedEvent]) -> None:
        """Delete parked rows that were handled to an end."""

    async def of_partitions(self, consumer: str, partitions: Collection[TopicPartition]) -> Sequence[ParkedEvent]:
        """Rows in state parked of these partitions, in log order: what the owner takes over on assignment."""

    async def due(
        self, consumer: str, partitions: Collection[TopicPartition], now: datetime, limit: int
    ) -> Sequence[ParkedEvent]:
        """Rows in state parked whose time has come, in log order."""

    async def supersede(self, consumer: str, subject: str, connection_id: str | None, before: datetime) -> int:
        """Close dead letters of a subject received before; return how many."""

    async def listed(
        self, state: ParkedState, *, reason: str | None = None, connection_id: str | None = None, limit: int = 1000
    ) -> Sequence[ParkedEvent]: ...
    async def find(self, text: str) -> Sequence[ParkedEvent]:
        """By `id`, ce_id or subject, any state."""

    async def mark(self, row: ParkedEvent, state: ParkedState) -> None: ...
    async def counts(self) -> Mapping[tuple[str | None, str, str], int]:
        """(connection id, state, reason) -> rows, of states parked and dead."""
