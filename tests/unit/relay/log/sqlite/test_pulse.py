import asyncio
from contextlib import closing
from pathlib import Path

from relay.log.sqlite.file import connect, prepare
from relay.log.sqlite.pulse import Pulse, wait_for, watched_file


async def test_a_beat_wakes_all_who_wait_for_it() -> None:
    pulse = Pulse()
    waiting = [pulse.following for _ in range(3)]

    pulse.beat()

    async with asyncio.timeout(1):
        await asyncio.gather(*waiting)
    assert not pulse.following.done()


async def test_a_beat_between_looking_and_waiting_is_not_missed() -> None:
    pulse = Pulse()
    beat = pulse.following

    pulse.beat()

    async with asyncio.timeout(1):
        await wait_for(beat, 60)
    assert beat.done()


async def test_waiting_ends_without_a_beat_and_leaves_it_for_others() -> None:
    pulse = Pulse()
    beat = pulse.following

    await wait_for(beat, 0.01)
    await wait_for(beat, -1)

    assert not beat.done()


async def test_a_commit_of_another_connection_is_a_beat(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    prepare(path)
    pulse = Pulse()

    async with watched_file(path, pulse):
        await wait_for(pulse.following, 10)  # the first look
        beat = pulse.following
        with closing(connect(path, busy_s=1)) as another:
            another.execute("INSERT INTO groups VALUES ('invoice-push', 1)")
        await wait_for(beat, 10)

        assert beat.done()


async def test_without_a_commit_there_is_no_beat(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    prepare(path)
    pulse = Pulse()

    async with watched_file(path, pulse):
        await wait_for(pulse.following, 10)
        beat = pulse.following
        await wait_for(beat, 0.2)

        assert not beat.done()
