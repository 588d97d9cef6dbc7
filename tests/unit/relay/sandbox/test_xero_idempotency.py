import asyncio

import pytest

from relay.clock import FakeClock
from relay.sandbox.xero_errors import Refusal
from relay.sandbox.xero_idempotency import Answer, Idempotency


class Counted:
    """Performs a request that takes until it is let go, and counts how often."""

    def __init__(self, *, status: int = 200) -> None:
        self.times = 0
        self.let_go = asyncio.Event()
        self.let_go.set()
        self._status = status

    async def __call__(self) -> Answer:
        self.times += 1
        await self.let_go.wait()
        return Answer(self._status, str(self.times).encode(), "text/plain")


@pytest.mark.parametrize("status", [200, 400])
async def test_a_repeat_brings_the_first_answer_also_an_error(status: int) -> None:
    keys, perform = Idempotency(FakeClock()), Counted(status=status)

    first = await keys.once("k", b"request", perform)
    second = await keys.once("k", b"request", perform)

    assert first is second
    assert perform.times == 1


async def test_another_request_may_not_use_the_key() -> None:
    keys, perform = Idempotency(FakeClock()), Counted()
    await keys.once("k", b"request", perform)

    with pytest.raises(Refusal, match="Idempotency Key: k is used with a different request"):
        await keys.once("k", b"another", perform)


async def test_after_six_minutes_from_the_first_call_the_key_is_new() -> None:
    clock = FakeClock()
    keys, perform = Idempotency(clock), Counted()
    await keys.once("k", b"request", perform)
    clock.advance(359)
    await keys.once("k", b"request", perform)
    clock.advance(1)

    await keys.once("k", b"another", perform)

    assert perform.times == 2


async def test_a_repeat_waits_for_the_first_call() -> None:
    keys, perform = Idempotency(FakeClock()), Counted()
    perform.let_go.clear()

    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(keys.once("k", b"request", perform)) for _ in range(3)]
        await asyncio.sleep(0)
        perform.let_go.set()

    assert perform.times == 1
    assert {call.result().body for call in calls} == {b"1"}


async def test_when_the_first_call_is_cancelled_a_repeat_is_performed() -> None:
    keys, perform = Idempotency(FakeClock()), Counted()
    perform.let_go.clear()

    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(keys.once("k", b"request", perform))
        await asyncio.sleep(0)
        second = tasks.create_task(keys.once("k", b"request", perform))
        await asyncio.sleep(0)
        first.cancel()
        perform.let_go.set()

    assert (second.result().body, perform.times) == (b"2", 2)


async def test_a_key_has_at_most_128_characters() -> None:
    keys = Idempotency(FakeClock())
    await keys.once("k" * 128, b"request", Counted())

    with pytest.raises(Refusal, match="128"):
        await keys.once("k" * 129, b"request", Counted())
