"""HighLevel's rate limits: a burst in ten seconds and a day's total, per location. 429 comes without Retry-After."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from relay.clock import Clock
from relay.sandbox.ghl_behaviour import Behaviour
from relay.sandbox.ghl_errors import Refusal


@dataclass(slots=True)
class _Counts:
    window_began: float = 0.0
    in_window: int = 0
    day: date | None = None
    today: int = 0
    blocked_until: float = 0.0


class Limits:
    """Counts the calls of each location or company."""

    def __init__(self, *, clock: Clock, behaviour: Behaviour) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._counts: dict[str, _Counts] = {}

    def throttle(self, resource: str, seconds: float) -> None:
        """Answer 429 to every call of a location for so long, as after a burst."""
        self._of(resource).blocked_until = self._clock.monotonic() + seconds

    def spend(self, resource: str) -> None:
        """Count one call.

        Raises:
            Refusal: 429, the call is over the burst or the day.
        """
        counts = self._of(resource)
        blocked = self._clock.monotonic() < counts.blocked_until
        if blocked or counts.in_window >= self._behaviour.burst or counts.today >= self._behaviour.daily:
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too Many Requests")
        counts.in_window += 1
        counts.today += 1

    def headers(self, resource: str) -> Mapping[str, str]:
        """Return where a location stands, in the words of docs/oauth/Authorization.md."""
        counts, behaviour = self._of(resource), self._behaviour
        blocked = self._clock.monotonic() < counts.blocked_until
        return {
            "X-RateLimit-Limit-Daily": str(behaviour.daily),
            "X-RateLimit-Daily-Remaining": str(behaviour.daily - counts.today),
            "X-RateLimit-Interval-Milliseconds": str(behaviour.burst_window_s * 1000),
            "X-RateLimit-Max": str(behaviour.burst),
            "X-RateLimit-Remaining": str(0 if blocked else behaviour.burst - counts.in_window),
        }

    def _of(self, resource: str) -> _Counts:
        counts = self._counts.setdefault(resource, _Counts())
        now, today = self._clock.monotonic(), self._clock.now().date()
        if now - counts.window_began >= self._behaviour.burst_window_s:
            counts.window_began, counts.in_window = now, 0
        if counts.day != today:
            counts.day, counts.today = today, 0
        return counts
