import pytest

from relay.clock import FakeClock
from relay.sandbox.ghl_behaviour import Behaviour
from relay.sandbox.ghl_errors import Refusal
from relay.sandbox.ghl_limits import Limits

LOCATION = "ve9EPM428h8vShlRW1KT"


def limits(clock: FakeClock, **behaviour: int) -> Limits:
    return Limits(clock=clock, behaviour=Behaviour(**behaviour))


def spend(limit: Limits, calls: int, resource: str = LOCATION) -> None:
    for _ in range(calls):
        limit.spend(resource)


def test_a_burst_is_refused_until_its_window_is_over() -> None:
    clock = FakeClock()
    limit = limits(clock)
    spend(limit, 100)

    with pytest.raises(Refusal) as refused:
        limit.spend(LOCATION)
    clock.advance(10)
    limit.spend(LOCATION)

    assert refused.value.status == 429
    assert limit.headers(LOCATION)["X-RateLimit-Remaining"] == "99"


def test_one_location_does_not_spend_for_another() -> None:
    limit = limits(FakeClock(), burst=1)
    spend(limit, 1)

    spend(limit, 1, "another")

    assert limit.headers("another")["X-RateLimit-Remaining"] == "0"


def test_the_day_is_counted_and_begins_anew() -> None:
    clock = FakeClock()
    limit = limits(clock, daily=2)
    spend(limit, 2)

    with pytest.raises(Refusal):
        limit.spend(LOCATION)
    remaining = limit.headers(LOCATION)["X-RateLimit-Daily-Remaining"]
    clock.advance(86_400)
    limit.spend(LOCATION)

    assert remaining == "0"


def test_a_refused_call_counts_for_nothing() -> None:
    limit = limits(FakeClock(), burst=1)
    spend(limit, 1)

    for _ in range(3):
        with pytest.raises(Refusal):
            limit.spend(LOCATION)

    assert limit.headers(LOCATION)["X-RateLimit-Daily-Remaining"] == "199999"


def test_a_throttled_location_stays_so_for_that_long() -> None:
    clock = FakeClock()
    limit = limits(clock)
    limit.throttle(LOCATION, 30)

    clock.advance(29)
    with pytest.raises(Refusal):
        limit.spend(LOCATION)
    remaining = limit.headers(LOCATION)["X-RateLimit-Remaining"]
    clock.advance(1)
    limit.spend(LOCATION)

    assert remaining == "0"


def test_every_documented_header_is_there() -> None:
    assert limits(FakeClock()).headers(LOCATION) == {
        "X-RateLimit-Limit-Daily": "200000",
        "X-RateLimit-Daily-Remaining": "200000",
        "X-RateLimit-Interval-Milliseconds": "10000",
        "X-RateLimit-Max": "100",
        "X-RateLimit-Remaining": "100",
    }
