from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.log.errors import LogUnavailable, TopicMissing
from relay.log.sqlite import reads as module
from relay.log.sqlite.file import connect, place, prepare
from relay.log.sqlite.reads import Extent, Reads, opened_reads
from relay.log.sqlite.transaction import Transaction, entry
from tests.givens.logs import OTHER_TOPIC, TOPIC, record, spec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write(path: Path, times_ms: list[int], value: bytes = b"{}") -> None:
    with closing(connect(path, busy_s=1)) as connection:
        Transaction(connection, 0).create_topic(spec(TOPIC))
        for now_ms in times_ms:
            transaction = Transaction(connection, now_ms)
            transaction.append([entry(record(value))])
            transaction.flush()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    prepare(tmp_path / "log.db")
    return tmp_path / "log.db"


@pytest.fixture
async def reads(path: Path) -> AsyncIterator[Reads]:
    async with opened_reads(path) as opened:
        yield opened


async def test_an_extent_tells_where_a_topic_stands(path: Path, reads: Reads) -> None:
    write(path, [1, 2, 3])

    assert await reads.extent(TOPIC) == Extent(1, 0, 3)
    with pytest.raises(TopicMissing):
        await reads.extent(OTHER_TOPIC)


async def test_a_block_ends_with_its_bytes_or_its_records(
    path: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, [1] * 10, value=b"x" * 100)

    monkeypatch.setattr(module, "BLOCK_RECORDS", 4)
    by_count = await reads.records(TOPIC, 0, 10)
    monkeypatch.setattr(module, "BLOCK_BYTES", 250)
    by_size = await reads.records(TOPIC, 0, 10)

    assert [each.offset for each in by_count] == [0, 1, 2, 3]
    assert [each.offset for each in by_size] == [0, 1, 2]


async def test_a_record_comes_back_with_its_place_and_time(path: Path, reads: Reads) -> None:
    write(path, [1_700_000_000_123])

    (found,) = await reads.records(TOPIC, 0, 1)

    assert (found.topic, found.partition, found.offset) == (TOPIC, 0, 0)
    assert found.stored_at == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)
    assert (found.key, found.value, found.headers) == (record().key, record().value, record().headers)


@given(
    gaps=st.lists(st.integers(0, 3), min_size=0, max_size=30),
    gone=st.integers(0, 40),
    wanted_us=st.integers(-2_000, 100_000),
)
def test_a_search_by_time_finds_the_first_record_stored_then_or_after(
    tmp_path_factory: pytest.TempPathFactory, gaps: list[int], gone: int, wanted_us: int
) -> None:
    path = tmp_path_factory.mktemp("search") / "log.db"
    prepare(path)
    times_ms = [sum(gaps[: index + 1]) for index in range(len(gaps))]
    write(path, times_ms)
    gone = min(gone, len(gaps))

    with closing(connect(path, busy_s=1)) as connection:
        connection.execute("DELETE FROM records WHERE place < ?", (place(1, gone),))
        connection.execute("UPDATE topics SET first_offset = ?", (gone,))
        wanted_ms = -(-wanted_us // 1_000)
        found = module._offset_at(connection, TOPIC, wanted_ms)

    later = [offset for offset, stored_ms in enumerate(times_ms) if offset >= gone and stored_ms * 1_000 >= wanted_us]
    assert found == (later[0] if later else len(gaps))


@pytest.mark.parametrize(
    ("instant", "offset"),
    [
        pytest.param(EPOCH + timedelta(milliseconds=10), 0, id="the very moment"),
        pytest.param(EPOCH + timedelta(milliseconds=10, microseconds=1), 1, id="a microsecond later"),
        pytest.param(EPOCH - timedelta(days=1), 0, id="before everything"),
        pytest.param(EPOCH + timedelta(days=1), 2, id="after everything"),
    ],
)
async def test_an_instant_is_rounded_upwards(path: Path, reads: Reads, instant: datetime, offset: int) -> None:
    write(path, [10, 20])

    assert await reads.offset_at(TOPIC, instant) == offset


async def test_a_group_without_offsets_has_none(reads: Reads) -> None:
    assert dict(await reads.committed("invoice-push")) == {}


async def test_a_read_that_takes_too_long_is_unavailable(reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_DEADLINE_S", 0.0)

    with pytest.raises(LogUnavailable, match="not read within"):
        await reads.topics()
