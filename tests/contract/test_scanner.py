import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from relay.log.errors import TopicMissing
from relay.log.ports import Bounds, Log
from schemas.records import StoredRecord, TopicPartition
from schemas.topics import XERO_OTHER
from tests.givens.logs import OTHER_TOPIC, TOPIC, WITHIN_S, Witness, collected, everything, numbered, quiet, record


async def scanned(log: Log, partition: TopicPartition, start: int, end: int) -> list[int]:
    return [each.offset async for block in log.scanner.scan(partition, start, end) for each in block]


async def filled(log: Log, count: int) -> TopicPartition:
    """Publish that many records of one key; return the partition they went to."""
    await log.publisher.publish(numbered(count))
    (partition,) = [number for number, held in (await log.scanner.bounds(TOPIC)).items() if held.end == count]
    return TopicPartition(TOPIC, partition)


@pytest.mark.parametrize(
    ("start", "end", "offsets"),
    [
        pytest.param(0, 10, range(10), id="all of it"),
        pytest.param(3, 7, range(3, 7), id="a part"),
        pytest.param(9, 10, range(9, 10), id="the last one"),
        pytest.param(4, 4, range(0), id="nothing"),
        pytest.param(7, 3, range(0), id="an end before its start"),
        pytest.param(8, 1_000, range(8, 10), id="beyond the end"),
        pytest.param(10, 20, range(0), id="after the end"),
        pytest.param(500, 600, range(0), id="long after the end"),
    ],
)
async def test_a_scan_yields_just_the_offsets_asked_for_and_ends(
    log: Log, start: int, end: int, offsets: range
) -> None:
    partition = await filled(log, 10)

    async with asyncio.timeout(WITHIN_S):
        found = await scanned(log, partition, start, end)

    assert found == list(offsets)


async def test_a_long_scan_comes_in_blocks_and_in_order(log: Log) -> None:
    partition = await filled(log, 1_300)

    sizes, offsets = [], []
    async for block in log.scanner.scan(partition, 0, 1_300):
        sizes.append(len(block))
        offsets += [each.offset for each in block]

    assert offsets == list(range(1_300))
    assert len(sizes) > 1


async def test_a_scan_may_be_left_before_its_end(log: Log) -> None:
    partition = await filled(log, 1_300)

    scan = log.scanner.scan(partition, 0, 1_300)
    first = await anext(scan)
    await scan.aclose()

    assert first[0].offset == 0
    assert await scanned(log, partition, 0, 2) == [0, 1]


async def test_two_scans_of_one_partition_do_not_disturb_each_other(log: Log) -> None:
    partition = await filled(log, 800)

    both = await asyncio.gather(scanned(log, partition, 0, 800), scanned(log, partition, 100, 700))

    assert both == [list(range(800)), list(range(100, 700))]


async def test_a_scan_commits_nothing_and_disturbs_no_group(log: Log) -> None:
    await filled(log, 3)
    reader = await log.join("invoice-push", [TOPIC], Witness())
    first = await collected(reader, 3)

    assert len(await everything(log)) == len(first)
    assert sum((await reader.lag()).values()) == 3
    assert await quiet(reader) == []


async def test_bounds_tell_the_first_and_the_next_offset(log: Log) -> None:
    empty = await log.scanner.bounds(TOPIC)
    partition = await filled(log, 4)

    bounds = await log.scanner.bounds(TOPIC)
    assert set(empty.values()) == {Bounds(0, 0)}
    assert bounds[partition.partition] == Bounds(0, 4)
    assert set(await log.scanner.bounds(OTHER_TOPIC)) == set(empty)


async def test_an_empty_topic_is_scanned_to_nothing(log: Log) -> None:
    assert await scanned(log, TopicPartition(TOPIC, 0), 0, 100) == []


async def test_a_partition_that_does_not_exist_is_scanned_to_nothing(log: Log) -> None:
    assert await scanned(log, TopicPartition(TOPIC, 77), 0, 100) == []


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda log: log.scanner.bounds(XERO_OTHER), id="bounds"),
        pytest.param(lambda log: log.scanner.offsets_at(XERO_OTHER, datetime.now(UTC)), id="an instant"),
        pytest.param(lambda log: scanned(log, TopicPartition(XERO_OTHER, 0), 0, 1), id="a scan"),
    ],
)
async def test_a_topic_that_was_not_created_is_missing(log: Log, ask: Callable[[Log], Awaitable[object]]) -> None:
    with pytest.raises(TopicMissing, match="topics apply"):
        await ask(log)


async def later_than(log: Log, earlier: StoredRecord) -> StoredRecord:
    """Publish until a record has a later time than one before."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            await log.publisher.publish([record(b"later")])
            latest = max(await everything(log), key=lambda each: each.offset)
            if latest.stored_at > earlier.stored_at:
                return latest


async def test_an_instant_finds_the_first_offset_stored_then_or_after(log: Log) -> None:
    partition = await filled(log, 1)
    (first,) = await everything(log)
    latest = await later_than(log, first)
    moment = timedelta(milliseconds=1)
    records = sorted(await everything(log), key=lambda each: each.offset)
    number = partition.partition

    async def found(instant: datetime) -> int:
        return (await log.scanner.offsets_at(TOPIC, instant))[number]

    expected = next(each.offset for each in records if each.stored_at >= latest.stored_at)
    after_first = next(each.offset for each in records if each.stored_at > first.stored_at)
    assert await found(first.stored_at) == 0
    assert await found(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert await found(latest.stored_at) == expected
    assert await found(first.stored_at + moment / 10) == after_first
    assert await found(latest.stored_at + timedelta(hours=1)) == latest.offset + 1


async def test_an_instant_in_an_empty_topic_is_its_end(log: Log) -> None:
    assert set((await log.scanner.offsets_at(TOPIC, datetime.now(UTC))).values()) == {0}


async def test_what_was_stored_carries_about_this_time(log: Log) -> None:
    before = datetime.now(UTC) - timedelta(minutes=5)

    await log.publisher.publish([record()])

    (found,) = await everything(log)
    assert before < found.stored_at < datetime.now(UTC) + timedelta(minutes=5)
