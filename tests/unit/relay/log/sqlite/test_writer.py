import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from relay.clock import FakeClock
from relay.log.errors import Fenced, LogUnavailable
from relay.log.sqlite.file import connect, offset_of, prepare
from relay.log.sqlite.pulse import Pulse
from relay.log.sqlite.transaction import Transaction, entry
from relay.log.sqlite.writer import Writer, started_writer
from tests.givens.logs import TOPIC, record, spec

SECONDS = 5.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    prepare(tmp_path / "log.db")
    return tmp_path / "log.db"


@pytest.fixture
async def writer(path: Path) -> AsyncIterator[Writer]:
    async with started_writer(
        path, clock=FakeClock(), retention=timedelta(days=90), busy_s=0.1, pulse=Pulse()
    ) as started:
        await started.run(lambda transaction: transaction.create_topic(spec(TOPIC)), doing="to create", seconds=SECONDS)
        yield started


async def append(writer: Writer, value: bytes = b"{}", seconds: float = SECONDS) -> None:
    await writer.run(
        lambda transaction: transaction.append([entry(record(value))]), doing="to publish", seconds=seconds
    )


def values(path: Path) -> list[bytes]:
    with closing(connect(path, busy_s=1)) as connection:
        return [value for (value,) in connection.execute("SELECT value FROM records ORDER BY place")]


async def test_work_is_durable_when_run_returns(writer: Writer, path: Path) -> None:
    await append(writer, b"stored")

    assert values(path) == [b"stored"]


async def test_what_waits_while_a_transaction_runs_forms_the_next_one(writer: Writer) -> None:
    seen: list[Transaction] = []

    await asyncio.gather(*(writer.run(seen.append, doing="to look", seconds=SECONDS) for _ in range(100)))

    assert len(seen) == 100
    assert len(set(map(id, seen))) < 20


async def test_each_who_waits_gets_a_result_of_its_own(writer: Writer, path: Path) -> None:
    def refuse(_: Transaction) -> None:
        raise Fenced("not yours")

    outcomes = await asyncio.gather(
        append(writer, b"one"),
        writer.run(refuse, doing="to commit", seconds=SECONDS),
        writer.run(lambda _: 42, doing="to answer", seconds=SECONDS),
        append(writer, b"two"),
        return_exceptions=True,
    )

    assert [type(outcomes[1]), outcomes[2]] == [Fenced, 42]
    assert values(path) == [b"one", b"two"]


async def test_an_error_of_the_disk_keeps_nothing_and_tells_everyone(writer: Writer, path: Path) -> None:
    def fail(_: Transaction) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with capture_logs() as logs:
        outcomes = await asyncio.gather(
            append(writer, b"innocent"),
            writer.run(fail, doing="to write", seconds=SECONDS),
            return_exceptions=True,
        )
    await append(writer, b"afterwards")

    assert {type(outcome) for outcome in outcomes} <= {LogUnavailable, type(None)}
    assert isinstance(outcomes[1], LogUnavailable)
    assert (b"innocent" in values(path)) == (outcomes[0] is None)
    assert values(path)[-1] == b"afterwards"
    assert "log.write_failed" in {entry["event"] for entry in logs}


async def test_a_transaction_that_failed_leaves_no_gap_in_the_offsets(writer: Writer, path: Path) -> None:
    def fail_half_way(transaction: Transaction) -> None:
        transaction.append([entry(record(b"gone"))] * 3)
        raise sqlite3.OperationalError("disk I/O error")

    with capture_logs(), pytest.raises(LogUnavailable):
        await writer.run(fail_half_way, doing="to publish", seconds=SECONDS)
    await append(writer, b"kept")

    with closing(connect(path, busy_s=1)) as connection:
        rows = connection.execute("SELECT place, value FROM records").fetchall()
    assert [(offset_of(key), value) for key, value in rows] == [(0, b"kept")]


async def test_a_lock_of_another_process_that_lasts_is_unavailable_and_ends_with_it(writer: Writer, path: Path) -> None:
    with closing(connect(path, busy_s=1)) as another:
        another.execute("BEGIN IMMEDIATE")
        with capture_logs(), pytest.raises(LogUnavailable):
            await append(writer, b"too early")
        another.execute("ROLLBACK")

    await append(writer, b"in time")

    assert values(path) == [b"in time"]


async def test_who_runs_out_of_time_takes_back_what_has_not_begun(writer: Writer, path: Path) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(_: Transaction) -> None:
        loop.call_soon_threadsafe(entered.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(SECONDS)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writer.run(hold, doing="to hold", seconds=SECONDS))
        await entered.wait()
        with pytest.raises(LogUnavailable, match=r"longer than 0\.01 s"):
            await append(writer, b"never", seconds=0.01)
        go_on.set()
    await append(writer, b"later")

    assert values(path) == [b"later"]


async def test_closing_does_what_waits_and_then_takes_no_more(path: Path) -> None:
    async with started_writer(
        path, clock=FakeClock(), retention=timedelta(days=90), busy_s=0.1, pulse=Pulse()
    ) as writer:
        await writer.run(lambda transaction: transaction.create_topic(spec(TOPIC)), doing="to create", seconds=SECONDS)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(50):
                tasks.create_task(append(writer))
            await asyncio.sleep(0)
            tasks.create_task(writer.close())

    assert len(values(path)) == 50
    with pytest.raises(LogUnavailable, match="closed"):
        await append(writer)


async def test_readers_are_woken_once_something_is_there(path: Path) -> None:
    pulse = Pulse()
    async with started_writer(path, clock=FakeClock(), retention=timedelta(days=1), busy_s=1, pulse=pulse) as writer:
        beat = pulse.following

        await writer.run(lambda transaction: transaction.create_topic(spec(TOPIC)), doing="to create", seconds=SECONDS)

        assert beat.done()
