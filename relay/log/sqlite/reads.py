"""Reading the embedded log: one thread with a connection of its own, beside the writer's."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from relay.log.errors import LogUnavailable, TopicMissing
from relay.log.ports import TopicState
from relay.log.sqlite.file import connect, disk_errors, offset_of, place
from relay.log.sqlite.packing import unpacked
from schemas.records import StoredRecord

T = TypeVar("T")

READ_DEADLINE_S: Final = 5.0
BLOCK_RECORDS: Final = 500
BLOCK_BYTES: Final = 4 * 1_048_576
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a topic stands: its number in the file, its first offset and the one the next record will get."""

    topic_id: int
    first: int
    end: int


class Reads:
    """What may be asked of the file. A call that takes longer than `READ_DEADLINE_S` raises `LogUnavailable`."""

    def __init__(self, executor: ThreadPoolExecutor, connection: sqlite3.Connection) -> None:
        self._executor = executor
        self._connection = connection

    async def topics(self) -> Mapping[str, TopicState]:
        """Return every topic with what it is configured to."""
        rows = await self._ask(
            lambda connection: connection.execute("SELECT name, retention_ms, max_message_bytes FROM topics").fetchall()
        )
        return {
            name: TopicState(
                name=name,
                partitions=1,
                replication_factor=None,
                retention_ms=retention_ms,
                min_insync_replicas=None,
                max_message_bytes=max_message_bytes,
            )
            for name, retention_ms, max_message_bytes in rows
        }

    async def extent(self, topic: str) -> Extent:
        """Return where a topic stands.

        Raises:
            TopicMissing: there is no such topic.
        """
        return await self._ask(lambda connection: _extent(connection, topic))

    async def records(self, topic: str, start: int, end: int) -> list[StoredRecord]:
        """Return a block of the records of `[start, end)`, those that are left; empty when there are none."""
        return await self._ask(lambda connection: _block(connection, topic, start, end))

    async def offset_at(self, topic: str, instant: datetime) -> int:
        """Return the first offset stored at or after an instant; the end when there is none."""
        wanted_ms = -((EPOCH - instant) // timedelta(milliseconds=1))  # upwards: 0.2 ms past a record is after it
        return await self._ask(lambda connection: _offset_at(connection, topic, wanted_ms))

    async def committed(self, group: str) -> Mapping[str, int]:
        """Return a group's offsets by topic, of those that have one."""
        return await self._ask(
            lambda connection: dict(
                connection.execute(
                    "SELECT topics.name, group_offsets.next_offset FROM group_offsets"
                    " JOIN topics ON topics.id = topic_id WHERE group_name = ?",
                    (group,),
                ).fetchall()
            )
        )

    async def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        def answer() -> T:
            with disk_errors("to read"):
                return question(self._connection)

        try:
            async with asyncio.timeout(READ_DEADLINE_S):
                return await asyncio.get_running_loop().run_in_executor(self._executor, answer)
        except TimeoutError:
            raise LogUnavailable(f"the embedded log was not read within {READ_DEADLINE_S} s") from None
        except RuntimeError as error:  # the executor is shut down
            raise LogUnavailable("the embedded log is closed") from error


@asynccontextmanager
async def opened_reads(path: Path) -> AsyncIterator[Reads]:
    """Open a prepared file for reading."""
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log-reads")
    try:
        with disk_errors(f"to open {path}"):
            connection = await asyncio.get_running_loop().run_in_executor(
                executor, lambda: connect(path, busy_s=READ_DEADLINE_S)
            )
        try:
            yield Reads(executor, connection)
        finally:
            executor.submit(connection.close)
    finally:
        executor.shutdown(wait=False)


def _extent(connection: sqlite3.Connection, topic: str) -> Extent:
    row = connection.execute("SELECT id, first_offset, next_offset FROM topics WHERE name = ?", (topic,)).fetchone()
    if row is None:
        raise TopicMissing(f"topic {topic} is missing: run `relay topics apply`")
    return Extent(*row)


def _block(connection: sqlite3.Connection, topic: str, start: int, end: int) -> list[StoredRecord]:
    extent = _extent(connection, topic)
    rows = connection.execute(
        "SELECT place, stored_ms, key, value, headers FROM records"
        " WHERE place >= ? AND place < ? ORDER BY place LIMIT ?",
        (place(extent.topic_id, max(start, 0)), place(extent.topic_id, min(end, extent.end)), BLOCK_RECORDS),
    )
    block: list[StoredRecord] = []
    size = 0
    for key_in_file, stored_ms, key, value, headers in rows:
        stored_at = EPOCH + timedelta(milliseconds=stored_ms)
        block.append(StoredRecord(topic, key, value, unpacked(headers), 0, offset_of(key_in_file), stored_at))
        size += len(value)
        if size >= BLOCK_BYTES:
            break
    rows.close()
    return block


def _offset_at(connection: sqlite3.Connection, topic: str, wanted_ms: int) -> int:
    extent = _extent(connection, topic)
    low, high = extent.first, extent.end
    while low < high:  # offsets have no gaps, and stored_ms never falls along them
        middle = (low + high) // 2
        row = connection.execute(
            "SELECT stored_ms FROM records WHERE place = ?", (place(extent.topic_id, middle),)
        ).fetchone()
        if row is not None and row[0] >= wanted_ms:
            high = middle
        else:  # too old, or gone since the extent was read: older than what is left
            low = middle + 1
    return low
