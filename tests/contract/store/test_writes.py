import asyncio

import pytest

from relay.store.engine import Database, opened_database
from relay.store.errors import Missing
from relay.store.writes import Writes
from tests.givens.store import at, write


@pytest.fixture
def writes(database: Database) -> Writes:
    return Writes(database)


async def test_a_write_is_open_until_it_is_answered(writes: Writes) -> None:
    mine = write(body=b"\x00\xff", subjects=("link-1", "link-2", "link-1"))
    assert await writes.record(mine) == mine
    assert await writes.open_of("link-2") == mine

    await writes.answered("key-1", at(1))
    await writes.answered("key-1", at(2))

    assert await writes.open_of("link-2") is None
    assert [each.answered_at for each in await writes.find("link-1")] == [at(1)]


async def test_a_key_known_already_keeps_its_first_request(writes: Writes) -> None:
    await writes.record(write())

    assert await writes.record(write(body=b"another", subjects=("link-9",))) == write()
    assert await writes.open_of("link-9") is None


async def test_the_newest_open_write_of_a_subject_is_told(writes: Writes) -> None:
    for key, sent_at in (("old", at(1)), ("new", at(3)), ("middle", at(2))):
        await writes.record(write(key, sent_at=sent_at))
    await writes.record(write("other", sent_at=at(9), subjects=("link-2",)))

    newest = await writes.open_of("link-1")

    assert newest == write("new", sent_at=at(3))
    assert [each.key for each in await writes.find("link-1")] == ["old", "middle", "new"]
    assert [each.key for each in await writes.find("other")] == ["other"]


async def test_the_same_write_recorded_many_times_at_once_is_one_row(writes: Writes, database_url: str) -> None:
    async with opened_database(database_url) as other, asyncio.TaskGroup() as tasks:
        stores = (writes, Writes(other))
        told = [tasks.create_task(stores[n % 2].record(write(body=b"%d" % n))) for n in range(10)]

    assert len({task.result() for task in told}) == 1


async def test_an_answer_to_nothing_is_missing(writes: Writes) -> None:
    with pytest.raises(Missing, match="key-9"):
        await writes.answered("key-9", at(0))


async def test_only_answered_writes_are_purged(writes: Writes) -> None:
    await writes.record(write("open"))
    await writes.record(write("answered"))
    await writes.answered("answered", at(1))

    assert await writes.purge(at(0)) == 0
    assert await writes.purge(at(1)) == 1
    assert [each.key for each in await writes.find("link-1")] == ["open"]
