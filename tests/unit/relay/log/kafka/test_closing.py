import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError
from structlog.testing import capture_logs

from relay.log.errors import LogUnavailable
from relay.log.kafka.closing import started_consumer, stop_or_abandon
from tests.givens.aiokafka import Client, Cluster, Consumer, Producer


class Reluctant(Producer):
    """A producer that stops as a test says."""

    def __init__(self, how: str) -> None:
        super().__init__(Cluster({}))
        self.how = how

    async def stop(self) -> None:
        if self.how == "hangs":
            await asyncio.Event().wait()
        if self.how == "fails":
            raise KafkaConnectionError("gone")
        if self.how == "cancels itself":
            raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("how", "event"),
    [
        pytest.param("hangs", "kafka.client_abandoned", id="hangs"),
        pytest.param("fails", "kafka.stop_failed", id="fails"),
        pytest.param("cancels itself", "kafka.stop_cancelled_itself", id="cancels itself"),
    ],
)
async def test_whatever_stopping_does_tasks_and_connections_are_ended(how: str, event: str) -> None:
    producer = Reluctant(how)
    await producer.start()

    with capture_logs() as logs:
        await stop_or_abandon(producer, 0.01)

    assert [entry["event"] for entry in logs] == [event]
    assert producer._sender.sender_task.cancelled()
    assert producer.client.closed


async def test_stopping_what_never_started_is_nothing() -> None:
    producer = Producer(Cluster({}))

    with capture_logs() as logs:
        await stop_or_abandon(producer)
        await stop_or_abandon(producer)

    assert logs == []


async def test_our_own_cancellation_is_obeyed_and_the_connections_are_ended_all_the_same() -> None:
    producer = Reluctant("hangs")
    await producer.start()

    async with asyncio.TaskGroup() as tasks:
        stopping = tasks.create_task(stop_or_abandon(producer, 60))
        await asyncio.sleep(0)
        stopping.cancel()

    assert stopping.cancelled()
    assert producer.client.closed


async def test_a_consumer_whose_start_fails_is_stopped() -> None:
    consumer = Consumer()

    async def refuse() -> None:
        raise KafkaConnectionError("refused")

    consumer.start = refuse  # type: ignore[method-assign]

    with pytest.raises(LogUnavailable, match="to start a scan"):
        async with started_consumer(consumer, "to start a scan"):
            raise AssertionError

    assert consumer.stopped


async def test_connections_that_do_not_close_are_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    producer = Producer(Cluster({}))

    async def hang(_: Client) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Client, "close", hang)
    monkeypatch.setattr("relay.log.kafka.closing.CUT_DEADLINE_S", 0.01)

    with capture_logs() as logs:
        await stop_or_abandon(producer)

    assert [entry["event"] for entry in logs] == ["kafka.connections_abandoned"]
