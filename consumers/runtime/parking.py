"""Who waits for whom. Pure.

While a subject has a parked event, its later events park behind it, so that their order holds. While a whole
connection waits (throttled, offline, to be re-authorised, paused), its events park with it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from relay.store.parked import ParkedEvent
from schemas.reasons import Reason
from schemas.records import TopicPartition

Key = tuple[str, int, int, str]  # topic, partition, offset, ce_id
Subject = tuple[str | None, str]  # connection, subject


def key_of(row: ParkedEvent) -> Key:
    """Return what tells a parked row from all others of its consumer."""
    return row.topic, row.partition, row.offset, row.ce_id


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a new event must wait, and until when."""

    until: datetime
    reason: Reason
    scope: str


class Waiting:
    """What waits in the database of the partitions that are ours; the values stay there until they are due."""

    def __init__(self) -> None:
        self._rows: dict[Key, Subject] = {}
        self._subjects: dict[Subject, tuple[int, datetime]] = {}  # rows, and until when the last of them waits
        self._connections: dict[str, Wait] = {}
        self._loaded: dict[Key, ParkedEvent] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def parked(self, rows: Iterable[ParkedEvent]) -> None:
        """Take note of rows that were saved; a row saved again is not counted twice."""
        for row in rows:
            self._note(row)
            self._loaded.pop(key_of(row), None)
            if row.scope == "connection" and row.connection_id:
                wait = self._connections.get(row.connection_id)
                if wait is None or wait.until < row.not_before:
                    self._connections[row.connection_id] = Wait(row.not_before, Reason(row.reason), row.scope)

    def ended(self, rows: Iterable[ParkedEvent]) -> None:
        """Take note of rows that were removed, or are dead."""
        for row in rows:
            self._forget(key_of(row))

    def load(self, row: ParkedEvent, now: datetime) -> bool:
        """Return whether a due row may go into a lane, and note that it does.

        It may not when it is in one already, or when an earlier event of its subject, or its connection, was parked
        again meanwhile: order holds.
        """
        key = key_of(row)
        known = self._subjects.get((row.connection_id, row.subject))
        wait = self._connections.get(row.connection_id or "")
        if key in self._loaded or (known and known[1] > now) or (wait and wait.until > now):
            return False
        self._note(row)
        self._loaded[key] = row
        return True

    def knows(self, key: Key) -> bool:
        """Return whether an event is parked: one delivered again after a crash is."""
        return key in self._rows

    def row(self, key: Key) -> ParkedEvent | None:
        """Return the row behind an event that came out of the database; None for one straight from the log."""
        return self._loaded.get(key)

    def must_wait(self, connection_id: str | None, subject: str, now: datetime) -> Wait | None:
        """Return why a new event must wait; None when it may go."""
        if connection_id is not None and (wait := self._connections.get(connection_id)) is not None:
            if wait.until > now:
                return wait
            del self._connections[connection_id]
        if (known := self._subjects.get((connection_id, subject))) is not None:
            return Wait(known[1], Reason.QUEUED_BEHIND, "subject")
        return None

    def drop(self, partitions: Collection[TopicPartition]) -> None:
        """Forget partitions that left: their new owner owns their rows."""
        for key in [key for key in self._rows if TopicPartition(key[0], key[1]) in partitions]:
            self._forget(key)

    def _note(self, row: ParkedEvent) -> None:
        key, subject = key_of(row), (row.connection_id, row.subject)
        if (before := self._rows.get(key)) is not None and before != subject:
            self._forget(key)  # its connection was made, or changed, meanwhile
        count, until = self._subjects.get(subject, (0, row.not_before))
        self._subjects[subject] = (count + (key not in self._rows), max(until, row.not_before))
        self._rows[key] = subject

    def _forget(self, key: Key) -> None:
        self._loaded.pop(key, None)
        if (subject := self._rows.pop(key, None)) is None:
            return
        count, until = self._subjects.pop(subject)
        if count > 1:
            self._subjects[subject] = (count - 1, until)
