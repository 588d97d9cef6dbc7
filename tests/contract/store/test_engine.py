import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import func, insert, select, text

from relay.store import schema
from relay.store.engine import Database, opened_database
from relay.store.errors import Conflict, StoreUnavailable
from relay.store.tables import CONNECTIONS, LEASES
from relay.store.types import UtcDateTime
from tests.givens.store import NOON


async def add(database: Database, name: str) -> None:
    async with database.writing() as transaction:
        await transaction.execute(insert(LEASES).values(name=name, holder="me", until=NOON, fence=1))


async def names(database: Database) -> list[str]:
    async with database.reading() as transaction:
        return list(await transaction.scalars(select(LEASES.c.name).order_by(LEASES.c.name)))


async def update_fence(database: Database) -> None:
    async with database.writing() as transaction:
        await transaction.execute(text("UPDATE leases SET fence = 3"))


@asynccontextmanager
async def second_process(database_url: str, *, deadline_s: float = 10.0) -> AsyncIterator[Database]:
    async with opened_database(database_url, deadline_s=deadline_s) as database:
        yield database


async def test_a_transaction_stands_whole_or_not_at_all(database: Database) -> None:
    async def half_done() -> None:
        async with database.writing() as transaction:
            await transaction.execute(insert(LEASES).values(name="a", holder="me", until=NOON, fence=1))
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await half_done()
    await add(database, "b")

    assert await names(database) == ["b"]


async def test_a_cancelled_transaction_leaves_nothing_and_frees_its_place(database: Database) -> None:
    inside = asyncio.Event()

    async def written() -> None:
        async with database.writing() as transaction:
            await transaction.execute(insert(LEASES).values(name="a", holder="me", until=NOON, fence=1))
            inside.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(written())
        await inside.wait()
        task.cancel()
    await add(database, "b")

    assert await names(database) == ["b"]


async def test_a_task_cancelled_twice_while_it_waits_leaves_no_task_behind(
    database: Database, database_url: str
) -> None:
    await add(database, "a")
    before = asyncio.all_tasks()

    async with second_process(database_url) as other, database.writing() as transaction:
        await transaction.execute(text("UPDATE leases SET fence = 2"))
        waiting = asyncio.ensure_future(update_fence(other))
        for _ in range(2):
            await asyncio.wait([waiting], timeout=0.2)
            waiting.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([waiting])

    assert waiting.cancelled()
    async with asyncio.timeout(5):
        while asyncio.all_tasks() - before:
            await asyncio.wait(asyncio.all_tasks() - before)
    await add(database, "b")  # nothing was left locked


async def test_many_tasks_and_two_processes_write_and_nothing_is_lost(database: Database, database_url: str) -> None:
    async with second_process(database_url) as other, asyncio.TaskGroup() as tasks:
        for number in range(30):
            tasks.create_task(add((database, other)[number % 2], f"{number:02}"))

    assert await names(database) == [f"{number:02}" for number in range(30)]


async def test_a_reader_waits_for_no_writer(database: Database) -> None:
    async with database.writing() as transaction:
        await transaction.execute(insert(LEASES).values(name="a", holder="me", until=NOON, fence=1))
        async with asyncio.timeout(2):
            seen = await names(database)

    assert seen == []


async def test_a_reader_writes_nothing(database: Database) -> None:
    await add(database, "a")

    with pytest.raises(Exception, match=r"(?i)read-?only"):
        async with database.reading() as transaction:
            await transaction.execute(text("UPDATE leases SET fence = 9"))


async def test_waiting_for_the_writer_ahead_ends_at_the_deadline(database: Database, database_url: str) -> None:
    began = time.monotonic()
    await add(database, "a")

    async with second_process(database_url, deadline_s=0.5) as other, database.writing() as transaction:
        await transaction.execute(text("UPDATE leases SET fence = 2"))
        with pytest.raises(StoreUnavailable):
            async with other.writing() as blocked:
                await blocked.execute(text("UPDATE leases SET fence = 3"))

    assert time.monotonic() - began < 5
    await add(database, "b")  # nothing was left locked


async def test_what_must_be_unique_is_a_conflict_and_shows_no_values(database: Database) -> None:
    await add(database, "a")

    with pytest.raises(Conflict):
        await add(database, "a")


async def test_an_error_repeats_no_parameters(database: Database) -> None:
    with pytest.raises(Exception, match="nowhere") as caught:
        async with database.reading() as transaction:
            await transaction.execute(text("SELECT :secret FROM leases WHERE nowhere()").bindparams(secret="hush"))

    assert "hush" not in str(caught.value)


async def test_a_value_a_column_cannot_hold_is_a_value_error(database: Database) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        async with database.writing() as transaction:
            await transaction.execute(
                insert(LEASES).values(name="a", holder="me", until=NOON.replace(tzinfo=None), fence=1)
            )


async def test_times_come_back_in_utc_and_sort(database: Database) -> None:
    await add(database, "a")

    async with database.reading() as transaction:
        until = await transaction.scalar(select(LEASES.c.until))
        newest = await transaction.scalar(select(func.max(LEASES.c.until, type_=UtcDateTime())))

    assert (until, newest, until.utcoffset().total_seconds()) == (NOON, NOON, 0)


async def test_replacing_a_row_keeps_its_key_and_changes_the_rest(database: Database) -> None:
    await add(database, "a")

    async with database.writing() as transaction:
        row = {"name": "a", "holder": "you", "until": NOON, "fence": 2}
        await transaction.execute(database.replace(LEASES), row)

    async with database.reading() as transaction:
        rows = (await transaction.execute(select(LEASES.c.name, LEASES.c.holder, LEASES.c.fence))).all()
    assert [tuple(row) for row in rows] == [("a", "you", 2)]


@pytest.mark.postgres
async def test_a_server_that_is_away_is_unavailable(postgres_server: str) -> None:
    gone = postgres_server.rpartition("/")[0] + "/no_such_database"
    closed = "postgresql+asyncpg://postgres@127.0.0.1:1/postgres"

    for url in (gone, closed):
        async with opened_database(url) as database:
            with pytest.raises(StoreUnavailable):
                async with database.reading() as transaction:
                    await transaction.execute(select(CONNECTIONS.c.id))


@pytest.mark.postgres
async def test_a_server_that_hangs_is_left_at_the_deadline(postgres_url: str) -> None:
    async with opened_database(postgres_url, deadline_s=0.5) as database:
        await schema.upgrade(database)
        async with database.reading() as transaction:
            backend = await transaction.scalar(text("SELECT pg_backend_pid()"))
        os.kill(backend, signal.SIGSTOP)
        try:
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await names(database)
            waited = time.monotonic() - began
        finally:
            os.kill(backend, signal.SIGCONT)

        assert waited < 5
        assert await names(database) == []
