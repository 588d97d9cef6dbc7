import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError, NotEnoughReplicasError

from relay.clock import FakeClock
from relay.log.errors import EventTooLarge, LogUnavailable, TopicMissing
from relay.log.kafka.access import KafkaConnection
from relay.log.kafka.closing import stop_or_abandon
from relay.log.kafka.keeper import ProducerKeeper
from relay.log.kafka.producer import MAX_BATCH_BYTES, KafkaPublisher, new_producer
from schemas.topics import LIVE
from tests.givens.aiokafka import Cluster, Producer
from tests.givens.logs import TOPIC, numbered, record

CONNECTION = KafkaConnection("127.0.0.1:1", topic_prefix="acme.")
CLUSTER = Cluster({"acme.ghl.invoices": {0}})
TOO_LARGE = MessageSizeTooLargeError()


def publisher(producer: Producer, *, deadline_s: float = 5.0) -> KafkaPublisher:
    keeper = ProducerKeeper(lambda: producer, FakeClock(), frozenset())
    keeper._producer = producer
    return KafkaPublisher(keeper, CONNECTION, deadline_s=deadline_s, max_record_bytes=1_000)


async def test_the_producer_waits_for_all_replicas_without_idempotence_and_gives_up_in_time() -> None:
    producer = new_producer(CONNECTION, deadline_s=2.0, max_record_bytes=2_000_000)

    try:
        accumulator = producer._message_accumulator
        assert producer._sender._acks == -1
        assert producer._txn_manager is None
        assert (accumulator._batch_size, accumulator._linger_time) == (MAX_BATCH_BYTES, 0)
        assert accumulator._batch_ttl == 2.0
        assert producer._max_request_size > 2_000_000
    finally:
        await stop_or_abandon(producer)


async def test_a_record_too_large_never_reaches_the_producer() -> None:
    producer = Producer(CLUSTER)

    with pytest.raises(EventTooLarge):
        await publisher(producer).publish([record(b"fits"), record(b"x" * 1_001)])

    assert producer.sent == []


async def test_a_topic_that_is_not_there_is_missing_before_anything_is_sent() -> None:
    producer = Producer(CLUSTER)

    with pytest.raises(TopicMissing):
        await publisher(producer).publish([record(), record(topic="xero.other")])

    assert producer.sent == []


async def test_after_a_batch_was_refused_each_record_goes_alone_and_in_order() -> None:
    producer = Producer(CLUSTER)
    producer.outcomes = [None, TOO_LARGE, None]  # a foreign record of its batch was too large

    await publisher(producer).publish([record(b"1"), record(b"2"), record(b"3")])

    assert (producer.sent, producer.sent_alone) == ([b"1", b"2", b"3"], [b"2", b"3"])


async def test_a_record_that_is_refused_alone_is_too_large() -> None:
    producer = Producer(CLUSTER)
    producer.outcomes = [TOO_LARGE, TOO_LARGE]

    with pytest.raises(EventTooLarge):
        await publisher(producer).publish([record()])


@pytest.mark.parametrize("error", [NotEnoughReplicasError(), KafkaTimeoutError()])
async def test_what_is_not_known_to_be_stored_is_unavailable_and_counts_as_a_failure(error: Exception) -> None:
    producer = Producer(CLUSTER)
    producer.outcomes = [None, error]
    publishing = publisher(producer)

    with pytest.raises(LogUnavailable):
        await publishing.publish(numbered(2))

    assert publishing._keeper.failing


async def test_a_success_ends_the_failing() -> None:
    producer = Producer(CLUSTER)
    producer.outcomes = [NotEnoughReplicasError()]
    publishing = publisher(producer)
    with pytest.raises(LogUnavailable):
        await publishing.publish([record()])

    await publishing.publish([record()])

    assert not publishing._keeper.failing


async def test_a_send_that_hangs_ends_at_the_deadline() -> None:
    producer = Producer(CLUSTER)
    hung: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    producer._outcome = lambda: hung  # type: ignore[method-assign]

    with pytest.raises(LogUnavailable, match=r"longer than 0\.01 s"):
        await publisher(producer, deadline_s=0.01).publish([record()])


async def test_more_than_may_wait_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.log.kafka.producer.MOST_BYTES_WAITING", 100)
    publishing = publisher(Producer(CLUSTER))

    with publishing._budget.taken(90), pytest.raises(LogUnavailable, match="90 bytes wait"):
        await publishing.publish([record()])


@pytest.mark.parametrize(
    ("cluster", "ready"),
    [
        pytest.param(Cluster({f"acme.{name}": {0, 1} for name in LIVE}), True, id="every topic has its leaders"),
        pytest.param(Cluster({f"acme.{name}": {0} for name in LIVE[1:]}), False, id="a topic is missing"),
        pytest.param(
            Cluster({f"acme.{name}": {0} for name in LIVE}, leaderless=[f"acme.{TOPIC}"]), False, id="one has no leader"
        ),
    ],
)
async def test_it_is_ready_when_every_live_topic_can_be_written(cluster: Cluster, ready: bool) -> None:
    assert await publisher(Producer(cluster)).ready() == ready


async def test_it_is_not_ready_just_after_a_failure() -> None:
    publishing = publisher(Producer(Cluster({f"acme.{name}": {0} for name in LIVE})))

    publishing._keeper.failed()

    assert not await publishing.ready()


async def test_it_is_not_ready_without_a_producer() -> None:
    def none() -> Producer:
        raise AssertionError

    keeper = ProducerKeeper(none, FakeClock(), frozenset())
    keeper._start_failed = "refused"

    assert not await KafkaPublisher(keeper, CONNECTION, deadline_s=1, max_record_bytes=1).ready()


async def test_what_was_sent_is_abandoned_with_an_error_of_a_later_send() -> None:
    producer = Producer(CLUSTER)
    first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    futures = iter([first])

    def outcome() -> "asyncio.Future[None]":
        for future in futures:
            return future
        raise KafkaTimeoutError

    producer._outcome = outcome  # type: ignore[method-assign]

    with pytest.raises(LogUnavailable):
        await publisher(producer).publish(numbered(2))

    assert first.cancelled()
    assert isinstance(producer._sender, SimpleNamespace)
