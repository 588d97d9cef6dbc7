"""The opened database: transactions with a deadline, on SQLite and PostgreSQL alike."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import structlog
from sqlalchemy import Table, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from relay.settings import Settings, SettingsError
from relay.store.errors import Conflict, SchemaOutdated, StoreUnavailable
from relay.store.sqlite import disposed, sqlite_engines

log = structlog.get_logger()

DEADLINE_S: Final = 10.0
FORGOTTEN_S: Final = 60  # PostgreSQL ends a transaction whose owner is silent that long, and frees its rows
_SQLITE: Final = "sqlite+aiosqlite"
_POSTGRES: Final = "postgresql+asyncpg"
_POOL_SIZE: Final = 10
_ABSENT: Final = ("no such table", "no such column", "has no column")  # SQLite's words
_ABSENT_STATES: Final = ("42P01", "42703")  # PostgreSQL: undefined table, undefined column


class Database:
    """One database, shared by all nouns of a process. Closed by the `async with` that opened it.

    Many tasks may use it at once. On SQLite one task of the process writes at a time, in the order they asked (the
    writer has one connection); processes take turns by SQLite's own lock.
    """

    def __init__(self, reader: AsyncEngine, writer: AsyncEngine, *, deadline_s: float = DEADLINE_S) -> None:
        self._reader = reader
        self._writer = writer
        self._deadline_s = deadline_s

    @property
    def dialect(self) -> str:
        """Return `sqlite` or `postgresql`."""
        return self._writer.dialect.name

    def reading(self, deadline_s: float | None = None) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection in a transaction for reading; it delays nobody's writes, and refuses to write.

        The deadline covers everything from asking for a connection to the end of the block.

        Raises:
            StoreUnavailable: not reached, or not done by the deadline.
            SchemaOutdated: a table or column is missing.
        """
        return self._transaction(self._reader, deadline_s)

    def writing(self, deadline_s: float | None = None) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection in a transaction that is durable when the block ends, and undone when it raises.

        Never call a vendor inside: on SQLite everybody else's writes wait for it.

        Raises:
            StoreUnavailable: as for reading; what was written may or may not stand.
            SchemaOutdated: a table or column is missing.
            Conflict: another row holds what must be unique.
        """
        return self._transaction(self._writer, deadline_s)

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Return an insert that knows `on_conflict_do_update` and `on_conflict_do_nothing`."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)

    def replace(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Return an insert that replaces a row of the same primary key."""
        statement = self.insert(table)
        new = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
        return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=new)

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine, deadline_s: float | None) -> AsyncIterator[AsyncConnection]:
        seconds = deadline_s or self._deadline_s
        try:
            async with asyncio.timeout(seconds) as limit, engine.connect() as connection:
                left_s = (limit.when() or 0) - asyncio.get_running_loop().time()
                await connection.execution_options(patience_s=left_s)
                async with connection.begin():
                    yield connection
        except TimeoutError as error:
            raise StoreUnavailable(f"the database did not answer within {seconds:g} s") from error
        except OSError as error:
            raise StoreUnavailable(f"the database cannot be reached: {error}") from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:  # of connecting: SQLAlchemy wraps later ones
            raise StoreUnavailable(f"the database refused us: {error}") from error
        except exc.SQLAlchemyError as error:
            raise _ours(error) from error


@asynccontextmanager
async def opened_database(url: str, *, deadline_s: float = DEADLINE_S) -> AsyncIterator[Database]:
    """Open `sqlite+aiosqlite:///path` or `postgresql+asyncpg://...`; nothing is connected until it is used.

    A SQLite file and its folder are made where they are missing, for the owner alone. Tables are not: see `schema.py`.

    Raises:
        SettingsError: another kind of URL.
    """
    reader, writer = _engines(_checked(url), deadline_s)
    try:
        yield Database(reader, writer, deadline_s=deadline_s)
    finally:
        await _dispose_or_abandon(reader, deadline_s)
        await _dispose_or_abandon(writer, deadline_s)


async def _dispose_or_abandon(engine: AsyncEngine, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await disposed(engine)
    except TimeoutError:
        log.warning("database.abandoned", after_s=seconds)


def url_of(settings: Settings) -> str:
    """Return the URL of an installation's database: the one set, else `relay.db` in the data folder."""
    if settings.database_url:
        return settings.database_url.get_secret_value()
    return f"sqlite+aiosqlite:///{settings.data_dir / 'relay.db'}"


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise SettingsError(
            "RELAY_DATABASE_URL is no URL; write postgresql+asyncpg://user:password@host/name"
        ) from error
    if parsed.drivername not in (_SQLITE, _POSTGRES):
        raise SettingsError(
            f"RELAY_DATABASE_URL begins with {parsed.drivername}; use postgresql+asyncpg:// or sqlite+aiosqlite:///"
        )
    if parsed.drivername == _SQLITE and parsed.database in (None, "", ":memory:"):
        raise SettingsError("RELAY_DATABASE_URL names no file: sqlite+aiosqlite:///path/to/relay.db")
    return parsed


def _engines(url: URL, deadline_s: float) -> tuple[AsyncEngine, AsyncEngine]:
    """Return (reader, writer)."""
    # parameters are hidden because they hold bodies of events, and an error's text ends in a log
    options: dict[str, Any] = {"max_overflow": 0, "pool_timeout": deadline_s, "hide_parameters": True}
    if url.drivername == _SQLITE:
        return sqlite_engines(url, options)
    server = {"application_name": "relay", "idle_in_transaction_session_timeout": str(FORGOTTEN_S * 1000)}
    arguments = {"timeout": deadline_s, "server_settings": server}
    engine = create_async_engine(url, pool_size=_POOL_SIZE, pool_recycle=1800, connect_args=arguments, **options)
    return engine.execution_options(postgresql_readonly=True), engine


def _ours(error: exc.SQLAlchemyError) -> Exception:
    """Return our error for one of SQLAlchemy; a mistake in our own SQL stays what it is."""
    if isinstance(error, exc.TimeoutError):
        return StoreUnavailable("no connection to the database became free in time")
    if not isinstance(error, exc.DBAPIError):
        cause = error.orig if isinstance(error, exc.StatementError) else None
        return cause if isinstance(cause, ValueError) else error  # a column type refused the value
    if isinstance(error, exc.IntegrityError):
        return Conflict(str(error.orig))
    words = str(error.orig)
    if getattr(error.orig, "sqlstate", None) in _ABSENT_STATES or any(part in words for part in _ABSENT):
        return SchemaOutdated("the database has not the tables of this version: run `relay db upgrade`")
    if isinstance(error.orig, sqlite3.ProgrammingError) or isinstance(error, (exc.ProgrammingError, exc.DataError)):
        return error
    return StoreUnavailable(f"the database failed: {words}")
