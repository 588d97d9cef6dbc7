import asyncio
import sys
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from relay.clock import SystemClock
from relay.store.engine import Database, opened_database
from relay.store.errors import LeaseLost, LeaseTaken
from relay.store.leases import Leases


@pytest.fixture
async def other(database_url: str, database: Database) -> AsyncIterator[Leases]:
    """Give the leases of a second process: a database of its own."""
    async with opened_database(database_url) as opened:
        yield Leases(opened, SystemClock(), "other")


@pytest.fixture
def leases(database: Database) -> Leases:
    return Leases(database, SystemClock(), "one")


async def test_of_those_who_contend_never_two_are_inside(database: Database, leases: Leases, other: Leases) -> None:
    inside, fences = 0, []

    async def contend(store: Leases) -> None:
        nonlocal inside
        async with store.held("link-1", ttl_s=30, wait_s=60) as fence:
            inside += 1
            assert inside == 1
            fences.append(fence)
            for _ in range(5):  # long enough for the others to try
                async with database.writing() as transaction:
                    await transaction.execute(text("SELECT 1"))
            inside -= 1

    async with asyncio.TaskGroup() as tasks:
        for store in (leases, other, leases, other, leases, other):
            tasks.create_task(contend(store))

    assert fences == [1, 2, 3, 4, 5, 6]


async def test_a_lease_in_use_is_taken_for_everybody_else_and_free_after(leases: Leases, other: Leases) -> None:
    async with leases.held("link-1", ttl_s=30, wait_s=0):
        for store in (leases, other):
            with pytest.raises(LeaseTaken, match="link-1"):
                async with store.held("link-1", ttl_s=30, wait_s=0):
                    pytest.fail("two hold it")
        async with other.held("link-2", ttl_s=30, wait_s=0) as another:
            assert another == 1

    async with other.held("link-1", ttl_s=30, wait_s=0) as fence:
        assert fence == 2


HOLDER = """
import asyncio, sys
from relay.clock import SystemClock
from relay.store.engine import opened_database
from relay.store.leases import Leases

async def main():
    async with opened_database(sys.argv[1]) as database:
        async with Leases(database, SystemClock(), "doomed").held("link-1", ttl_s=2, wait_s=0) as fence:
            print(fence, flush=True)
            await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_lease_of_a_killed_process_ends_after_its_ttl(leases: Leases, database_url: str) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    async with asyncio.timeout(30):
        assert await holder.stdout.readline() == b"1\n"
    held_since = time.monotonic()
    holder.kill()
    await holder.wait()

    with pytest.raises(LeaseTaken):
        async with leases.held("link-1", ttl_s=30, wait_s=0):
            pytest.fail("its ttl is not over")
    async with leases.held("link-1", ttl_s=30, wait_s=20) as fence:
        assert fence == 2
        assert time.monotonic() - held_since > 1


async def test_work_longer_than_the_ttl_keeps_the_lease(leases: Leases, other: Leases) -> None:
    async with leases.held("link-1", ttl_s=0.6, wait_s=0):
        with pytest.raises(LeaseTaken):
            async with other.held("link-1", ttl_s=0.6, wait_s=1.5):
                pytest.fail("two hold it")

    async with other.held("link-1", ttl_s=0.6, wait_s=0) as fence:
        assert fence == 2


async def test_a_lease_that_went_to_somebody_else_cancels_the_work(database: Database, leases: Leases) -> None:
    reached = False

    async def work() -> None:
        nonlocal reached
        async with leases.held("link-1", ttl_s=0.3, wait_s=0):
            async with database.writing() as transaction:
                await transaction.execute(text("UPDATE leases SET fence = fence + 1"))
            async with asyncio.timeout(10):
                await asyncio.Event().wait()
            reached = True

    with pytest.raises(LeaseLost, match="link-1"):
        await work()

    assert not reached
    async with database.reading() as transaction:
        freed = await transaction.scalar(text("SELECT count(*) FROM leases WHERE until < '1971-01-01'"))
    assert freed == 0  # the other's lease was left alone


async def test_what_the_work_raises_comes_out_as_it_was_and_frees_the_lease(leases: Leases) -> None:
    async def work() -> None:
        async with leases.held("link-1", ttl_s=30, wait_s=0):
            raise KeyError("the work's own")

    with pytest.raises(KeyError, match="the work's own"):
        await work()

    async with leases.held("link-1", ttl_s=30, wait_s=0) as fence:
        assert fence == 2


async def test_cancelled_work_frees_the_lease(leases: Leases) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with leases.held("link-1", ttl_s=30, wait_s=0):
            inside.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(work())
        await inside.wait()
        task.cancel()

    assert task.cancelled()
    async with leases.held("link-1", ttl_s=30, wait_s=0) as fence:
        assert fence == 2


async def test_who_waits_gets_it_when_it_is_freed(leases: Leases, other: Leases) -> None:
    freed = False

    async def second() -> bool:
        async with other.held("link-1", ttl_s=30, wait_s=30):
            return freed

    async with asyncio.TaskGroup() as tasks, leases.held("link-1", ttl_s=30, wait_s=0):
        waiting = tasks.create_task(second())
        await asyncio.sleep(0)
        freed = True

    assert waiting.result()


async def test_a_lease_that_cannot_be_renewed_cancels_the_work_before_it_ends(
    database_url: str, leases: Leases
) -> None:
    loop = asyncio.get_running_loop()
    worked_s = []

    async def work() -> None:
        async with leases.held("link-1", ttl_s=3, wait_s=0):
            began = loop.time()
            try:
                async with opened_database(database_url) as stuck, stuck.writing() as blocking:
                    await blocking.execute(text("UPDATE leases SET holder = 'frozen'"))
                    async with asyncio.timeout(10):
                        await asyncio.Event().wait()
            finally:
                worked_s.append(loop.time() - began)

    with pytest.raises(LeaseLost, match="link-1"):
        await work()

    assert worked_s[0] < 3
