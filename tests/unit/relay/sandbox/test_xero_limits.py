from contextlib import ExitStack

import pytest

from relay.clock import FakeClock
from relay.sandbox.xero_errors import Refusal
from relay.sandbox.xero_limits import Limits, Problem


def called(limits: Limits, tenant: str = "t", times: int = 1) -> None:
    for _ in range(times):
        with limits.call(tenant):
            pass


def refusal(limits: Limits, tenant: str = "t") -> Refusal:
    with pytest.raises(Refusal) as refused:
        called(limits, tenant)
    assert refused.value.status == 429
    return refused.value


def test_the_61st_call_of_a_minute_waits_for_the_next_window() -> None:
    clock = FakeClock()
    limits = Limits(clock)
    called(limits, times=60)

    headers = refusal(limits).headers
    clock.advance(float(headers["Retry-After"]))

    assert (headers["X-Rate-Limit-Problem"], headers["X-MinLimit-Remaining"]) == ("minute", "0")
    called(limits)


def test_a_refused_call_is_not_counted() -> None:
    limits = Limits(FakeClock(), minute=1)
    called(limits)

    refusal(limits)

    assert limits.headers("t")["X-DayLimit-Remaining"] == "4999"


def test_the_day_ends_the_calls_for_hours() -> None:
    limits = Limits(FakeClock(), day=2)
    called(limits, times=2)

    headers = refusal(limits).headers

    assert (headers["X-Rate-Limit-Problem"], headers["X-DayLimit-Remaining"]) == ("day", "0")
    assert 0 < int(headers["Retry-After"]) <= 86_400


def test_tenants_have_their_own_limits_but_share_the_apps() -> None:
    limits = Limits(FakeClock(), minute=1, app_minute=2)
    called(limits, "one")
    called(limits, "two")

    headers = refusal(limits, "three").headers

    assert headers["X-Rate-Limit-Problem"] == "appminute"
    assert "Retry-After" not in headers


def test_the_sixth_at_once_is_refused_without_a_time() -> None:
    limits = Limits(FakeClock())
    with ExitStack() as calls:
        for _ in range(5):
            calls.enter_context(limits.call("t"))

        headers = refusal(limits).headers

    assert (headers["X-Rate-Limit-Problem"], "Retry-After" in headers) == ("concurrent", False)
    assert limits.most_at_once["t"] == 5
    called(limits)


def test_a_call_without_a_tenant_hears_of_the_app_only() -> None:
    limits = Limits(FakeClock())
    called(limits, "")

    assert limits.headers("") == {"X-AppMinLimit-Remaining": "9999"}
    assert limits.headers("t") == {
        "X-AppMinLimit-Remaining": "9999",
        "X-MinLimit-Remaining": "60",
        "X-DayLimit-Remaining": "5000",
    }


@pytest.mark.parametrize(
    ("problem", "says_when"), [("minute", True), ("day", True), ("concurrent", False), ("appminute", False)]
)
def test_a_tenant_can_be_throttled_for_a_while(problem: Problem, says_when: bool) -> None:
    clock = FakeClock()
    limits = Limits(clock)
    limits.throttle("t", problem, 2.5)

    headers = refusal(limits).headers
    called(limits, "another")
    clock.advance(2.5)

    assert headers["X-Rate-Limit-Problem"] == problem
    assert headers.get("Retry-After") == ("3" if says_when else None)
    called(limits)
