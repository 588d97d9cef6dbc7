"""The three ways into the log. Adapters: `embedded.py` and `kafka/`; tests/contract holds both to these texts.

Topic names are those of `schemas/topics.py`; an adapter adds the installation's prefix and takes it off again.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.records import Record, StoredRecord, TopicPartition
from schemas.topics import TopicSpec


class Publisher(Protocol):
    """The way into the log."""

    async def publish(self, records: Sequence[Record]) -> None:
        """Return once every record is durable: on all in-sync replicas, or fsynced.

        Called once per delivery, many at a time. Waits, but never beyond the deadline the adapter was made with.
        Records of one key keep the order given. Cancelling does not unsend: the records may still arrive.

        Raises:
            LogUnavailable: not known to be stored. Never answer 2xx; expect a duplicate later.
            EventTooLarge: will never fit. Answer 413; trying again is pointless.
            TopicMissing: as LogUnavailable, and an operator must run `relay topics apply`.
        """

    async def ready(self) -> bool:
        """Return whether a record published now would be taken: for readiness, within two seconds."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A partition that is ours, since an epoch: a number that grows with each assignment of this member.

    Work started under one epoch must not be committed under another.
    """

    partition: TopicPartition
    epoch: int
    start: int  # the first offset that will be delivered


class Listener(Protocol):
    """Who wants to know of rebalances. The adapter calls it, and logs what it raises as an error."""

    async def assigned(self, assignments: Sequence[Assignment]) -> None:
        """Take these partitions on; called before their first record is delivered. Must not wait for a poll."""

    async def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Let these partitions go: commit what is done, within the adapter's deadline. Must not wait for a poll."""


class GroupReader(Protocol):
    """A member of a consumer group. One task polls; any task may commit. No offset is ever committed by itself.

    A group without an offset, or with one that retention removed, starts at the earliest record and logs it
    (`reader.started_at_earliest`, `reader.offset_lost`): never at the latest, which would lose answered deliveries.
    """

    async def poll(self, timeout_s: float) -> Sequence[StoredRecord]:
        """Return what has arrived, in order of offset per partition; empty after `timeout_s` without any.

        Must be called again within five minutes, also when every partition is paused.

        Raises:
            LogUnavailable: nothing could be read; the caller may poll again or close and open anew.
        """

    async def commit(self, offsets: Mapping[TopicPartition, tuple[int, int]]) -> None:
        """Store, per partition, (epoch, next offset to read). Waits at most the adapter's deadline.

        Raises:
            Fenced: some partition is not ours under that epoch; nothing of the call is stored for it.
            LogUnavailable: not known to be stored; committing again later is right.
        """

    def assignments(self) -> Mapping[TopicPartition, Assignment]:
        """Return what is ours at this moment."""

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Deliver nothing of these until `resume`; holds across rebalances while the partition stays ours."""

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """Deliver these again, losing and repeating nothing."""

    async def lag(self) -> Mapping[TopicPartition, int]:
        """Return records not yet committed by this group, for the partitions that are ours."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a partition holds: the first offset still there, and the one the next record will get."""

    first: int
    end: int


class Scanner(Protocol):
    """Bounded reading outside any group: trace, replay and rebuild use it. It commits nothing and disturbs nobody."""

    async def bounds(self, topic: str) -> Mapping[int, Bounds]:
        """Return the bounds of each partition of a topic.

        Raises:
            TopicMissing: there is no such topic.
            LogUnavailable: not known now.
        """

    async def offsets_at(self, topic: str, instant: datetime) -> Mapping[int, int]:
        """Return per partition the first offset stored at or after that instant; the end when there is none."""

    def scan(self, partition: TopicPartition, start: int, end: int) -> AsyncIterator[Sequence[StoredRecord]]:
        """Yield the records of `[start, end)` in order, in blocks; what retention removed is left out."""


@dataclass(frozen=True, slots=True)
class TopicState:
    """What a topic is at present; None where the log does not say or does not know the notion."""

    name: str
    partitions: int
    replication_factor: int | None
    retention_ms: int | None
    min_insync_replicas: int | None
    max_message_bytes: int | None


class Topics(Protocol):
    """Looks after topics."""

    async def describe(self) -> Mapping[str, TopicState]:
        """Return those of `schemas.topics.ALL` that exist."""

    async def create(self, specs: Sequence[TopicSpec]) -> None:
        """Create topics; one that exists meanwhile is no error."""

    async def alter(self, spec: TopicSpec) -> None:
        """Bring configuration and partition count of an existing topic up to the specification."""


class Log(Protocol):
    """An opened log: what the composition root hands out parts of. Closed by the `async with` that opened it."""

    publisher: Publisher
    scanner: Scanner
    topics: Topics

    async def join(self, group: str, topics: Sequence[str], listener: Listener) -> GroupReader:
        """Join a consumer group; the reader is closed with the log, or earlier by `leave`."""

    async def leave(self, reader: GroupReader) -> None:
        """Leave the group within a deadline, calling `revoked` first, so that others may go on at once."""
