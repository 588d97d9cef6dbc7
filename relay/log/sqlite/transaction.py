"""One transaction of the writer: everything that changes the file, for all who waited.

A piece of work that is refused raises one of the log's errors *before* it has changed anything: its neighbours in the
transaction are kept. Any error of SQLite rolls back the whole.

Few and large statements: `sqlite3` lets go of the interpreter's lock at every step, and beside a busy event loop it may
wait milliseconds to have it back. So rows go in many to a statement, and what was packed by the caller is not touched.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple

from relay.log.errors import EventTooLarge, Fenced, TopicMissing
from relay.log.sizes import size_bytes
from relay.log.sqlite.file import place
from relay.log.sqlite.packing import packed
from schemas.records import Record
from schemas.topics import TopicSpec

COLUMNS: Final = 5
ROWS_AT_ONCE: Final = (64, 16, 4, 1)  # few statements, so that SQLite's compiled ones are found again
INSERTS: Final = {rows: f"INSERT INTO records VALUES {', '.join(['(?, ?, ?, ?, ?)'] * rows)}" for rows in ROWS_AT_ONCE}


class Entry(NamedTuple):
    """A record made ready for the file by whoever publishes it, so that the writer's thread has little to do."""

    topic: str
    size: int
    key: bytes
    value: bytes
    headers: bytes


def entry(record: Record) -> Entry:
    """Return a record made ready."""
    return Entry(record.topic, size_bytes(record), record.key, record.value, packed(record.headers))


@dataclass(slots=True)
class Topic:
    """A topic as the writer knows it; `changed` once this transaction appended or removed something."""

    id: int
    first_offset: int
    next_offset: int
    stored_ms: int
    retention_ms: int
    max_message_bytes: int
    changed: bool = False


class Transaction:
    """The writer's view of the file while it holds the write lock; used in the writer's thread only."""

    def __init__(self, connection: sqlite3.Connection, now_ms: int, topics: dict[str, Topic] | None = None) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._values: list[int | bytes] = []
        self.topics = read_topics(connection) if topics is None else topics
        self.appended = 0

    def append(self, entries: Sequence[Entry]) -> None:
        """Add records at the ends of their topics.

        Raises:
            TopicMissing: a topic was not created; nothing is added.
            EventTooLarge: a record is larger than its topic takes; nothing is added.
        """
        for name, size, *_ in entries:
            if size > (most := self._topic(name).max_message_bytes):
                raise EventTooLarge(f"a record of {size} bytes for {name}: its topic takes {most}")
        for name, _, key, value, headers in entries:
            topic = self.topics[name]
            topic.stored_ms = max(topic.stored_ms, self._now_ms)  # offsets_at searches by halves
            self._values += (place(topic.id, topic.next_offset), topic.stored_ms, key, value, headers)
            topic.next_offset += 1
            topic.changed = True
        self.appended += len(entries)

    def flush(self) -> None:
        """Write what was appended; the last thing before the commit."""
        done = 0
        for rows in ROWS_AT_ONCE:
            while done + rows <= self.appended:
                values = self._values[done * COLUMNS : (done + rows) * COLUMNS]
                self._connection.execute(INSERTS[rows], values)
                done += rows
        for topic in self.topics.values():
            if topic.changed:
                self._connection.execute(
                    "UPDATE topics SET first_offset = ?, next_offset = ?, stored_ms = ? WHERE id = ?",
                    (topic.first_offset, topic.next_offset, topic.stored_ms, topic.id),
                )
                topic.changed = False

    def remove_expired(self, limit: timedelta, most: int) -> int:
        """Remove up to `most` records of each topic that are older than its retention or `limit`; return how many."""
        removed = 0
        for topic in self.topics.values():
            kept_ms = min(topic.retention_ms, limit // timedelta(milliseconds=1))
            (expired,) = self._connection.execute(
                "SELECT count(*) FROM (SELECT stored_ms FROM records WHERE place >= ? AND place < ?"
                " ORDER BY place LIMIT ?) WHERE stored_ms < ?",
                (
                    place(topic.id, topic.first_offset),
                    place(topic.id, topic.next_offset),
                    most,
                    self._now_ms - kept_ms,
                ),
            ).fetchone()
            if expired:
                until = topic.first_offset + expired
                self._connection.execute(
                    "DELETE FROM records WHERE place >= ? AND place < ?", (place(topic.id, 0), place(topic.id, until))
                )
                topic.first_offset = until
                topic.changed = True
                removed += expired
        return removed

    def create_topic(self, spec: TopicSpec) -> None:
        """Create a topic, unless it is there."""
        if spec.name in self.topics:
            return
        retention_ms = spec.retention // timedelta(milliseconds=1)
        cursor = self._connection.execute(
            "INSERT INTO topics (name, retention_ms, max_message_bytes) VALUES (?, ?, ?)",
            (spec.name, retention_ms, spec.max_message_bytes),
        )
        assert cursor.lastrowid is not None  # noqa: S101 - an insert that did not raise has a row
        self.topics[spec.name] = Topic(cursor.lastrowid, 0, 0, 0, retention_ms, spec.max_message_bytes)

    def alter_topic(self, spec: TopicSpec) -> None:
        """Set what a topic is configured to.

        Raises:
            TopicMissing: there is no such topic.
        """
        topic = self._topic(spec.name)
        topic.retention_ms = spec.retention // timedelta(milliseconds=1)
        topic.max_message_bytes = spec.max_message_bytes
        self._connection.execute(
            "UPDATE topics SET retention_ms = ?, max_message_bytes = ? WHERE id = ?",
            (topic.retention_ms, topic.max_message_bytes, topic.id),
        )

    def raise_fence(self, group: str) -> int:
        """Return the fence of a group's new reader; every older reader's commits are refused from now on."""
        self._connection.execute(
            "INSERT INTO groups VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET fence = fence + 1", (group,)
        )
        (fence,) = self._connection.execute("SELECT fence FROM groups WHERE name = ?", (group,)).fetchone()
        return int(fence)

    def commit_offsets(self, group: str, fence: int, offsets: Mapping[str, int]) -> None:
        """Store a group's offsets by topic.

        Raises:
            Fenced: another reader took the group over; nothing is stored.
        """
        row = self._connection.execute("SELECT fence FROM groups WHERE name = ?", (group,)).fetchone()
        if row is None or row[0] != fence:
            raise Fenced(f"group {group} was taken over by another reader")
        self._connection.executemany(
            "INSERT OR REPLACE INTO group_offsets VALUES (?, ?, ?)",
            [(group, self._topic(topic).id, following) for topic, following in offsets.items()],
        )

    def _topic(self, name: str) -> Topic:
        try:
            return self.topics[name]
        except KeyError:
            raise TopicMissing(f"topic {name} is missing: run `relay topics apply`") from None


def read_topics(connection: sqlite3.Connection) -> dict[str, Topic]:
    """Return the topics by name, as the file has them."""
    rows = connection.execute(
        "SELECT name, id, first_offset, next_offset, stored_ms, retention_ms, max_message_bytes FROM topics"
    )
    return {name: Topic(*values) for name, *values in rows.fetchall()}
