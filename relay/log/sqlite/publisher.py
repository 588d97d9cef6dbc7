"""The way into the embedded log."""

import asyncio
from collections.abc import Sequence
from typing import Final

from relay.log.errors import EventTooLarge, LogError
from relay.log.sizes import Budget
from relay.log.sqlite.reads import Reads
from relay.log.sqlite.transaction import entry
from relay.log.sqlite.writer import Writer
from schemas.records import Record
from schemas.topics import LIVE

READY_WITHIN_S: Final = 2.0
MOST_BYTES_WAITING: Final = 64 * 1_048_576


class EmbeddedPublisher:
    """A `Publisher` on the writer's group commit."""

    def __init__(self, writer: Writer, reads: Reads, *, deadline_s: float, max_record_bytes: int) -> None:
        self._writer = writer
        self._reads = reads
        self._deadline_s = deadline_s
        self._max_record_bytes = max_record_bytes
        self._budget = Budget(MOST_BYTES_WAITING)

    async def publish(self, records: Sequence[Record]) -> None:
        """Return once every record is fsynced; see `Publisher.publish`."""
        entries = [entry(record) for record in records]
        for ready in entries:
            if ready.size > self._max_record_bytes:
                raise EventTooLarge(f"a record of {ready.size} bytes: at most {self._max_record_bytes} are taken")
        with self._budget.taken(sum(ready.size for ready in entries)):
            await self._writer.run(
                lambda transaction: transaction.append(entries), doing="to publish", seconds=self._deadline_s
            )

    async def ready(self) -> bool:
        """Return whether the writer gets its lock and every live topic is there."""
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._writer.run(lambda _: None, doing="to prove ready", seconds=READY_WITHIN_S)
                return set(LIVE) <= set(await self._reads.topics())
        except (LogError, TimeoutError):
            return False
