"""The embedded log: records, topics, group offsets and retention in one SQLite file, for the processes of one machine.

No toy: what `publish` returned for is fsynced. It makes the promises of `ports.py`, and passes Kafka's contract suite.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from relay.clock import Clock
from relay.log.ports import GroupReader, Listener, Log, Publisher, Scanner, Topics
from relay.log.sqlite.file import prepare
from relay.log.sqlite.publisher import EmbeddedPublisher
from relay.log.sqlite.pulse import Pulse, watched_file
from relay.log.sqlite.reader import EmbeddedReader, joined
from relay.log.sqlite.reads import Reads, opened_reads
from relay.log.sqlite.scanner import EmbeddedScanner
from relay.log.sqlite.topics import EmbeddedTopics
from relay.log.sqlite.writer import Writer, started_writer


class EmbeddedLog:
    """An opened embedded log."""

    publisher: Publisher
    scanner: Scanner
    topics: Topics

    def __init__(
        self, path: Path, *, writer: Writer, reads: Reads, pulse: Pulse, commit_deadline_s: float, max_record_bytes: int
    ) -> None:
        self.publisher = EmbeddedPublisher(
            writer, reads, deadline_s=commit_deadline_s, max_record_bytes=max_record_bytes
        )
        self.scanner = EmbeddedScanner(reads)
        self.topics = EmbeddedTopics(writer, reads)
        self._path = path
        self._writer = writer
        self._reads = reads
        self._pulse = pulse
        self._readers: list[EmbeddedReader] = []

    async def join(self, group: str, topics: Sequence[str], listener: Listener) -> GroupReader:
        """Return a reader of the group, which holds the group or stands by for it."""
        reader = await joined(
            group, topics, listener, path=self._path, reads=self._reads, writer=self._writer, pulse=self._pulse
        )
        self._readers.append(reader)
        return reader

    async def leave(self, reader: GroupReader) -> None:
        """Leave the group, calling `revoked` first; another reader of it goes on at once."""
        for ours in [ours for ours in self._readers if ours is reader]:
            self._readers.remove(ours)
            await ours.leave()

    async def leave_all(self) -> None:
        """Leave every group that is still joined."""
        for reader in tuple(self._readers):
            await self.leave(reader)


@asynccontextmanager
async def opened_embedded_log(
    path: Path, *, clock: Clock, retention: timedelta, max_record_bytes: int, commit_deadline_s: float = 2.0
) -> AsyncIterator[Log]:
    """Open the log in that file, making it where it is missing; every process of the machine may do so at once.

    A record goes after its topic's retention or `retention`, whichever is shorter. `publish` waits at most
    `commit_deadline_s`, also for other processes' writers.

    Raises:
        LogUnavailable: the file cannot be used; the text says why.
    """
    await asyncio.to_thread(prepare, path)
    pulse = Pulse()
    async with AsyncExitStack() as stack:
        reads = await stack.enter_async_context(opened_reads(path))
        await stack.enter_async_context(watched_file(path, pulse))
        writer = await stack.enter_async_context(
            started_writer(path, clock=clock, retention=retention, busy_s=commit_deadline_s, pulse=pulse)
        )
        log = EmbeddedLog(
            path,
            writer=writer,
            reads=reads,
            pulse=pulse,
            commit_deadline_s=commit_deadline_s,
            max_record_bytes=max_record_bytes,
        )
        stack.push_async_callback(log.leave_all)
        yield log
