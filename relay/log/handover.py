"""Tells a `Listener` of partitions that come and go: one call at a time, each under a deadline.

What a listener raises is logged and goes no further. Partitions that it did not take on must not be delivered: the
reader offers them again, under a new epoch. Those that it did not let go cleanly go all the same, and the fence keeps
late commits out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import structlog

from relay.log.ports import Assignment, Listener
from schemas.records import TopicPartition

log = structlog.get_logger()

ASSIGNED_DEADLINE_S: Final = 10.0
REVOKED_DEADLINE_S: Final = 10.0  # a rebalance waits for it, and for an `assigned` before it: 20 s at most


class Handover:
    """The calls to one listener, in the order in which they were asked for."""

    def __init__(self, listener: Listener, group: str) -> None:
        self._listener = listener
        self._group = group
        self._one_at_a_time = asyncio.Lock()

    async def assigned(self, assignments: Sequence[Assignment]) -> bool:
        """Let the listener take partitions on, within `ASSIGNED_DEADLINE_S`; return whether it did."""
        return not assignments or await self._call(
            "assigned", ASSIGNED_DEADLINE_S, partial(self._listener.assigned, assignments)
        )

    async def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Let the listener part with partitions; waits at most `REVOKED_DEADLINE_S`."""
        if partitions:
            await self._call("revoked", REVOKED_DEADLINE_S, partial(self._listener.revoked, partitions))

    async def _call(self, name: str, seconds: float, call: Callable[[], Awaitable[None]]) -> bool:
        try:
            async with self._one_at_a_time, asyncio.timeout(seconds):  # who is before us has a deadline too
                await call()
                return True
        except TimeoutError:
            log.error("listener.overdue", call=name, group=self._group, after_s=seconds)
        except Exception:
            log.exception("listener.failed", call=name, group=self._group)
        return False
