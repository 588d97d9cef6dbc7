"""Every test of this folder runs on both databases."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text

from relay.store import schema
from relay.store.engine import Database, opened_database
from relay.store.tables import METADATA

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
EMPTY_ALL = text("TRUNCATE " + ", ".join(METADATA.tables))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_postgres(postgres_server: str) -> AsyncIterator[str]:
    """Give the URL of a database with every table: making one for each test would take most of the time."""
    name = f"store_{os.getpid()}"
    connection = await asyncpg.connect(postgres_server.replace("+asyncpg", ""))
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
        url = f"{postgres_server.rpartition('/')[0]}/{name}"
        async with opened_database(url) as database:
            await schema.upgrade(database)
        yield url
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database without tables."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}"


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of what `database` opens: for a test that plays a second process."""
    if request.param == "postgres":
        return str(request.getfixturevalue("shared_postgres"))
    return f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Give an opened database with every table and no row."""
    async with opened_database(database_url) as opened:
        if opened.dialect == "sqlite":
            await schema.upgrade(opened)
        else:
            async with opened.writing() as transaction:
                await transaction.execute(EMPTY_ALL)
        yield opened
