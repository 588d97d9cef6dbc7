"""What the embedded log is beside the ports: `tests/contract` holds it to those."""

import asyncio
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from relay.clock import FakeClock
from relay.log.embedded import opened_embedded_log
from relay.log.errors import LogUnavailable
from tests.givens.logs import TOPIC, Embedded, Witness, everything, record, spec


async def test_opening_makes_the_folder_for_us_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "log.db"

    async with Embedded(path).opened():
        modes = path.parent.stat().st_mode & 0o777, path.stat().st_mode & 0o777

    assert modes == (0o700, 0o600)


async def test_closing_leaves_no_thread_behind(tmp_path: Path) -> None:
    async with Embedded(tmp_path / "log.db").opened() as log:
        await log.topics.create([spec(TOPIC)])
        during = {thread.name for thread in threading.enumerate()}

    left = {thread.name for thread in threading.enumerate() if thread.name.startswith("log-w")}
    assert {"log-writer", "log-watch"} <= during
    assert left == set()


async def test_a_closed_log_is_unavailable(tmp_path: Path) -> None:
    async with Embedded(tmp_path / "log.db").opened() as log:
        await log.topics.create([spec(TOPIC)])

    with pytest.raises(LogUnavailable, match="closed"):
        await log.publisher.publish([record()])
    with pytest.raises(LogUnavailable, match="closed"):
        await everything(log)
    assert not await log.publisher.ready()


async def test_what_the_user_of_the_log_raises_comes_out_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with Embedded(tmp_path / "log.db").opened():
            raise ZeroDivisionError


async def test_records_go_after_their_retention_and_the_first_offset_rises(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened_embedded_log(
        tmp_path / "log.db", clock=clock, retention=timedelta(days=90), max_record_bytes=1_000
    ) as log:
        await log.topics.create([spec(TOPIC, retention=timedelta(days=30))])
        await log.publisher.publish([record(b"old")] * 3)
        clock.advance(timedelta(days=31).total_seconds())
        await log.publisher.publish([record(b"new")])

        async with asyncio.timeout(10):
            while (await log.scanner.bounds(TOPIC))[0].first == 0:
                await asyncio.sleep(0)

        assert [(each.offset, each.value) for each in await everything(log)] == [(3, b"new")]


async def test_leaving_with_somebody_elses_reader_is_nothing(tmp_path: Path) -> None:
    async with Embedded(tmp_path / "log.db").opened() as log, Embedded(tmp_path / "other.db").opened() as other:
        await other.topics.create([spec(TOPIC)])
        reader = await other.join("invoice-push", [TOPIC], Witness())

        await log.leave(reader)

        await reader.poll(0)
        assert reader.assignments()


async def test_a_group_reads_at_least_one_topic(tmp_path: Path) -> None:
    async with Embedded(tmp_path / "log.db").opened() as log:
        with pytest.raises(LogUnavailable, match="no topics"):
            await log.join("invoice-push", [], Witness())
