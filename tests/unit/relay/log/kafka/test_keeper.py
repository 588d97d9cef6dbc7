import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka.errors import KafkaConnectionError
from structlog.testing import capture_logs

from relay.clock import FakeClock
from relay.log.errors import LogUnavailable
from relay.log.kafka.keeper import FIRST_PAUSE_S, LONGEST_PAUSE_S, WORN_OUT_AFTER_S, ProducerKeeper
from tests.givens.aiokafka import Cluster, Producer

REFUSED = KafkaConnectionError("refused")


def healthy() -> Producer:
    return Producer(Cluster({"ghl.invoices": {0}}))


def refused() -> Producer:
    return Producer(Cluster({}), start_error=REFUSED)


@asynccontextmanager
async def keeping(producers: Sequence[Producer], clock: FakeClock | None = None) -> AsyncIterator[ProducerKeeper]:
    """Keep these producers, one after the other."""
    rest = iter(producers)
    keeper = ProducerKeeper(lambda: next(rest), clock or FakeClock(), frozenset({"ghl.invoices"}))
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(keeper.keep())
        yield keeper
        task.cancel()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_a_producer_is_started_when_it_is_first_wanted() -> None:
    producer = healthy()

    async with keeping([producer]) as keeper:
        await asyncio.sleep(0)
        before = producer._sender.sender_task
        wanted = await asyncio.gather(*(keeper.producer() for _ in range(3)))

    assert before is None
    assert wanted == [producer] * 3


async def test_a_producer_is_stopped_with_its_keeper() -> None:
    producer = healthy()

    async with keeping([producer]) as keeper:
        await keeper.producer()

    assert producer.stopped
    assert producer._sender.sender_task.done()


async def test_a_producer_whose_start_failed_is_shown_to_nobody_and_all_who_wait_are_told() -> None:
    producer = refused()

    async with keeping([producer]) as keeper:
        with capture_logs() as logs:
            outcomes = await asyncio.gather(*(keeper.producer() for _ in range(3)), return_exceptions=True)

        assert {type(outcome) for outcome in outcomes} == {LogUnavailable}
        assert producer.stopped
        assert [entry["event"] for entry in logs] == ["producer.start_failed"]


async def test_a_start_that_failed_is_tried_again_after_a_pause_that_grows() -> None:
    clock = FakeClock()
    producers = [refused(), refused(), healthy()]

    async with keeping(producers, clock) as keeper:
        with pytest.raises(LogUnavailable):
            await keeper.producer()
        await until(lambda: bool(clock._sleepers))
        clock.advance(FIRST_PAUSE_S)
        await until(lambda: producers[1].stopped and bool(clock._sleepers))
        clock.advance(FIRST_PAUSE_S)
        await asyncio.sleep(0)
        with pytest.raises(LogUnavailable):
            await keeper.producer()
        clock.advance(LONGEST_PAUSE_S)
        await until(lambda: keeper._producer is not None)

        assert await keeper.producer() is producers[2]


async def test_a_producer_whose_sender_died_is_replaced() -> None:
    first, second = healthy(), healthy()

    async with keeping([first, second]) as keeper:
        await keeper.producer()
        first._sender.sender_task.cancel()
        await until(lambda: keeper._producer is second)

        assert first.stopped
        assert await keeper.producer() is second


async def test_while_it_is_replaced_there_is_none() -> None:
    first = healthy()

    async with keeping([first, refused()]) as keeper:
        await keeper.producer()
        first._sender.sender_task.cancel()
        await until(lambda: keeper._producer is None)

        with pytest.raises(LogUnavailable):
            await keeper.producer()


async def test_a_producer_that_stores_nothing_for_long_is_replaced() -> None:
    clock = FakeClock()
    first, second = healthy(), healthy()

    async with keeping([first, second], clock) as keeper:
        await keeper.producer()
        keeper.failed()
        clock.advance(WORN_OUT_AFTER_S)
        keeper.failed()
        await until(lambda: keeper._producer is second)

        assert first.stopped


async def test_a_producer_that_stores_something_now_and_then_is_kept() -> None:
    clock = FakeClock()
    first = healthy()

    async with keeping([first], clock) as keeper:
        await keeper.producer()
        for _ in range(5):
            keeper.failed()
            clock.advance(WORN_OUT_AFTER_S / 2)
            keeper.failed()
            keeper.succeeded()
        await asyncio.sleep(0)

        assert await keeper.producer() is first


async def test_it_is_failing_just_after_a_failure_and_until_something_is_stored() -> None:
    clock = FakeClock()
    keeper = ProducerKeeper(healthy, clock, frozenset())

    told = [keeper.failing]
    keeper.failed()
    told.append(keeper.failing)
    keeper.succeeded()
    told.append(keeper.failing)
    keeper.failed()
    clock.advance(60)
    told.append(keeper.failing)

    assert told == [False, True, False, False]
