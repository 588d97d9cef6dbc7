"""What only the embedded log promises: durability against a killed process, several processes, a full disk."""

import asyncio
import contextlib
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay.log.errors import LogUnavailable
from relay.log.ports import Log
from tests.givens.logs import (
    MAX_RECORD_BYTES,
    TOPIC,
    WITHIN_S,
    Embedded,
    Witness,
    collected,
    done,
    everything,
    numbered,
    polled_until,
    record,
    with_topics,
)

ROOT = Path(__file__).resolve().parents[2]
PROCESS = """
import asyncio, contextlib, resource, signal, sys
from pathlib import Path
import structlog
from relay.log.errors import LogUnavailable
from tests.givens.logs import *

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
PATH = Path(sys.argv[1])

def say(words):
    print(words, flush=True)
"""
WRITES_UNTIL_KILLED = (
    PROCESS
    + """
async def main():
    async with Embedded(PATH).opened() as log, asyncio.TaskGroup() as tasks:
        async def write(worker):
            for number in range(1_000_000):
                await log.publisher.publish([record(b"%d-%d" % (worker, number))])
                say(f"{worker}-{number}")
        for worker in range(16):
            tasks.create_task(write(worker))
asyncio.run(main())
"""
)
WRITES_FIVE_HUNDRED = (
    PROCESS
    + """
async def main():
    async with Embedded(PATH).opened() as log:
        records = numbered(500)
        for start in range(0, 500, 10):
            await asyncio.gather(*(log.publisher.publish([each]) for each in records[start : start + 10]))
        say("done")
asyncio.run(main())
"""
)
READS_UNTIL_KILLED = (
    PROCESS
    + """
async def main():
    async with Embedded(PATH).opened() as log:
        reader = await log.join("invoice-push", [TOPIC], Witness())
        records = await collected(reader, 4)
        await reader.commit(done(records[:3], reader))
        say("reading")
        await asyncio.Event().wait()
asyncio.run(main())
"""
)
FILLS_THE_DISK = (
    PROCESS
    + """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

async def main():
    async with Embedded(PATH).opened() as log:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
        stored = 0
        with contextlib.suppress(LogUnavailable):
            while stored < 1_000:
                await log.publisher.publish([record(b"x" * 10_000)])
                stored += 1
        say(f"stored {stored} ready {await log.publisher.ready()}")
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await log.publisher.publish([record(b"room again")])
        say("done")
asyncio.run(main())
"""
)


@contextlib.asynccontextmanager
async def process(code: str, path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run code beside us; kill it at the end."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            started.kill()
        await started.wait()


async def said(running: asyncio.subprocess.Process) -> str:
    assert running.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        return (await running.stdout.readline()).decode().strip()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[Log]:
    async with with_topics(Embedded(path)) as opened:
        yield opened


async def test_what_was_acknowledged_outlives_a_kill(path: Path) -> None:
    async with with_topics(Embedded(path)):
        pass
    acknowledged = []
    async with process(WRITES_UNTIL_KILLED, path) as writing:
        acknowledged += [await said(writing) for _ in range(500)]
        writing.send_signal(signal.SIGKILL)
        assert writing.stdout is not None
        acknowledged += (await writing.stdout.read()).decode().split("\n")[:-1]

    async with Embedded(path).opened() as again:
        found = await everything(again)

    assert set(acknowledged) <= {each.value.decode() for each in found}
    assert [each.offset for each in found] == list(range(len(found)))


async def test_a_reader_is_woken_by_another_process(log: Log, path: Path) -> None:
    reader = await log.join("invoice-push", [TOPIC], Witness())
    await polled_until(reader, lambda: bool(reader.assignments()))

    async with process(WRITES_FIVE_HUNDRED, path) as writing:
        records = await collected(reader, 500)
        assert await said(writing) == "done"

    assert [each.offset for each in records] == list(range(500))


async def test_two_processes_write_at_once(log: Log, path: Path) -> None:
    ours = 0
    async with process(WRITES_FIVE_HUNDRED, path) as one, process(WRITES_FIVE_HUNDRED, path) as two:
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(said(one)), tasks.create_task(said(two))]
            while not all(other.done() for other in others):
                await log.publisher.publish([record(b"ours")])
                ours += 1
        assert [other.result() for other in others] == ["done", "done"]

    found = await everything(log)
    values = [each.value for each in found]
    assert [each.offset for each in found] == list(range(1_000 + ours))
    assert values.count(b"ours") == ours
    assert all(values.count(each.value) == 2 for each in numbered(500))


async def test_a_stand_by_takes_over_the_moment_the_holder_is_killed(log: Log, path: Path) -> None:
    await log.publisher.publish(numbered(5))
    async with process(READS_UNTIL_KILLED, path) as reading:
        assert await said(reading) == "reading"
        reader = await log.join("invoice-push", [TOPIC], Witness())
        while_held = [list(await reader.poll(0.3)), dict(reader.assignments())]
        reading.send_signal(signal.SIGKILL)
        await reading.wait()
        loop = asyncio.get_running_loop()
        began = loop.time()
        rest = await collected(reader, 2)

    assert while_held == [[], {}]
    assert [each.offset for each in rest] == [3, 4]
    assert loop.time() - began < 2


async def test_a_holder_whose_lock_file_was_removed_is_fenced_by_the_next(log: Log, path: Path) -> None:
    await log.publisher.publish(numbered(1))
    reader = await log.join("invoice-push", [TOPIC], Witness())
    offsets = done(await collected(reader, 1), reader)
    path.with_name("log.db.invoice-push.lock").unlink()
    async with Embedded(path).opened() as elsewhere:
        usurper = await elsewhere.join("invoice-push", [TOPIC], Witness())
        await collected(usurper, 1)

        with pytest.raises(Exception, match="taken over"):
            await reader.commit(offsets)


async def test_a_full_disk_is_unavailable_and_ends_when_there_is_room(path: Path) -> None:
    async with with_topics(Embedded(path)):
        pass
    async with process(FILLS_THE_DISK, path) as filling:
        words = (await said(filling)).split()
        assert await said(filling) == "done"

    stored = int(words[1])
    async with Embedded(path).opened() as again:
        found = await everything(again)
    assert 0 < stored < 1_000
    assert [each.value for each in found][-1] == b"room again"
    assert len(found) == stored + 1


async def test_a_lock_of_another_process_that_lasts_is_unavailable_and_the_loop_goes_on(log: Log, path: Path) -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        async with asyncio.TaskGroup() as tasks:
            turning = tasks.create_task(turn())
            with pytest.raises(LogUnavailable):
                await log.publisher.publish([record()])
            turning.cancel()
        another.execute("ROLLBACK")
    await log.publisher.publish([record(b"after")])

    assert turns > 1_000
    assert [each.value for each in await everything(log)] == [b"after"]


async def test_reading_goes_on_while_another_process_writes(log: Log, path: Path) -> None:
    await log.publisher.publish([record(b"x" * (MAX_RECORD_BYTES - 1_000))] * 20)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")

        found = await everything(log)

        another.execute("ROLLBACK")
    assert len(found) == 20
