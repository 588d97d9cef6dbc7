import asyncio
from typing import Any

import httpx
import pytest

from relay.clock import FakeClock
from relay.sandbox import faults as module
from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind, Faults, Refusal, Rule
from tests.givens.vendor_hooks import turned


class App:
    """A vendor's app that remembers what reached it."""

    def __init__(self) -> None:
        self.committed: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        self.committed.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


class World:
    def __init__(self, *rules: Rule) -> None:
        self.clock, self.app = FakeClock(), App()
        self.faults = Faults(self.clock)
        for rule in rules:
            self.faults.add(rule)

    async def ask(self, method: str = "GET", path: str = "/invoices/1", vendor: Vendor = Vendor.GHL) -> httpx.Response:
        transport = httpx.ASGITransport(self.faults.around(self.app, vendor))
        async with httpx.AsyncClient(transport=transport, base_url="http://vendor") as http:
            return await http.request(method, path, content=b"{}")


def rule(kind: FaultKind = FaultKind.REFUSE, vendor: Vendor = Vendor.GHL, **more: Any) -> Rule:
    return Rule(kind, vendor, **more)


async def test_a_refused_call_never_reaches_the_app() -> None:
    world = World(rule(refusal=Refusal(502, {"X-Why": "test"}, "bad gateway")))

    answer = await world.ask()

    assert (answer.status_code, answer.text, answer.headers["x-why"]) == (502, "bad gateway", "test")
    assert world.app.committed == []


@pytest.mark.parametrize(
    ("times", "after", "statuses", "bitten"),
    [
        (1, 0, [503, 200, 200, 200], 1),
        (2, 1, [200, 503, 503, 200], 2),
        (None, 0, [503] * 4, 4),
        (None, 3, [200, 200, 200, 503], 1),
    ],
)
async def test_a_rule_bites_as_often_as_it_says_and_counts(
    times: int | None, after: int, statuses: list[int], bitten: int
) -> None:
    world = World(rule(times=times, after=after))

    answers = [await world.ask() for _ in statuses]

    assert [answer.status_code for answer in answers] == statuses
    assert [one.bitten for one in world.faults.rules] == [bitten]


@pytest.mark.parametrize(
    ("pattern", "method", "path", "vendor", "bites"),
    [
        ({"path": "record-payment$"}, "POST", "/invoices/1/record-payment", Vendor.GHL, True),
        ({"path": "record-payment$"}, "POST", "/invoices/1/void", Vendor.GHL, False),
        ({"method": "PUT|POST"}, "POST", "/x", Vendor.GHL, True),
        ({"method": "PUT|POST"}, "GET", "/x", Vendor.GHL, False),
        ({}, "GET", "/x", Vendor.XERO, False),
    ],
)
async def test_a_rule_bites_only_what_it_describes(
    pattern: dict[str, str], method: str, path: str, vendor: Vendor, bites: bool
) -> None:
    world = World(rule(**pattern))

    answer = await world.ask(method, path, vendor)

    assert (answer.status_code == 503) == bites


async def test_a_dropped_answer_is_committed_all_the_same() -> None:
    world = World(rule(FaultKind.DROP_ANSWER))

    with pytest.raises(httpx.RemoteProtocolError):
        await world.ask("POST", "/invoices/1/record-payment")

    assert world.app.committed == ["/invoices/1/record-payment"]


async def asked_and_timed(world: World, kind: FaultKind, seconds: float) -> bool:
    """Ask once and move the clock; return whether the answer was still open before it moved."""
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(cut_or_answered(world, kind))
        await turned()
        open_before = not asked.done()
        world.clock.advance(seconds)
    return open_before


async def cut_or_answered(world: World, kind: FaultKind) -> None:
    if kind in {FaultKind.DELAY, FaultKind.LATE_ANSWER}:
        await world.ask()
    else:
        with pytest.raises(httpx.RemoteProtocolError):
            await world.ask()


@pytest.mark.parametrize(
    ("kind", "committed"),
    [(FaultKind.HANG, []), (FaultKind.DELAY, ["/invoices/1"]), (FaultKind.LATE_ANSWER, ["/invoices/1"])],
)
async def test_a_slow_vendor_answers_late_or_never(kind: FaultKind, committed: list[str]) -> None:
    world = World(rule(kind, seconds=30))

    open_before = await asked_and_timed(world, kind, 30)

    assert open_before
    assert world.app.committed == committed


@pytest.mark.parametrize(
    ("vendor", "headers"),
    [(Vendor.GHL, {}), (Vendor.XERO, {"retry-after": "7", "x-rate-limit-problem": "minute"})],
)
async def test_each_vendor_throttles_in_its_own_fashion(vendor: Vendor, headers: dict[str, str]) -> None:
    world = World(rule(FaultKind.THROTTLE, vendor, seconds=7))

    answer = await world.ask(vendor=vendor)

    told = {name: value for name, value in answer.headers.items() if name in {"retry-after", "x-rate-limit-problem"}}
    assert (answer.status_code, told) == (429, headers)


async def test_the_first_rule_that_bites_decides_and_cleared_rules_are_gone() -> None:
    world = World(rule(refusal=Refusal(500)), rule(refusal=Refusal(502)))

    first, second = await world.ask(), await world.ask()
    world.faults.add(rule(times=None))
    world.faults.clear()
    third = await world.ask()

    assert [first.status_code, second.status_code, third.status_code] == [500, 502, 200]


def test_a_pattern_that_is_no_regular_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="no regular expression"):
        rule(path="(")


def test_rules_are_bounded_and_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RULES", 2)
    faults = Faults(FakeClock())

    assert [faults.add(rule()).id, faults.add(rule()).id] == [1, 2]
    with pytest.raises(ValueError, match="clear them first"):
        faults.add(rule())


def test_a_rule_may_bite_only_each_second_call() -> None:
    second = rule(FaultKind.REFUSE, times=None, every=2)

    bitten = [second.bites(Vendor.GHL, "GET", "/invoices/1") for _ in range(5)]

    assert bitten == [True, False, True, False, True]
