"""The vendors' limits: used up without a refusal, and obeyed when one comes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind
from relay.upstream.errors import Throttled
from schemas.reasons import Reason
from tests.givens.joined_vendors import Joined, joined


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> AsyncIterator[Joined]:
    async with joined(**getattr(request, "param", {})) as one:
        yield one


async def patiently(world: Joined, call: Callable[[], Awaitable[object]]) -> float:
    """Make a call, once more after each wait it asks for; return the seconds waited."""
    waited = 0.0
    while True:
        with suppress(Throttled):
            await call()
            return waited
        with pytest.raises(Throttled) as throttled:
            await call()
        waited += throttled.value.retry_after or 1.0
        world.clock.advance(throttled.value.retry_after or 1.0)


async def test_a_minutes_budget_is_used_up_without_one_refusal(world: Joined) -> None:
    waits = [await patiently(world, lambda: world.xero.invoices.by_numbers(["A-1"])) for _ in range(150)]

    assert sum(waited > 0 for waited in waits) == 2
    assert [call.status for call in world.sandbox.xero.calls] == [200] * 150


@pytest.mark.parametrize("world", [{"burst": 25}], indirect=True)
async def test_highlevels_burst_is_used_up_without_one_refusal(world: Joined) -> None:
    waits = [await patiently(world, lambda: world.ghl.invoices.listed(limit=1)) for _ in range(80)]

    assert sum(waits) <= 40
    assert [call.status for call in world.sandbox.ghl.calls] == [200] * 80


async def test_never_more_than_five_calls_at_once_reach_an_organisation(world: Joined) -> None:
    await asyncio.gather(*(world.xero.invoices.by_numbers([f"A-{number}"]) for number in range(40)))

    assert world.sandbox.xero.limits.most_at_once[world.tenant] <= 5
    assert {call.status for call in world.sandbox.xero.calls} == {200}


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        ("minute", Reason.MINUTE_LIMIT),
        ("day", Reason.BUDGET_USED_UP),
        ("concurrent", Reason.MINUTE_LIMIT),
        ("appminute", Reason.APP_LIMIT),
    ],
)
async def test_a_limit_says_which_and_is_obeyed(world: Joined, problem: Any, reason: Reason) -> None:
    world.sandbox.xero.throttle(world.tenant, problem, 3600)

    for _ in range(2):
        with pytest.raises(Throttled) as error:
            await asyncio.wait_for(_advancing(world, world.xero.invoices.by_numbers(["A-1"])), 5)

    assert error.value.reason == reason
    if problem in {"minute", "day"}:
        assert error.value.retry_after == 3600
        assert len(world.sandbox.xero.calls) == 1


async def _advancing(world: Joined, call: Any) -> Any:
    """Wait for a call that may wait in its gate for seconds on a clock that stands still."""
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(_caught(call))
        while not waiting.done():
            await asyncio.sleep(0)
            if world.clock._sleepers:
                world.clock.advance(2)
    if isinstance(waiting.result(), Exception):
        raise waiting.result()
    return waiting.result()


async def _caught(call: Any) -> Any:
    try:
        return await call
    except Throttled as error:
        return error


async def test_a_busy_highlevel_is_waited_for(world: Joined) -> None:
    world.fault(FaultKind.THROTTLE, Vendor.GHL, "/invoices")

    with pytest.raises(Throttled) as error:
        await world.ghl.invoices.listed(limit=1)

    assert error.value.reason == Reason.MINUTE_LIMIT
