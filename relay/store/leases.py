"""Leases: locks that may span a vendor call, the same on both databases (holder, until, fencing number)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import ColumnElement, and_, select, update

from relay.clock import Clock
from relay.store.engine import Database
from relay.store.errors import LeaseLost, LeaseTaken, StoreUnavailable
from relay.store.tables import LEASES

__all__ = ["LeaseLost", "LeaseTaken", "Leases"]

log = structlog.get_logger()

_FREE: Final = datetime(1970, 1, 1, tzinfo=UTC)  # long ago on everybody's clock
_FIRST_PAUSE_S: Final = 0.02
_LONGEST_PAUSE_S: Final = 0.5


@dataclass(slots=True)
class _Hold:
    """A lease that is ours until then; a renewal moves `until`."""

    name: str
    fence: int
    ttl_s: float
    until: datetime


class Leases:
    """Takes and frees leases. `holder` names this process for people; it decides nothing, the fence does.

    Processes of several machines compare `until` with their own clocks: a ttl must be much longer than these differ.
    """

    def __init__(self, database: Database, clock: Clock, holder: str) -> None:
        self._database = database
        self._clock = clock
        self._holder = holder

    def held(self, name: str, *, ttl_s: float, wait_s: float) -> AbstractAsyncContextManager[int]:
        """Hold the lease; yields the fencing number, which grows each time the lease changes hands.

        Polls up to `wait_s` (0: one try). Renewed every third of `ttl_s` while the block runs, freed at its end; a
        dead holder's lease ends after `ttl_s`. Not re-entrant: a task that asks twice waits for itself.

        Raises:
            LeaseTaken: somebody else held it all the time.
            LeaseLost: it could not be renewed in time; the block was cancelled before anybody else may have it.
        """
        return self._held(name, ttl_s, wait_s)

    @asynccontextmanager
    async def _held(self, name: str, ttl_s: float, wait_s: float) -> AsyncIterator[int]:
        hold = await self._acquired(name, ttl_s, wait_s)
        try:
            async with asyncio.TaskGroup() as tasks:
                keepers = [tasks.create_task(self._renewed(hold)), tasks.create_task(self._watched(hold))]
                try:
                    yield hold.fence
                finally:
                    for keeper in keepers:
                        keeper.cancel()
        except BaseExceptionGroup as group:
            error = _the_one(group)  # the task group wraps what the block raised: callers get it as it was
            raise error from error.__cause__
        finally:
            await self._freed(hold)

    async def _acquired(self, name: str, ttl_s: float, wait_s: float) -> _Hold:
        give_up = self._clock.monotonic() + wait_s
        pause = _FIRST_PAUSE_S
        while True:
            if taken := await self._tried(name, ttl_s):
                return taken
            left = give_up - self._clock.monotonic()
            if left <= 0:
                raise LeaseTaken(f"somebody else holds the lease {name}")
            await self._clock.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    async def _tried(self, name: str, ttl_s: float) -> _Hold | None:
        """Take it if it is free: one statement, so that of many only one gets it."""
        async with self._database.reading() as transaction:  # those who wait must not queue for the write lock
            held_until = await transaction.scalar(select(LEASES.c.until).where(LEASES.c.name == name))
        now = self._clock.now()
        if held_until is not None and held_until > now:
            return None
        until = now + timedelta(seconds=ttl_s)
        statement = self._database.insert(LEASES)
        taken = {
            "holder": statement.excluded.holder,
            "until": statement.excluded.until,
            "fence": LEASES.c.fence + 1,
        }
        free = LEASES.c.until <= now
        take = statement.on_conflict_do_update(index_elements=[LEASES.c.name], set_=taken, where=free)
        row = {"name": name, "holder": self._holder, "until": until, "fence": 1}
        async with self._database.writing(ttl_s / 3) as transaction:  # later, it might have ended before it begins
            fence: int | None = await transaction.scalar(take.values(row).returning(LEASES.c.fence))
        return None if fence is None else _Hold(name, fence, ttl_s, until)

    async def _renewed(self, hold: _Hold) -> None:
        """Renew for ever, every third of the ttl, and sooner after a try that failed."""
        while True:
            await self._clock.sleep(hold.ttl_s / 3)
            while not await self._extended(hold):
                await self._clock.sleep(hold.ttl_s / 12)

    async def _watched(self, hold: _Hold) -> None:
        """Raise LeaseLost while the lease still keeps others out; a renewal that hangs does not delay it."""
        while (left_s := (hold.until - self._clock.now()).total_seconds() - hold.ttl_s / 6) > 0:
            await self._clock.sleep(left_s)
        raise LeaseLost(f"the lease {hold.name} could not be renewed")

    async def _extended(self, hold: _Hold) -> bool:
        until = self._clock.now() + timedelta(seconds=hold.ttl_s)
        try:
            async with self._database.writing(hold.ttl_s / 3) as transaction:
                ours = (await transaction.execute(update(LEASES).where(_same(hold)).values(until=until))).rowcount
        except StoreUnavailable:
            log.warning("lease.renewal_delayed", lease=hold.name)
            return False
        if not ours:
            raise LeaseLost(f"the lease {hold.name} went to somebody else")
        hold.until = until
        return True

    async def _freed(self, hold: _Hold) -> None:
        try:
            async with self._database.writing() as transaction:
                await transaction.execute(update(LEASES).where(_same(hold)).values(until=_FREE))
        except StoreUnavailable:
            log.warning("lease.left_to_expire", lease=hold.name)


def _same(hold: _Hold) -> ColumnElement[bool]:
    """Return the condition that the lease has not changed hands: no two holders have one fence."""
    return and_(LEASES.c.name == hold.name, LEASES.c.fence == hold.fence)


def _the_one(group: BaseExceptionGroup[BaseException]) -> BaseException:
    lost = [error for error in group.exceptions if isinstance(error, LeaseLost)]
    return (lost or group.exceptions)[0]
