"""A way into the log that is a list: for tests of whoever publishes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.records import Record


@dataclass
class ListPublisher:
    """Keeps what it is given; raises `error`, or waits until `gate` is set, where a test says so."""

    records: list[Record] = field(default_factory=list)
    calls: int = 0
    error: Exception | None = None
    gate: asyncio.Event | None = None
    called: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self, records: Sequence[Record]) -> None:
        self.calls += 1
        self.called.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.records += records

    async def ready(self) -> bool:
        return self.error is None
