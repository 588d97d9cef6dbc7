"""SQLite as the relay opens it: durable, many readers beside one writer, several processes of one machine.

Reader and writer are two engines: the writer has one connection, so that the tasks of a process write in the order they
asked, without waiting in threads for each other.
"""

import asyncio
import os
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

from sqlalchemy import Connection, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_PATIENCE_SHARE: Final = 0.8  # SQLite gives up before we do: its thread, waiting for a lock, cannot be called back
_PATIENCE_S: Final = 10.0
_READERS: Final = 10


class Dialect(SQLiteDialect_aiosqlite):
    """SQLAlchemy's own, but a connection whose task was cancelled is left to its thread to close.

    SQLAlchemy waits for that thread; cancelled a second time meanwhile, as a task group does, it leaves a task behind
    that never ends, and `asyncio.run` then waits for it for ever.
    """

    supports_statement_cache = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.closing: set[asyncio.Future[Any]] = set()  # of connections that are left to their threads
        self._left: WeakSet[Any] = WeakSet()

    def do_terminate(self, dbapi_connection: Any) -> None:
        """Close it after what its thread is at; returns at once."""
        driver = dbapi_connection.driver_connection
        if driver not in self._left and (closing := driver.stop()):
            self._left.add(driver)  # a second stop would be answered by nobody
            self.closing.add(closing)
            closing.add_done_callback(self.closing.discard)


registry.register("sqlite.relay", __name__, Dialect.__name__)


def sqlite_engines(url: URL, options: dict[str, Any]) -> tuple[AsyncEngine, AsyncEngine]:
    """Return (reader, writer) of one file; the file and its folder are made, for their owner alone.

    A transaction of the writer waits for other processes' locks as long as its connection's option `patience_s` says.
    """
    _made(Path(str(url.database)))
    ours = url.set(drivername="sqlite+relay")
    reader = create_async_engine(ours, pool_size=_READERS, **options)
    writer = create_async_engine(ours, pool_size=1, **options)
    _prepare(reader, "PRAGMA query_only=ON")
    _prepare(writer, "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON")
    event.listen(reader.sync_engine, "begin", _begin_reading)
    event.listen(writer.sync_engine, "begin", _begin_writing)
    return reader, writer


async def disposed(engine: AsyncEngine) -> None:
    """Close every connection, and wait for those that are left to their threads: these need the event loop."""
    await engine.dispose()
    if isinstance(engine.dialect, Dialect) and engine.dialect.closing:
        await asyncio.wait(engine.dialect.closing)


def _made(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its -wal and -shm the same mode


def _prepare(engine: AsyncEngine, *pragmas: str) -> None:
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        cursor = connection.cursor()
        for pragma in ("PRAGMA journal_mode=WAL", *pragmas):
            cursor.execute(pragma)
        cursor.close()

    event.listen(engine.sync_engine, "connect", prepare)


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    patience_s = connection.get_execution_options().get("patience_s", _PATIENCE_S) * _PATIENCE_SHARE
    connection.exec_driver_sql(f"PRAGMA busy_timeout={max(1, int(patience_s * 1000))}")
    # IMMEDIATE takes the write lock at once: a transaction that reads first could fail later, its snapshot being old
    connection.exec_driver_sql("BEGIN IMMEDIATE")
