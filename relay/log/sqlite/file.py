"""The file of the embedded log: its tables, how it is opened, and what its errors mean.

WAL, so that readers and the writer do not wait for each other; `synchronous=FULL`, so that a commit is on disk when it
returns. A record's `place` is its topic's number and its offset in one integer: one b-tree, appended to at one spot a
topic, no second index. Offsets of a topic have no gaps, and `stored_ms` never falls along them.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from relay.log.errors import LogUnavailable

VERSION: Final = 1
OFFSET_BITS: Final = 40  # a million million records a topic
TABLES: Final = """
CREATE TABLE IF NOT EXISTS topics (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    first_offset INTEGER NOT NULL DEFAULT 0,
    next_offset INTEGER NOT NULL DEFAULT 0,
    stored_ms INTEGER NOT NULL DEFAULT 0,
    retention_ms INTEGER NOT NULL,
    max_message_bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS records (
    place INTEGER PRIMARY KEY,
    stored_ms INTEGER NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    headers BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS groups (
    name TEXT PRIMARY KEY,
    fence INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS group_offsets (
    group_name TEXT NOT NULL,
    topic_id INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (group_name, topic_id)
) WITHOUT ROWID;
"""


def place(topic_id: int, offset: int) -> int:
    """Return the key of a record in the file."""
    return topic_id << OFFSET_BITS | offset


def offset_of(place: int) -> int:
    """Return the offset in a record's key."""
    return place & ((1 << OFFSET_BITS) - 1)


@contextmanager
def disk_errors(doing: str) -> Iterator[None]:
    """Turn what the disk and SQLite raise into `LogUnavailable`, which says what was being done."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise LogUnavailable(f"the embedded log failed {doing}: {error}") from error


def prepare(path: Path) -> None:
    """Make the file and its tables where they are missing; several processes may do so at once. Blocks.

    Raises:
        LogUnavailable: the folder or file cannot be written, or another version of the relay made the file.
    """
    with disk_errors(f"to open {path}"):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with path.with_name(f"{path.name}.lock").open("w") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)  # held for the moment it takes: switching to WAL does not wait by itself
            with closing(connect(path, busy_s=5.0)) as connection:
                _make_tables(connection, path)


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, VERSION):
        raise LogUnavailable(f"{path} has format {version}, this relay knows {VERSION}: run the version that made it")
    connection.execute("PRAGMA journal_mode=WAL")
    if version == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {TABLES} PRAGMA user_version={VERSION}; COMMIT")


def connect(path: Path, *, busy_s: float) -> sqlite3.Connection:
    """Return a connection for one thread at a time; it waits `busy_s` for another process's writer."""
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=4000")
    connection.execute("PRAGMA journal_size_limit=67108864")
    return connection
