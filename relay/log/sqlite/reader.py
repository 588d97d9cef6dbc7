"""A member of a group on the embedded log: it reads while it holds the group's lock, and stands by otherwise."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from relay.log.errors import Fenced, LogUnavailable
from relay.log.handover import Handover
from relay.log.holdings import Holdings
from relay.log.ports import Assignment, Listener
from relay.log.sqlite.file import disk_errors
from relay.log.sqlite.ownership import Ownership
from relay.log.sqlite.pulse import Pulse, wait_for
from relay.log.sqlite.reads import Reads
from relay.log.sqlite.writer import Writer
from schemas.records import StoredRecord, TopicPartition

log = structlog.get_logger()

STAND_BY_S: Final = 0.1  # how often a stand-by tries the lock
COMMIT_DEADLINE_S: Final = 5.0


class EmbeddedReader:
    """A `GroupReader`. Its epoch is the fence kept in the file, so that it grows from member to member."""

    def __init__(
        self,
        group: str,
        topics: Sequence[str],
        listener: Listener,
        *,
        path: Path,
        reads: Reads,
        writer: Writer,
        pulse: Pulse,
    ) -> None:
        self._group = group
        self._topics = tuple(dict.fromkeys(topics))
        self._handover = Handover(listener, group)
        self._ownership = Ownership(path, group)
        self._reads = reads
        self._writer = writer
        self._pulse = pulse
        self._holdings = Holdings()
        self._positions: dict[TopicPartition, int] = {}
        self._left = False

    async def poll(self, timeout_s: float) -> Sequence[StoredRecord]:
        """Return what has arrived; empty after `timeout_s`, and as long as another reader holds the group."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        while not self._left:
            beat = self._pulse.following
            ours = self._ownership.held or await self._take_over()
            if ours and (records := await self._next_block()):
                return records
            remaining = until - loop.time()
            if remaining <= 0:
                break
            await wait_for(beat, remaining if ours else min(remaining, STAND_BY_S))
        return ()

    async def commit(self, offsets: Mapping[TopicPartition, tuple[int, int]]) -> None:
        """Store offsets; see `GroupReader.commit`."""
        verdict = self._holdings.judge(offsets)
        held = self._holdings.assignments()
        if verdict.due:
            fence = held[next(iter(verdict.due))].epoch
            by_topic = {partition.topic: following for partition, following in verdict.due.items()}
            await self._writer.run(
                lambda transaction: transaction.commit_offsets(self._group, fence, by_topic),
                doing=f"to commit offsets of {self._group}",
                seconds=COMMIT_DEADLINE_S,
            )
            self._holdings.committed(verdict.due)
        if verdict.fenced:
            raise Fenced(f"group {self._group}: {', '.join(map(str, verdict.fenced))} are not ours under that epoch")

    def assignments(self) -> Mapping[TopicPartition, Assignment]:
        """Return what is ours: every topic's partition 0, or nothing."""
        return self._holdings.assignments()

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Deliver nothing of these until `resume`."""
        self._holdings.pause(partitions)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """Deliver these again."""
        if self._holdings.resume(partitions):
            self._pulse.beat()

    async def lag(self) -> Mapping[TopicPartition, int]:
        """Return records not yet committed, for what is ours."""
        ends = {held: (await self._reads.extent(held.topic)).end for held in self._holdings.assignments()}
        return self._holdings.lag(ends)

    async def leave(self) -> None:
        """Part with everything, telling the listener first, and free the lock."""
        if self._left:
            return
        self._left = True
        self._pulse.beat()
        await self._handover.revoked(tuple(self._holdings.assignments()))
        self._holdings.release(self._holdings.assignments())
        self._ownership.give_up()

    async def _take_over(self) -> bool:
        with disk_errors(f"to lock group {self._group}"):
            if not self._ownership.take():
                return False
        try:
            fence = await self._writer.run(
                lambda transaction: transaction.raise_fence(self._group),
                doing=f"to take over group {self._group}",
                seconds=COMMIT_DEADLINE_S,
            )
            committed = await self._reads.committed(self._group)
            starts = [await self._start(topic, committed.get(topic)) for topic in self._topics]
        except BaseException:
            self._ownership.give_up()
            raise
        if self._left:
            self._ownership.give_up()
            return False
        assignments = [Assignment(TopicPartition(topic, 0), fence, start) for topic, start in starts]
        for assignment in assignments:
            self._holdings.take(assignment)
            self._positions[assignment.partition] = assignment.start
        taken = False
        try:
            taken = await self._handover.assigned(assignments)
        finally:
            if not taken:
                self._holdings.release(self._holdings.assignments())
                self._ownership.give_up()  # offered again, or to another reader
        return taken and not self._left

    async def _start(self, topic: str, committed: int | None) -> tuple[str, int]:
        extent = await self._reads.extent(topic)
        if committed is None:
            log.info("reader.started_at_earliest", group=self._group, topic=topic, partition=0, offset=extent.first)
            return topic, extent.first
        if not extent.first <= committed <= extent.end:
            self._report_lost(topic, committed, extent.first)
            return topic, extent.first
        return topic, committed

    def _report_lost(self, topic: str, wanted: int, first: int) -> None:
        log.error("reader.offset_lost", group=self._group, topic=topic, partition=0, wanted=wanted, offset=first)

    async def _next_block(self) -> Sequence[StoredRecord]:
        """Return a block of the first partition that has one, in turn; move the position only of what is delivered."""
        for partition in list(self._positions):
            if not self._wanted(partition):
                continue
            position = self._positions[partition]
            block = await self._reads.records(partition.topic, position, end=2**40 - 1)
            if not block or not self._wanted(partition):  # paused or parted with meanwhile: it is read again
                continue
            if block[0].offset != position:
                self._report_lost(partition.topic, position, block[0].offset)
            del self._positions[partition]  # to the end of the line: no topic starves another
            self._positions[partition] = block[-1].offset + 1
            return block
        return ()

    def _wanted(self, partition: TopicPartition) -> bool:
        return not self._left and self._holdings.holds(partition) and not self._holdings.paused(partition)


async def joined(
    group: str, topics: Sequence[str], listener: Listener, *, path: Path, reads: Reads, writer: Writer, pulse: Pulse
) -> EmbeddedReader:
    """Return a reader of a group; it takes part once it is polled.

    Raises:
        TopicMissing: a topic was not created.
    """
    if not topics:
        raise LogUnavailable(f"group {group}: no topics to read")
    for topic in topics:
        await reads.extent(topic)
    return EmbeddedReader(group, topics, listener, path=path, reads=reads, writer=writer, pulse=pulse)
