"""Xero's limits: per tenant 5 calls at once, 60 a minute and 1,000 or 5,000 a day; 10,000 a minute for the app.

Windows are fixed and start at another moment for each tenant. A refused call is not counted.
"""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal
from zlib import crc32

from relay.clock import Clock
from relay.sandbox.xero_errors import throttled

Problem = Literal["minute", "day", "concurrent", "appminute"]
MINUTE_S: Final = 60
DAY_S: Final = 86_400
APP: Final = ""  # the app's own window
# which header is 0 under which problem; Retry-After is given for the minute and the day only
_SPENT: Final = {
    "minute": "X-MinLimit-Remaining",
    "day": "X-DayLimit-Remaining",
    "appminute": "X-AppMinLimit-Remaining",
}


class Limits:
    """Counts the calls of one app. The four limits may be changed at any time."""

    def __init__(
        self, clock: Clock, *, concurrent: int = 5, minute: int = 60, day: int = 5000, app_minute: int = 10_000
    ) -> None:
        self.concurrent = concurrent
        self.minute = minute
        self.day = day
        self.app_minute = app_minute
        self.most_at_once: Counter[str] = Counter()  # the highest number of calls in flight seen, by tenant
        self._clock = clock
        self._in_flight: Counter[str] = Counter()
        self._used: dict[tuple[str, int], tuple[int, int]] = {}  # (who, length) -> (window, calls)
        self._until: dict[tuple[str, Problem], float] = {}

    def throttle(self, tenant_id: str, problem: Problem, seconds: float) -> None:
        """Answer 429 with this problem to every call of the tenant, for that long."""
        self._until[tenant_id, problem] = self._now() + seconds

    @contextmanager
    def call(self, tenant_id: str) -> Iterator[None]:
        """Hold a place for one call, counted against every limit. An empty tenant is a call of the app alone.

        Raises:
            Refusal: 429, over a limit.
        """
        problem = self._problem(tenant_id)
        if problem:
            raise throttled(problem, self._refusal_headers(tenant_id, problem))
        self._count(APP, MINUTE_S)
        if tenant_id:
            self._count(tenant_id, MINUTE_S)
            self._count(tenant_id, DAY_S)
        self._in_flight[tenant_id] += 1
        self.most_at_once[tenant_id] = max(self.most_at_once[tenant_id], self._in_flight[tenant_id])
        try:
            yield
        finally:
            self._in_flight[tenant_id] -= 1

    def headers(self, tenant_id: str) -> dict[str, str]:
        """Return what is left, as every answer says it; a call without a tenant hears of the app only."""
        left = {"X-AppMinLimit-Remaining": self.app_minute - self._calls(APP, MINUTE_S)}
        if tenant_id:
            left |= {
                "X-MinLimit-Remaining": self.minute - self._calls(tenant_id, MINUTE_S),
                "X-DayLimit-Remaining": self.day - self._calls(tenant_id, DAY_S),
            }
        return {name: str(max(0, number)) for name, number in left.items()}

    def _problem(self, tenant_id: str) -> Problem | None:
        forced = [problem for (who, problem), until in self._until.items() if who == tenant_id and until > self._now()]
        if forced:
            return forced[0]
        if self._calls(APP, MINUTE_S) >= self.app_minute:
            return "appminute"
        if tenant_id and self._calls(tenant_id, DAY_S) >= self.day:
            return "day"
        if tenant_id and self._calls(tenant_id, MINUTE_S) >= self.minute:
            return "minute"
        return "concurrent" if tenant_id and self._in_flight[tenant_id] >= self.concurrent else None

    def _refusal_headers(self, tenant_id: str, problem: Problem) -> dict[str, str]:
        headers = self.headers(tenant_id)
        if problem in _SPENT:
            headers[_SPENT[problem]] = "0"
        if problem in {"minute", "day"}:
            length = MINUTE_S if problem == "minute" else DAY_S
            until = self._until.get((tenant_id, problem), 0.0)
            wait = until - self._now() if until > self._now() else self._rest(tenant_id, length)
            headers["Retry-After"] = str(max(1, math.ceil(wait)))
        return headers

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _shifted(self, who: str, length: int) -> float:
        return self._now() + crc32(who.encode()) % length

    def _rest(self, who: str, length: int) -> float:
        return length - self._shifted(who, length) % length

    def _calls(self, who: str, length: int) -> int:
        window, calls = self._used.get((who, length), (0, 0))
        return calls if window == int(self._shifted(who, length) // length) else 0

    def _count(self, who: str, length: int) -> None:
        window = int(self._shifted(who, length) // length)
        self._used[who, length] = (window, self._calls(who, length) + 1)
