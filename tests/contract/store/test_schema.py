import asyncio
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy import Table, text

from relay.store import schema, tables
from relay.store.connections import Connection, SettingsVersion
from relay.store.contacts import ContactLink
from relay.store.engine import Database, opened_database
from relay.store.errors import SchemaOutdated
from relay.store.grants import Grant, Grants
from relay.store.ledger import LedgerRow
from relay.store.links import InvoiceLink
from relay.store.outcomes import OutcomeRow
from relay.store.parked import ParkedEvent
from relay.store.writes import Write
from relay.vault import Vault, generate_key


@pytest.fixture
async def database(empty_url: str) -> AsyncIterator[Database]:
    """Give a database of its own: these tests change its tables."""
    async with opened_database(empty_url) as opened:
        await schema.upgrade(opened)
        yield opened


async def test_the_migrations_make_the_tables_of_the_code(database: Database) -> None:
    assert await schema.current(database) == schema.head()
    assert await schema.check(database) == []


async def test_a_table_that_differs_is_named(database: Database) -> None:
    async with database.writing() as transaction:
        await transaction.execute(text("ALTER TABLE grants ADD COLUMN colour VARCHAR"))
        await transaction.execute(text("DROP TABLE organisations"))

    differences = await schema.check(database)

    assert [word for word in ("organisations", "colour") if not any(word in each for each in differences)] == []


async def test_a_database_without_tables_is_outdated(empty_url: str) -> None:
    async with opened_database(empty_url) as empty:
        assert await schema.current(empty) is None
        with pytest.raises(SchemaOutdated, match="relay db upgrade"):
            await schema.ensure_current(empty)
        with pytest.raises(SchemaOutdated, match="relay db upgrade"):
            await Grants(empty, Vault([generate_key()])).get("grant-1")


async def test_a_database_of_another_version_is_outdated(database: Database) -> None:
    async with database.writing() as transaction:
        await transaction.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaOutdated, match="9999"):
        await schema.ensure_current(database)


async def test_several_processes_upgrade_at_once_and_all_succeed(empty_url: str) -> None:
    async def process() -> str:
        async with opened_database(empty_url) as database:
            return await schema.upgrade(database)

    async with asyncio.TaskGroup() as tasks:
        upgrades = [tasks.create_task(process()) for _ in range(4)]

    assert [upgrade.result() for upgrade in upgrades] == [schema.head()] * 4


async def test_upgrading_again_keeps_the_rows(database: Database) -> None:
    async with database.writing() as transaction:
        await transaction.execute(text("INSERT INTO leases VALUES ('a', 'b', '2026-11-24 12:00:00', 7)"))

    await schema.upgrade(database)

    async with database.reading() as transaction:
        assert await transaction.scalar(text("SELECT fence FROM leases")) == 7


@pytest.mark.parametrize(
    ("table", "kind", "unheld"),
    [
        (tables.CONNECTIONS, Connection, set()),
        (tables.CONNECTION_SETTINGS, SettingsVersion, set()),
        (tables.GRANTS, Grant, set()),
        (tables.OUTCOMES, OutcomeRow, set()),
        (tables.PARKED, ParkedEvent, {"received_at"}),
        (tables.WRITES, Write, set()),
        (tables.INVOICE_LINKS, InvoiceLink, set()),
        (tables.CONTACT_LINKS, ContactLink, set()),
        (tables.PAYMENTS, LedgerRow, {"serial", "link_id"}),
    ],
)
def test_a_table_has_the_columns_of_its_dataclass(table: Table, kind: Any, unheld: set[str]) -> None:
    assert {column.name for column in table.columns} == {field.name for field in fields(kind)} | unheld
