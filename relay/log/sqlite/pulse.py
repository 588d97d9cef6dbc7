"""Wakes those who wait for new records: at once after a commit of this process, soon after one of another."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

import structlog

from relay.log.sqlite.file import connect

log = structlog.get_logger()

GLANCE_S: Final = 0.05  # how late another process's record may be noticed
FAREWELL_S: Final = 2.0


class Pulse:
    """A beat that many wait for. Take `following` before looking for records, wait for it when there are none."""

    def __init__(self) -> None:
        self._next: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def following(self) -> "asyncio.Future[None]":
        """Return the beat to come."""
        return self._next

    def beat(self) -> None:
        """Wake all who wait; from the event loop only."""
        self._next.set_result(None)
        self._next = asyncio.get_running_loop().create_future()


async def wait_for(beat: "asyncio.Future[None]", seconds: float) -> None:
    """Wait for a beat, at most that long."""
    await asyncio.wait([beat], timeout=max(0.0, seconds))


@asynccontextmanager
async def watched_file(path: Path, pulse: Pulse) -> AsyncIterator[None]:
    """Beat whenever another connection, also of another process, has committed to the file."""
    watch = _Watch(path, pulse, asyncio.get_running_loop())
    watch.start()
    try:
        yield
    finally:
        watch.ended.set()
        await asyncio.to_thread(watch.join, FAREWELL_S)


class _Watch(threading.Thread):
    def __init__(self, path: Path, pulse: Pulse, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name="log-watch", daemon=True)
        self.ended = threading.Event()
        self._path = path
        self._pulse = pulse
        self._loop = loop

    def run(self) -> None:
        seen = -1
        with closing(connect(self._path, busy_s=1.0)) as connection:
            while not self.ended.wait(GLANCE_S):
                try:
                    (version,) = connection.execute("PRAGMA data_version").fetchone()
                except sqlite3.Error as error:
                    log.warning("log.watch_failed", path=str(self._path), error=str(error))
                    version = seen + 1  # whoever waits looks for himself
                if version != seen:
                    seen = version
                    self._loop.call_soon_threadsafe(self._pulse.beat)
