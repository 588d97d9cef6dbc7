"""The tables of a database: brought up to date, and compared with `tables.py`.

A new migration: change `tables.py`, then `alembic.command.revision(configuration(connection), autogenerate=True)` on a
database of the last version, and read what it wrote.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from relay.store.engine import Database
from relay.store.errors import SchemaOutdated
from relay.store.tables import METADATA

MIGRATIONS: Final = Path(__file__).parent / "migrations"
UPGRADE_DEADLINE_S: Final = 600.0
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(726561)")  # any number that is ours alone

T = TypeVar("T")


async def upgrade(database: Database) -> str:
    """Bring the tables to this version, all migrations in one transaction; return the revision.

    Harmless where nothing is to do, and when several processes start at once: one works, the others wait.

    Raises:
        StoreUnavailable: not reached, or not done within `UPGRADE_DEADLINE_S`; nothing is changed.
    """
    async with database.writing(UPGRADE_DEADLINE_S) as connection:
        if database.dialect == "postgresql":
            await connection.execute(_ONE_AT_A_TIME)
        await connection.run_sync(lambda sync: command.upgrade(configuration(sync), "head"))
    return head()


async def current(database: Database) -> str | None:
    """Return the revision of the database, None before the first migration."""
    return await _seen(database, lambda context: context.get_current_revision())


def head() -> str:
    """Return the revision this code needs."""
    return str(ScriptDirectory(str(MIGRATIONS)).get_current_head())


async def check(database: Database) -> Sequence[str]:
    """Return how the tables of the database differ from `tables.py`, in words for a developer; empty: they agree."""
    differences: Sequence[Any] = await _seen(database, lambda context: compare_metadata(context, METADATA))
    return [_words(difference) for difference in differences]


async def ensure_current(database: Database) -> None:
    """Raise unless the tables are those of this code: every process but `relay db` asks once when it starts.

    Raises:
        SchemaOutdated: they are older (or made by a newer relay).
        StoreUnavailable: not reached.
    """
    revision = await current(database)
    if revision != head():
        found = f"is at {revision}" if revision else "has no tables"
        raise SchemaOutdated(f"the database {found}, this relay needs {head()}: run `relay db upgrade`")


def configuration(connection: Connection) -> Config:
    """Return what Alembic needs to work on a connection that is in a transaction already."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


async def _seen(database: Database, look: Callable[[MigrationContext], T]) -> T:
    async with database.reading() as connection:
        return await connection.run_sync(lambda sync: look(MigrationContext.configure(sync)))


def _words(difference: Any) -> str:
    if isinstance(difference, list):  # several changes of one column
        return "; ".join(_words(part) for part in difference)
    kind, *what = difference
    return f"{kind} {' '.join(str(getattr(part, 'name', part)) for part in what if part is not None)}"
