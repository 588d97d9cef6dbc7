"""The one thread that writes the embedded log: group commit.

What arrived while the previous transaction was committed forms the next one: one fsync for all who wait, each of whom
gets a result of its own. No task of the event loop ever waits for the disk in line.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from relay.clock import Clock
from relay.log.errors import LogError, LogUnavailable
from relay.log.sqlite.file import connect, disk_errors
from relay.log.sqlite.pulse import Pulse
from relay.log.sqlite.transaction import Topic, Transaction, read_topics
from relay.telemetry import metrics

log = structlog.get_logger()

T = TypeVar("T")
Work = Callable[[Transaction], T]

MOST_AT_ONCE: Final = 1024  # pieces of work in one transaction
CARE_EVERY_S: Final = 60.0  # how often retention is looked after
CARE_PAUSE_S: Final = 0.05  # between two rounds of it, while there is more to remove
CARE_RECORDS: Final = 1000  # removed per topic at a time: a writer never waits long for it
FAREWELL_S: Final = 5.0


class Writer:
    """Takes work from the event loop, does it in its own thread. Work must not wait, and change all or nothing."""

    def __init__(self, path: Path, *, clock: Clock, retention: timedelta, pulse: Pulse) -> None:
        self._path = path
        self._clock = clock
        self._retention = retention
        self._pulse = pulse
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread = threading.Thread()
        self._closed = False
        self._topics: dict[str, Topic] | None = None  # these two belong to the thread
        self._data_version = 0
        self._care_after_s = 0.0  # until retention is looked after again
        self._cared_at = clock.monotonic()

    async def run(self, work: Work[T], *, doing: str, seconds: float) -> T:
        """Do a piece of work in the next transaction; return its result once that is durable.

        Cancelling, or running out of time, takes the work back only if its transaction has not begun.

        Raises:
            LogUnavailable: not known to be stored within `seconds`.
            LogError: what the work itself raised; it changed nothing.
        """
        if self._closed:
            raise LogUnavailable(f"the embedded log is closed: {doing}")
        item = _Item(work, self._loop.create_future())
        self._waiting.put(item)
        try:
            async with asyncio.timeout(seconds):
                result: T = await item.future
                return result
        except TimeoutError:
            raise LogUnavailable(f"the embedded log took longer than {seconds} s: {doing}") from None

    def start(self, connection: sqlite3.Connection) -> None:
        """Start the thread; the connection is its own from now on."""
        self._thread = threading.Thread(target=self._run, args=(connection,), name="log-writer", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Do what waits, then end the thread; leave it behind when the disk hangs."""
        self._closed = True
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join, FAREWELL_S)
        if self._thread.is_alive():
            log.warning("log.writer_abandoned", path=str(self._path), after_s=FAREWELL_S)

    def _run(self, connection: sqlite3.Connection) -> None:
        with closing(connection):
            while True:
                items, last = self._gather()
                if items:
                    self._settle(items, self._commit(connection, items))
                if last:
                    return
                self._care(connection)

    def _gather(self) -> tuple[list["_Item"], bool]:
        items: list[_Item] = []
        try:
            item = self._waiting.get(timeout=max(self._care_after_s, CARE_PAUSE_S))
            while item is not None:
                if not item.future.cancelled():
                    items.append(item)
                if len(items) == MOST_AT_ONCE:
                    return items, False
                item = self._waiting.get_nowait()
        except queue.Empty:
            return items, False
        return items, True

    def _commit(self, connection: sqlite3.Connection, items: Sequence["_Item"]) -> Sequence[object]:
        try:
            return self._in_transaction(connection, lambda transaction: [_outcome(item, transaction) for item in items])
        except LogUnavailable as error:
            return [LogUnavailable(str(error)) for _ in items]  # one each: raising one many times mixes tracebacks

    def _in_transaction(self, connection: sqlite3.Connection, work: Work[T]) -> T:
        try:
            connection.execute("BEGIN IMMEDIATE")
            transaction = Transaction(connection, self._now_ms(), self._known_topics(connection))
            result = work(transaction)
            transaction.flush()
            connection.execute("COMMIT")
        except Exception as error:
            log.exception("log.write_failed", path=str(self._path))
            self._topics = None  # what the transaction made of them is not in the file
            with suppress(sqlite3.Error):  # nothing is kept without the COMMIT, whatever this says
                connection.rollback()
            raise LogUnavailable(f"the embedded log could not be written: {error}") from error
        if transaction.appended:
            metrics.PUBLISH_BATCH_SIZE.observe(transaction.appended)
        return result

    def _known_topics(self, connection: sqlite3.Connection) -> dict[str, Topic]:
        """Return the topics, read anew where another connection has changed the file; the write lock is held."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if self._topics is None or version != self._data_version:
            self._topics = read_topics(connection)
            self._data_version = version
        return self._topics

    def _settle(self, items: Sequence["_Item"], outcomes: Sequence[object]) -> None:
        def tell() -> None:
            for item, outcome in zip(items, outcomes, strict=True):
                if item.future.done():
                    continue
                if isinstance(outcome, LogError):
                    item.future.set_exception(outcome)
                else:
                    item.future.set_result(outcome)
            self._pulse.beat()

        self._loop.call_soon_threadsafe(tell)

    def _care(self, connection: sqlite3.Connection) -> None:
        if self._clock.monotonic() - self._cared_at < self._care_after_s:
            return
        try:
            removed = self._in_transaction(
                connection, lambda transaction: transaction.remove_expired(self._retention, CARE_RECORDS)
            )
        except LogUnavailable:
            removed = 0  # logged where it happened; the next round tries again
        if removed:
            log.info("log.expired_removed", path=str(self._path), records=removed)
        self._care_after_s = CARE_PAUSE_S if removed else CARE_EVERY_S
        self._cared_at = self._clock.monotonic()

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


class _Item:
    __slots__ = ("future", "work")

    def __init__(self, work: Work[Any], future: "asyncio.Future[Any]") -> None:
        self.work = work
        self.future = future


def _outcome(item: _Item, transaction: Transaction) -> object:
    if item.future.cancelled():  # ran out of time while we waited for the lock: nobody would hear of it
        return None
    try:
        return item.work(transaction)
    except LogError as refusal:
        return refusal


@asynccontextmanager
async def started_writer(
    path: Path, *, clock: Clock, retention: timedelta, busy_s: float, pulse: Pulse
) -> AsyncIterator[Writer]:
    """Open the writer of a prepared file."""
    writer = Writer(path, clock=clock, retention=retention, pulse=pulse)
    with disk_errors(f"to open {path}"):
        writer.start(await asyncio.to_thread(connect, path, busy_s=busy_s))
    try:
        yield writer
    finally:
        await writer.close()
