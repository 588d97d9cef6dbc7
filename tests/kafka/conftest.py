"""A broker that a module may stop, hang and start again, and logs on it."""

import contextlib
import uuid
from collections.abc import Callable, Iterator

import pytest

from relay.log.kafka.connection import KafkaConnection
from tests.givens.logs import Kafka
from tests.servers.kafka import Broker, broker_or_skip


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker_or_skip(tmp_path_factory.mktemp("own-kafka"), nodes=1) as started:
        yield started


@pytest.fixture
def mine() -> str:
    """A prefix for this test's topics and groups."""
    return uuid.uuid4().hex[:12]


@pytest.fixture
def own_kafka(broker: Broker, mine: str) -> Kafka:
    """The log on the module's own broker."""
    return Kafka(KafkaConnection(broker.bootstrap_servers, topic_prefix=f"{mine}.", group_prefix=mine))


@pytest.fixture
def kafka(kafka_bootstrap_servers: str, mine: str) -> Kafka:
    """The log on the broker that the whole run shares: nobody may hurt it."""
    return Kafka(KafkaConnection(kafka_bootstrap_servers, topic_prefix=f"{mine}.", group_prefix=mine))


@pytest.fixture
def hanging(broker: Broker) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """While inside, the broker keeps its connections and answers nobody."""

    @contextlib.contextmanager
    def hang() -> Iterator[None]:
        (node,) = broker.nodes
        node.pause()
        try:
            yield
        finally:
            node.go_on()

    return hang
