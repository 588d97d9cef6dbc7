"""A vendor with fixed windows never has to refuse the calls of a tenant that has one process."""

import heapq
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from relay.upstream.pacing import Limits, Pace, Said

IN_FLIGHT = 5
WINDOW_S = 60.0
SECONDS = st.floats(0.01, 30.0, allow_nan=False)


class Vendor:
    """Counts calls as they arrive, in windows that begin when it likes."""

    def __init__(self, limit: int, offset_s: float) -> None:
        self.limit = limit
        self.offset_s = offset_s
        self.window = -1
        self.used = 0
        self.refused = 0

    def arrived(self, now: float) -> int:
        window = int((now + self.offset_s) // WINDOW_S)
        if window != self.window:
            self.window, self.used = window, 0
        self.refused += self.used >= self.limit
        self.used += 1
        return max(0, self.limit - self.used)


def run(vendor: Vendor, travels: list[tuple[float, float]]) -> float:
    """Make a call per pair of travel times, as soon as the pace lets it; return when the last one was answered."""
    pace, now, order = Pace(Limits(IN_FLIGHT, "minute", WINDOW_S)), 0.0, count()
    events: list[tuple[float, int, str, tuple[int, float, int]]] = []
    waiting, running = list(reversed(travels)), 0
    while waiting or events:
        wait = pace.wait(now).seconds
        if waiting and running < IN_FLIGHT and wait == 0:
            there, back = waiting.pop()
            running += 1
            heapq.heappush(events, (now + there, next(order), "arrives", (pace.started(now), back, 0)))
            continue
        may_start = now + wait if waiting and running < IN_FLIGHT else float("inf")
        if not events or may_start < events[0][0]:
            now = may_start
            continue
        now, _, what, (started, back, left) = heapq.heappop(events)
        if what == "arrives":
            answer = (started, back, vendor.arrived(now))
            heapq.heappush(events, (now + back, next(order), "answers", answer))
        else:
            pace.heard(Said(window_left=left), started, now)
            pace.ended()
            running -= 1
    return now


@given(
    travels=st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=200),
    limit=st.integers(IN_FLIGHT, 60),
    offset_s=st.floats(0, WINDOW_S, allow_nan=False),
)
def test_no_call_is_refused_however_long_answers_travel(
    travels: list[tuple[float, float]], limit: int, offset_s: float
) -> None:
    vendor = Vendor(limit, offset_s)

    run(vendor, travels)

    assert vendor.refused == 0


def test_the_budget_is_nearly_used_up_where_there_is_enough_to_do() -> None:
    vendor = Vendor(60, 17.0)

    seconds = run(vendor, [(0.1, 0.1)] * 600)

    assert vendor.refused == 0
    assert 600 / (seconds / WINDOW_S) > 0.85 * vendor.limit
