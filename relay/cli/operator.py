"""What an operator does in the demo's story, done on the opened rooms as the commands do it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

from relay.cli import wiring
from relay.cli.connections import changed
from relay.cli.dead import send_again
from relay.log.ports import Log
from relay.store.parked import ParkedState

BY: Final = "demo"


class OperatorAtHand:
    """Satisfies `relay.sandbox.story.Operator`."""

    def __init__(self, connection_id: str, stores: wiring.Stores, log: Log) -> None:
        self._connection_id = connection_id
        self._stores = stores
        self._log = log
        self._marked: datetime | None = None

    async def change(self, key: str, value: str) -> None:
        """Change a setting of the connection."""
        await self._stores.connections.change_settings(self._connection_id, dict([changed(f"{key}={value}")]), by=BY)

    async def redrive(self) -> int:
        """Send every dead letter again; return how many there were."""
        rows = await self._stores.parked.listed(ParkedState.DEAD)
        await send_again(rows, f"redrive-{uuid4()}", self._stores, self._log)
        return len(rows)

    async def reasons(self, state: str) -> Sequence[str]:
        """Return the reasons of what is parked or dead."""
        return [row.reason for row in await self._stores.parked.listed(ParkedState(state))]

    async def skipped(self, subject: str) -> Sequence[str]:
        """Return the reasons for which events of a subject were skipped."""
        rows = await self._stores.outcomes.find(subject)
        return [row.reason for row in rows if row.outcome == "skipped" and row.reason]

    async def mark(self) -> None:
        """Remember this moment."""
        self._marked = wiring.CLOCK.now()

    async def handled_again(self) -> bool:
        """Return whether every event handled live has been handled once more since `mark`."""
        oldest = await self._stores.outcomes.oldest_live()
        return oldest is not None and self._marked is not None and oldest > self._marked
