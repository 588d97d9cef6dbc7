"""The private names of aiokafka that we use: red when a new version drops one of them."""

import asyncio
from collections.abc import AsyncIterator

import aiokafka
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator, NoGroupCoordinator
from aiokafka.record import default_records

from relay.log.errors import LogUnavailable, TopicMissing
from relay.log.kafka import inside
from relay.log.kafka.closing import stop_or_abandon
from tests.givens.aiokafka import Client, Cluster


@pytest.fixture
async def producer() -> AsyncIterator[AIOKafkaProducer]:
    made = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1")
    yield made
    await stop_or_abandon(made)


@pytest.fixture
async def consumer() -> AsyncIterator[AIOKafkaConsumer]:
    made = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1", group_id="invoice-push")
    yield made
    await stop_or_abandon(made)


def test_this_is_the_version_whose_insides_were_read() -> None:
    assert aiokafka.__version__.split(".")[:2] == ["0", "14"], "read the insides again, then change this line"


async def test_a_producer_has_the_parts_we_look_at(producer: AIOKafkaProducer) -> None:
    assert producer._sender.sender_task is None
    assert producer.client._sync_task is None
    assert callable(producer._partition)
    assert inside.tasks_of(producer) == []


async def test_a_consumer_has_the_parts_we_look_at(consumer: AIOKafkaConsumer) -> None:
    assert inside.client_of(consumer).cluster.topics() == set()
    assert consumer._coordinator is None
    assert consumer._fetcher is None
    assert not inside.is_member(consumer)
    assert inside.tasks_of(consumer) == []


async def test_an_admin_client_has_the_parts_we_look_at() -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers="127.0.0.1:1")

    assert admin._client.cluster.controller is None
    assert callable(admin._client.force_metadata_update)
    await admin.close()


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (GroupCoordinator, ("_coordination_task", "_heartbeat_task", "_commit_refresh_task", "generation")),
        (NoGroupCoordinator, ("_reset_committed_task",)),
        (Fetcher, ("_fetch_task", "_pending_tasks")),
    ],
)
def test_the_tasks_of_a_consumer_are_called_as_we_call_them(owner: type, names: tuple[str, ...]) -> None:
    assigned = set(owner.__init__.__code__.co_names)

    assert set(names) <= assigned


def test_the_compiled_extension_is_there() -> None:
    inside.require_compiled()

    assert default_records.DefaultRecordBatchBuilder.__module__ == "aiokafka.record._crecords.default_records"


def test_without_the_compiled_extension_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_records, "DefaultRecordBatchBuilder", default_records._DefaultRecordBatchBuilderPy)

    with pytest.raises(LogUnavailable, match="reinstall"):
        inside.require_compiled()


async def test_a_client_has_died_when_one_of_its_vital_tasks_has(producer: AIOKafkaProducer) -> None:
    async with asyncio.TaskGroup() as tasks:
        producer._sender._sender_task = tasks.create_task(asyncio.Event().wait())
        alive = inside.has_died(producer)
        producer._sender._sender_task.cancel()

    assert (alive, inside.has_died(producer)) == (False, True)


async def test_a_topic_that_is_not_there_is_missing_and_is_not_asked_for_by_name() -> None:
    asked_by_name: list[str] = []
    client = Client(Cluster({"known": {0}}))
    client.add_topic = asked_by_name.append  # type: ignore[method-assign,assignment]

    await inside.make_known(client, ["known"])  # type: ignore[arg-type]
    with pytest.raises(TopicMissing, match="missing on Kafka: run `relay topics apply`"):
        await inside.make_known(client, ["known", "missing"])  # type: ignore[arg-type]

    assert asked_by_name == []
