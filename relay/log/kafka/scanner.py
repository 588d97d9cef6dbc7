"""Bounded reading of Kafka outside any group, each time by a consumer of its own: it disturbs and remembers nobody."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place

from relay.log.errors import LogUnavailable, OffsetLost
from relay.log.kafka.access import CALL_DEADLINE_S, KafkaConnection
from relay.log.kafka.closing import started_consumer
from relay.log.kafka.failures import kafka_call
from relay.log.kafka.inside import client_of, make_known
from relay.log.kafka.records import since_epoch_ms, stored_record
from relay.log.ports import Bounds
from schemas.records import StoredRecord, TopicPartition

BLOCK_RECORDS: Final = 500
FETCH_WAIT_S: Final = 1.0
EMPTY_FETCHES: Final = 10  # so many in a row, and the broker is not answering for that partition


class KafkaScanner:
    """A `Scanner` on group-less consumers."""

    def __init__(self, connection: KafkaConnection, *, max_record_bytes: int) -> None:
        self._connection = connection
        self._max_record_bytes = max_record_bytes

    async def bounds(self, topic: str) -> Mapping[int, Bounds]:
        """Return the bounds of each partition."""
        async with self._consumer() as consumer, kafka_call(f"to read the bounds of {topic}", CALL_DEADLINE_S):
            places = await self._places(consumer, topic)
            firsts = await consumer.beginning_offsets(places)
            ends = await consumer.end_offsets(places)
        return {place.partition: Bounds(firsts[place], ends[place]) for place in places}

    async def offsets_at(self, topic: str, instant: datetime) -> Mapping[int, int]:
        """Return per partition the first offset stored at or after that instant; the end when there is none."""
        async with self._consumer() as consumer, kafka_call(f"to search {topic} by time", CALL_DEADLINE_S):
            places = await self._places(consumer, topic)
            ends = await consumer.end_offsets(places)  # before the search: what arrives meanwhile is not left out
            found = await consumer.offsets_for_times(dict.fromkeys(places, max(0, since_epoch_ms(instant))))
        return {place.partition: found[place].offset if found[place] else ends[place] for place in places}

    async def scan(self, partition: TopicPartition, start: int, end: int) -> AsyncIterator[Sequence[StoredRecord]]:
        """Yield the records of `[start, end)` that are there, in blocks."""
        place = Place(self._connection.outside(partition.topic), partition.partition)
        bounds = (await self.bounds(partition.topic)).get(partition.partition)
        if bounds is None:
            return
        start, end = max(start, bounds.first), min(end, bounds.end)
        if start >= end:
            return
        async with self._consumer() as consumer:
            consumer.assign([place])
            consumer.seek(place, start)
            async for block in self._blocks(consumer, place, end):
                yield block

    async def _blocks(
        self, consumer: AIOKafkaConsumer, place: Place, end: int
    ) -> AsyncIterator[Sequence[StoredRecord]]:
        topic = self._connection.inside(place.topic)
        empty = 0
        while True:
            try:
                async with kafka_call(f"to scan {topic}", CALL_DEADLINE_S):
                    if await consumer.position(place) >= end:  # also past records that compaction or retention took
                        return
                    batches = await consumer.getmany(timeout_ms=int(FETCH_WAIT_S * 1000), max_records=BLOCK_RECORDS)
            except OffsetLost:
                await self._skip_removed(consumer, place)
                continue
            block = [stored_record(record, topic) for record in batches.get(place, ()) if record.offset < end]
            if block:
                yield block
            empty = 0 if batches else empty + 1
            if empty == EMPTY_FETCHES:
                raise LogUnavailable(f"{topic}/{place.partition} gave nothing for {EMPTY_FETCHES * FETCH_WAIT_S:g} s")

    async def _skip_removed(self, consumer: AIOKafkaConsumer, place: Place) -> None:
        async with kafka_call("to skip what retention removed", CALL_DEADLINE_S):
            firsts = await consumer.beginning_offsets([place])
        consumer.seek(place, firsts[place])

    async def _places(self, consumer: AIOKafkaConsumer, topic: str) -> list[Place]:
        name = self._connection.outside(topic)
        await make_known(client_of(consumer), [name])
        return [Place(name, partition) for partition in sorted(consumer.partitions_for_topic(name) or ())]

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            **self._connection.options(),
            client_id="relay-scanner",
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_uncommitted",
            max_partition_fetch_bytes=max(1_048_576, 2 * self._max_record_bytes),
            request_timeout_ms=int(CALL_DEADLINE_S * 1000),
        )
        async with started_consumer(consumer, "to start a scan") as started:
            yield started
