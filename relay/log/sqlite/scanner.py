"""Bounded reading of the embedded log, outside any group."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

from relay.log.ports import Bounds
from relay.log.sqlite.reads import Reads
from schemas.records import StoredRecord, TopicPartition


class EmbeddedScanner:
    """A `Scanner` on the one partition that a topic has here."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def bounds(self, topic: str) -> Mapping[int, Bounds]:
        """Return the bounds of partition 0."""
        extent = await self._reads.extent(topic)
        return {0: Bounds(extent.first, extent.end)}

    async def offsets_at(self, topic: str, instant: datetime) -> Mapping[int, int]:
        """Return the first offset stored at or after an instant, for partition 0."""
        return {0: await self._reads.offset_at(topic, instant)}

    async def scan(self, partition: TopicPartition, start: int, end: int) -> AsyncIterator[Sequence[StoredRecord]]:
        """Yield the records of `[start, end)` that are there, in blocks."""
        if partition.partition != 0:
            return
        end = min(end, (await self._reads.extent(partition.topic)).end)
        while start < end and (block := await self._reads.records(partition.topic, start, end)):
            yield block
            start = block[-1].offset + 1
