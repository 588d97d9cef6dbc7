from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition as Place

from relay.log.errors import LogUnavailable
from relay.log.kafka import scanner as module
from relay.log.kafka.access import KafkaConnection
from relay.log.kafka.scanner import EMPTY_FETCHES, KafkaScanner
from schemas.records import TopicPartition
from tests.givens.aiokafka import Consumer
from tests.givens.logs import TOPIC

PARTITION = TopicPartition(TOPIC, 0)


class Silent(Consumer):
    """A consumer that never gets a record of what it asks for."""

    asked = 0

    def partitions_for_topic(self, _: str) -> set[int]:
        return {0}

    def assign(self, places: list[Place]) -> None:
        self.assigned = frozenset(places)

    async def position(self, place: Place) -> int:
        return self.positions[place]

    async def getmany(self, **_: object) -> dict[Place, list[Any]]:
        self.asked += 1
        return {}


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> Silent:
    silent = Silent(firsts=0, ends=100)

    @asynccontextmanager
    async def started(*_: object) -> AsyncIterator[Silent]:
        yield silent

    monkeypatch.setattr(module, "started_consumer", started)
    monkeypatch.setattr(module, "AIOKafkaConsumer", lambda **_: silent)
    return silent


@pytest.fixture
def scanner() -> KafkaScanner:
    return KafkaScanner(KafkaConnection("127.0.0.1:1"), max_record_bytes=1_000)


async def test_a_partition_that_gives_nothing_ends_the_scan_with_an_error(
    scanner: KafkaScanner, consumer: Silent
) -> None:
    with pytest.raises(LogUnavailable, match="gave nothing"):
        [block async for block in scanner.scan(PARTITION, 0, 100)]

    assert consumer.asked == EMPTY_FETCHES


async def test_a_gap_at_the_end_ends_the_scan(scanner: KafkaScanner, consumer: Silent) -> None:
    async def position(_: Place) -> int:
        return 100  # compaction took the last ones

    consumer.position = position  # type: ignore[method-assign]

    assert [block async for block in scanner.scan(PARTITION, 40, 100)] == []
    assert consumer.asked == 0


async def test_a_scan_begins_at_the_first_record_that_is_left(scanner: KafkaScanner, consumer: Silent) -> None:
    consumer.firsts = 30

    with pytest.raises(LogUnavailable):
        [block async for block in scanner.scan(PARTITION, 0, 100)]

    assert consumer.positions == {Place(*PARTITION): 30}
