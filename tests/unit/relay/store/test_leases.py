import asyncio
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from relay.clock import FakeClock
from relay.store.engine import Database
from relay.store.leases import Leases, LeaseTaken
from relay.store.tables import LEASES
from tests.givens.store import at, opened_store


async def until(database: Database) -> datetime | None:
    async with database.reading() as transaction:
        return await transaction.scalar(select(LEASES.c.until))


async def reaches(database: Database, expected: datetime) -> None:
    async with asyncio.timeout(10):
        while await until(database) != expected:
            pass


async def test_a_lease_is_renewed_every_third_of_its_ttl(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened_store(tmp_path) as database:
        async with Leases(database, clock, "one").held("link-1", ttl_s=30, wait_s=0):
            await reaches(database, at(30))
            clock.advance(10)
            await reaches(database, at(40))
            clock.advance(10)
            await reaches(database, at(50))

        clock.advance(100)
        assert await until(database) == datetime.fromisoformat("1970-01-01T00:00:00+00:00")  # freed, and left so


async def test_who_waits_looks_less_and_less_often_and_gives_up_in_time(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened_store(tmp_path) as database:
        leases = Leases(database, clock, "one")

        async def wait_two_seconds() -> None:
            async with leases.held("link-1", ttl_s=1000, wait_s=2):
                pytest.fail("somebody holds it")

        async with leases.held("link-1", ttl_s=1000, wait_s=0), asyncio.timeout(10):
            waiting = asyncio.ensure_future(wait_two_seconds())
            while not waiting.done():
                clock.advance(0.01)
                await asyncio.wait([waiting], timeout=0.001)
            with pytest.raises(LeaseTaken, match="link-1"):
                waiting.result()

        assert 2 <= clock.monotonic() < 1000


async def test_a_lease_that_ran_out_goes_to_the_next(tmp_path: Path) -> None:
    async with opened_store(tmp_path) as database:
        stopped, moving = FakeClock(), FakeClock()
        moving.advance(31)

        frozen = Leases(database, stopped, "frozen").held("link-1", ttl_s=30, wait_s=0)
        heir = Leases(database, moving, "heir").held("link-1", ttl_s=30, wait_s=0)

        async with frozen as first, heir as second:
            assert (first, second) == (1, 2)
