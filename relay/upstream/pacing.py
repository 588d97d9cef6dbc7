"""How fast one tenant may be asked: what the vendor's headers say, kept as a pure state, and a gate that obeys it.

Xero: 5 calls at once, 60 a minute, a daily number per tenant and app; fixed windows whose start nobody tells.
HighLevel: 100 calls in 10 s per location. The state believes the headers and hard-codes no limit but the concurrency.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from relay.clock import Clock
from relay.upstream.errors import Throttled
from schemas.reasons import Reason

PATIENCE_S: Final = 3.0  # a longer wait is the runtime's: it parks the connection instead of holding a worker

# Xero gives Retry-After with the minute's and the day's limit alone, HighLevel never: how long nobody asks then
HOLD_S: Final = {Reason.MINUTE_LIMIT: 2.0, Reason.APP_LIMIT: 10.0, Reason.BUDGET_USED_UP: 900.0}


@dataclass(frozen=True, slots=True)
class Limits:
    """What is known of a vendor's limits before it has answered once."""

    in_flight: int
    window: str  # its name in metrics
    window_s: float


@dataclass(frozen=True, slots=True)
class Said:
    """What the headers of one answer say is left; None where they say nothing."""

    window_left: int | None = None
    window_s: float | None = None
    day_left: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """How long to wait before the next call, and why."""

    seconds: float
    reason: Reason = Reason.MINUTE_LIMIT


class Pace:
    """What is left of a tenant's window, as far as its answers tell. Pure: time is an argument, in seconds."""

    def __init__(self, limits: Limits) -> None:
        self._window_s = limits.window_s
        self._heard: int | None = None  # the lowest number of this window
        self._left: int | None = None  # at least this many calls; None: unknown, so one may ask
        self._window_ends = 0.0  # the window has surely moved by then
        self._held_until = 0.0
        self._held_for = Reason.MINUTE_LIMIT
        self._in_flight = 0
        self._ended = 0

    def wait(self, now: float) -> Wait:
        """Return how long to wait before a call may start; zero seconds when it may start now."""
        if now < self._held_until:
            return Wait(self._held_until - now, self._held_for)
        if self._left is not None and self._left <= 0 and now < self._window_ends:
            return Wait(self._window_ends - now)
        return Wait(0.0)

    def started(self, now: float) -> int:
        """Count a call that leaves now; hand the number returned to `heard` with its answer."""
        if self._left is not None:
            self._left = None if now >= self._window_ends else self._left - 1
        self._in_flight += 1
        return self._ended

    def ended(self) -> None:
        """Count a call that is over, however it ended."""
        self._in_flight -= 1
        self._ended += 1

    def heard(self, said: Said, started: int, now: float) -> None:
        """Believe an answer. Called while its own call still counts as in flight.

        Calls that overlapped with it may or may not be in its number: what is left lies between the number less
        those, and the number.
        """
        if said.window_s:
            self._window_s = said.window_s
        if said.window_left is None:
            return
        overlapping = self._in_flight - 1 + self._ended - started
        least = said.window_left - overlapping
        if self._heard is None or least > self._heard or now >= self._window_ends:
            self._window_ends = now + self._window_s  # a new window, begun before now
            self._heard = said.window_left
            self._left = least
        else:
            self._heard = min(self._heard, said.window_left)
            self._left = min(said.window_left, least if self._left is None else max(self._left, least))

    def hold(self, seconds: float, reason: Reason, now: float) -> None:
        """Let nobody call for that long: the vendor refused a call for its limit.

        Its Retry-After says when the window moves better than the number of calls left in it does.
        """
        if now + seconds > self._held_until:
            self._held_until, self._held_for = now + seconds, reason
            self._window_ends = min(self._window_ends, now + seconds)


class Gate:
    """The way out for every call of one tenant and process: as many at once as the vendor bears, none when told so."""

    def __init__(self, limits: Limits, clock: Clock, *, deadline_s: float) -> None:
        self._pace = Pace(limits)
        self._slots = asyncio.Semaphore(limits.in_flight)
        self._clock = clock
        self._deadline_s = deadline_s

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[Callable[[Said], None]]:
        """Hold one of the tenant's slots for a call; yields what takes the numbers of its answer.

        Waits for a slot no longer than a call may take, and for the vendor's window `PATIENCE_S`.

        Raises:
            Throttled: it would take longer; `retry_after` says how long.
        """
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._slots.acquire()
        except TimeoutError:
            raise Throttled(
                "all calls this organisation may have at once are taken", HOLD_S[Reason.MINUTE_LIMIT]
            ) from None
        try:
            await self._window()
            started = self._pace.started(self._clock.monotonic())
            try:
                yield lambda said: self._pace.heard(said, started, self._clock.monotonic())
            finally:
                self._pace.ended()
        finally:
            self._slots.release()

    def refused(self, error: Throttled) -> None:
        """Hold everybody back after a vendor's 429."""
        seconds = error.retry_after if error.retry_after is not None else HOLD_S.get(error.reason, PATIENCE_S)
        self._pace.hold(seconds, error.reason, self._clock.monotonic())

    async def _window(self) -> None:
        waited = 0.0
        while (wait := self._pace.wait(self._clock.monotonic())).seconds > 0:
            if waited + wait.seconds > PATIENCE_S:
                raise Throttled("the vendor's limit is reached", wait.seconds, wait.reason)
            waited += wait.seconds
            await self._clock.sleep(wait.seconds)
