"""Who waits for whom. Pure.

While a subject has a parked event, its later events park behind it, so that their order holds. While a whole lane
waits (throttled, offline, to be re-authorised, paused, not connected), its events park with it. The database decides
when a row's time has come, for a person may bring it forward; this knows what is in hand meanwhile.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from consumers.runtime.handler import SubjectKey
from consumers.runtime.outcome import Scope
from relay.store.parked import ParkedEvent, ParkedPlace
from schemas.reasons import Reason
from schemas.records import TopicPartition

Key = tuple[str, int, int, str]  # topic, partition, offset, ce_id
_KEY_LANE: Final = "key:"


def key_of(row: ParkedEvent | ParkedPlace) -> Key:
    """Return what tells a parked row from all others of its consumer."""
    return row.topic, row.partition, row.offset, row.ce_id


def lane_of(connection_id: str | None, key: str) -> str:
    """Return the lane of an event: its connection's, else that of its location or tenant."""
    return connection_id or f"{_KEY_LANE}{key}"


def split(lane: str) -> tuple[str | None, bytes]:
    """Return the connection of a lane, or the key of the records in it."""
    key = lane.removeprefix(_KEY_LANE)
    return (None, key.encode()) if key != lane else (lane, b"")


def _lane(row: ParkedPlace) -> str:
    return lane_of(row.connection_id, _text(row.key))


def _text(key: bytes) -> str:
    return key.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a new event must wait, and until when."""

    until: datetime
    reason: Reason
    scope: Scope


class _Where(Enum):
    STORED = "stored"  # in the database, until its time comes
    SAVING = "saving"  # on its way there
    IN_LANE = "in lane"  # taken out: queued, or in a handler's hands


@dataclass(slots=True)
class _Row:
    subject: SubjectKey
    lane: str
    until: datetime
    look: int  # looks begun when it was noted: only a later one has read it as it is
    where: _Where


@dataclass(slots=True)
class _Subject:
    """The rows of a subject that are not in a lane, by partition in the order of the log."""

    waiting: dict[TopicPartition, list[tuple[int, str]]] = field(default_factory=dict)
    latest: datetime | None = None  # none of them waits longer

    def add(self, key: Key, until: datetime) -> None:
        insort(self.waiting.setdefault(TopicPartition(*key[:2]), []), key[2:])
        self.latest = max(self.latest or until, until)

    def remove(self, key: Key) -> None:
        home = TopicPartition(*key[:2])
        rows = self.waiting[home]
        del rows[bisect_left(rows, key[2:])]
        if not rows:
            del self.waiting[home]

    def before(self, key: Key) -> int:
        return bisect_left(self.waiting.get(TopicPartition(*key[:2]), ()), key[2:])


@dataclass(frozen=True, slots=True)
class _Halt:
    wait: Wait
    key: Key  # of the row that brought it: once that is due, the lane may go on
    look: int


class Waiting:
    """What waits of the partitions that are ours; the values stay in the database until they are due."""

    def __init__(self) -> None:
        self._rows: dict[Key, _Row] = {}
        self._subjects: dict[SubjectKey, _Subject] = {}
        self._halts: dict[str, _Halt] = {}
        self._behind: Counter[str] = Counter()  # lane -> rows that are not in it
        self._looks = 0

    def __len__(self) -> int:
        return len(self._rows)

    def look(self) -> int:
        """Count a look at the database that begins now; what it reads is older than whatever is noted from here on."""
        self._looks += 1
        return self._looks

    def stored(self, rows: Iterable[ParkedPlace]) -> None:
        """Take note of rows that stand in the database; a row noted again is not counted twice."""
        self._note(rows, _Where.STORED)

    def saving(self, rows: Iterable[ParkedPlace]) -> None:
        """Take note of rows that are about to be saved: from now on others wait for them."""
        self._note(rows, _Where.SAVING)

    def ended(self, keys: Iterable[Key]) -> None:
        """Take note of rows that were removed, or are dead."""
        for key in keys:
            self._forget(key)

    def loaded(self, row: ParkedPlace) -> None:
        """Take note that a row went into a lane: the lane it waited in may go on."""
        key, lane = key_of(row), _lane(row)
        self._put(key, _Row(subject_of(row), lane, row.not_before, self._looks, _Where.IN_LANE))
        self._halts.pop(lane, None)

    def may_load(self, row: ParkedPlace, look: int, now: datetime, ahead: int = 0) -> bool:
        """Return whether a row that a look found due by `now` may go into a lane.

        It may not when it is in one already, when it was saved again since the look began, while its lane waits, or
        while earlier events of its subject are not in a lane, but for so many that go `ahead` of it: order holds.
        """
        key = key_of(row)
        known = self._rows.get(key)
        if known is not None and (known.where is not _Where.STORED or known.look >= look):
            return False
        halt = self._halts.get(_lane(row))
        if halt and halt.wait.until > now and not (halt.key == key and halt.look < look):
            return False
        subject = self._subjects.get(subject_of(row))
        return subject is None or subject.before(key) <= ahead

    def knows(self, key: Key) -> bool:
        """Return whether an event is parked: one delivered again after a crash is."""
        return key in self._rows

    def must_wait(self, lane: str, subject: SubjectKey, now: datetime) -> Wait | None:
        """Return why a new event must wait; None when it may go."""
        if (halt := self.halt(lane, now)) is not None:
            return halt
        known = self._subjects.get(subject)
        if known is None or known.latest is None:
            return None
        return Wait(known.latest, Reason.QUEUED_BEHIND, Scope.SUBJECT)

    def halt(self, lane: str, now: datetime) -> Wait | None:
        """Return why a whole lane waits; None when it does not."""
        found = self._halts.get(lane)
        return found.wait if found and found.wait.until > now else None

    def halted(self, now: datetime) -> list[str]:
        """Return the lanes that wait as a whole; forgets those that need not any more."""
        self._halts = {lane: halt for lane, halt in self._halts.items() if halt.wait.until > now}
        return list(self._halts)

    def behind(self, lane: str) -> int:
        """Return how many rows of a lane are not in it."""
        return self._behind[lane]

    def overdue(self, look: int, now: datetime) -> set[Key]:
        """Return the rows that a look from this one on must find due, if they stand at all."""
        return {
            key
            for key, row in self._rows.items()
            if row.where is _Where.STORED and row.look < look and row.until <= now
        }

    def vanished(self, keys: Iterable[Key], look: int) -> None:
        """Forget rows that no look from this one on has found: somebody else ended them."""
        gone = [key for key in keys if (row := self._rows.get(key)) and row.where is _Where.STORED and row.look < look]
        self.ended(gone)

    def drop(self, partitions: Collection[TopicPartition]) -> None:
        """Forget partitions that left: their new owner owns their rows."""
        self.ended([key for key in self._rows if TopicPartition(key[0], key[1]) in partitions])
        self._halts = {
            lane: halt
            for lane, halt in self._halts.items()
            if TopicPartition(halt.key[0], halt.key[1]) not in partitions
        }

    def _note(self, rows: Iterable[ParkedPlace], where: _Where) -> None:
        for row in rows:
            key, lane = key_of(row), _lane(row)
            self._put(key, _Row(subject_of(row), lane, row.not_before, self._looks, where))
            if row.scope != Scope.CONNECTION.value:
                continue
            halt = self._halts.get(lane)
            if halt is None or halt.key == key or halt.wait.until < row.not_before:
                self._halts[lane] = _Halt(Wait(row.not_before, _reason(row), Scope.CONNECTION), key, self._looks)

    def _put(self, key: Key, row: _Row) -> None:
        self._forget(key)
        self._rows[key] = row
        if row.where is not _Where.IN_LANE:
            self._subjects.setdefault(row.subject, _Subject()).add(key, row.until)
            self._behind[row.lane] += 1

    def _forget(self, key: Key) -> None:
        row = self._rows.pop(key, None)
        if row is None or row.where is _Where.IN_LANE:
            return
        subject = self._subjects[row.subject]
        subject.remove(key)
        if not subject.waiting:
            del self._subjects[row.subject]
        self._behind[row.lane] -= 1
        if not self._behind[row.lane]:
            del self._behind[row.lane]


def subject_of(row: ParkedPlace) -> SubjectKey:
    """Return what tells the subject of a row from every other of the consumer."""
    return _text(row.key), row.subject


def _reason(row: ParkedPlace) -> Reason:
    """Return the reason of a row; one saved by a version that knew others waits all the same."""
    try:
        return Reason(row.reason)
    except ValueError:
        return Reason.QUEUED_BEHIND
