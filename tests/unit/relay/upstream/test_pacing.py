import asyncio

import pytest

from relay.clock import FakeClock
from relay.upstream.errors import Throttled
from relay.upstream.pacing import HOLD_S, Gate, Limits, Pace, Said
from schemas.reasons import Reason

LIMITS = Limits(in_flight=2, window="minute", window_s=60.0)


def call(pace: Pace, left: int, now: float) -> None:
    started = pace.started(now)
    pace.heard(Said(window_left=left), started, now)
    pace.ended()


def test_before_the_vendor_has_spoken_one_may_ask() -> None:
    assert Pace(LIMITS).wait(0.0).seconds == 0


@pytest.mark.parametrize(("now", "seconds"), [(0.0, 60.0), (45.0, 15.0), (60.0, 0.0), (100.0, 0.0)])
def test_a_used_up_window_is_waited_for_until_it_has_surely_moved(now: float, seconds: float) -> None:
    pace = Pace(LIMITS)

    call(pace, left=0, now=0.0)

    assert pace.wait(now).seconds == seconds


def test_a_number_that_grows_again_begins_a_new_window() -> None:
    pace = Pace(LIMITS)

    call(pace, left=1, now=0.0)
    call(pace, left=59, now=30.0)
    call(pace, left=0, now=40.0)

    assert pace.wait(40.0).seconds == 50.0


def test_calls_that_have_not_been_answered_count_already() -> None:
    pace = Pace(LIMITS)
    call(pace, left=2, now=0.0)

    pace.started(1.0)
    pace.started(1.0)

    assert pace.wait(1.0).seconds == 59.0


def test_an_answer_that_took_long_does_not_bring_back_what_later_calls_used() -> None:
    pace = Pace(LIMITS)
    slow = pace.started(0.0)
    call(pace, left=0, now=1.0)

    pace.heard(Said(window_left=1), slow, 2.0)
    pace.ended()

    assert pace.wait(2.0).seconds > 0


def test_others_who_use_the_same_budget_are_noticed() -> None:
    pace = Pace(LIMITS)

    call(pace, left=50, now=0.0)
    call(pace, left=0, now=1.0)

    assert pace.wait(1.0).seconds == 59.0


def test_the_vendor_may_say_how_long_its_window_is() -> None:
    pace = Pace(LIMITS)

    started = pace.started(0.0)
    pace.heard(Said(window_left=0, window_s=10.0), started, 0.0)

    assert pace.wait(0.0).seconds == 10.0


def test_the_longest_hold_stands_with_its_reason() -> None:
    pace = Pace(LIMITS)

    pace.hold(100.0, Reason.BUDGET_USED_UP, 0.0)
    pace.hold(5.0, Reason.MINUTE_LIMIT, 0.0)

    wait = pace.wait(1.0)
    assert (wait.seconds, wait.reason) == (99.0, Reason.BUDGET_USED_UP)


async def test_no_more_calls_at_once_than_the_vendor_bears() -> None:
    gate = Gate(LIMITS, FakeClock(), deadline_s=5.0)
    running, most = 0, 0
    turn = asyncio.Event()

    async def one() -> None:
        nonlocal running, most
        async with gate.passed():
            running += 1
            most = max(most, running)
            await turn.wait()
            running -= 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(5):
            tasks.create_task(one())
        await asyncio.sleep(0)
        turn.set()

    assert most == 2


async def test_who_gets_no_slot_within_the_deadline_is_throttled() -> None:
    gate = Gate(Limits(1, "minute", 60.0), FakeClock(), deadline_s=0.01)

    async with gate.passed():
        with pytest.raises(Throttled):
            async with gate.passed():
                pass


async def test_a_slot_comes_back_whatever_happened_in_it() -> None:
    gate = Gate(Limits(1, "minute", 60.0), FakeClock(), deadline_s=0.01)

    with pytest.raises(ZeroDivisionError):
        async with gate.passed():
            raise ZeroDivisionError

    async with gate.passed():
        pass


async def test_a_short_wait_is_waited_in_the_gate() -> None:
    clock = FakeClock()
    gate = Gate(LIMITS, clock, deadline_s=5.0)
    gate.refused(Throttled("too many at once", None))
    passed: list[float] = []

    async def one() -> None:
        async with gate.passed():
            passed.append(clock.monotonic())

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(one())
        await asyncio.sleep(0)
        clock.advance(HOLD_S[Reason.MINUTE_LIMIT])

    assert passed == [2.0]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Throttled("minute", 22.0), 22.0),
        (Throttled("day", 66975.0, Reason.BUDGET_USED_UP), 66975.0),
        (Throttled("day, it does not say until when", None, Reason.BUDGET_USED_UP), 900.0),
        (Throttled("the app's minute", None, Reason.APP_LIMIT), 10.0),
    ],
)
async def test_a_long_wait_is_the_runtimes(error: Throttled, seconds: float) -> None:
    gate = Gate(LIMITS, FakeClock(), deadline_s=5.0)
    gate.refused(error)

    with pytest.raises(Throttled) as refused:
        async with gate.passed():
            pass

    assert (refused.value.retry_after, refused.value.reason) == (seconds, error.reason)


def test_a_refusal_that_says_when_to_come_again_is_believed_over_the_empty_window():
    pace = Pace(Limits(in_flight=5, window="minute", window_s=60.0))
    started = pace.started(0.0)
    pace.heard(Said(window_left=0), started, 0.1)
    pace.ended()

    pace.hold(2.0, Reason.MINUTE_LIMIT, 0.1)

    assert pace.wait(2.0).seconds > 0
    assert pace.wait(2.1).seconds == 0
