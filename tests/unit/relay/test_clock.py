import asyncio

from relay.clock import FakeClock, SystemClock


async def test_those_who_sleep_wake_in_the_order_of_their_time():
    clock, woken = FakeClock(), []

    async def sleeper(name, seconds):
        await clock.sleep(seconds)
        woken.append(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sleeper("late", 20))
        tasks.create_task(sleeper("early", 10))
        await asyncio.sleep(0)
        clock.advance(15)
        await asyncio.sleep(0)
        before = list(woken)
        clock.advance(5)

    assert (before, woken) == (["early"], ["early", "late"])


def test_the_time_of_day_moves_with_the_clock():
    clock = FakeClock()
    start = clock.now()

    clock.advance(90)

    assert (clock.now() - start).total_seconds() == clock.monotonic() == 90


async def test_the_machines_clock_knows_its_zone_and_never_sleeps_backwards():
    clock = SystemClock()

    await clock.sleep(-1)

    assert clock.now().tzinfo is not None
    assert clock.monotonic() <= clock.monotonic()
