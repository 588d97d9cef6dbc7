"""The logs that one suite is run on."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay.log.kafka.connection import KafkaConnection
from relay.log.ports import Log
from tests.givens.logs import Backend, Embedded, Kafka, with_topics


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """A log of the test's own; on Kafka, a prefix of its own."""
    if request.param == "embedded":
        return Embedded(tmp_path / "log.db")
    mine = uuid.uuid4().hex[:12]
    servers = request.getfixturevalue("kafka_bootstrap_servers")
    return Kafka(KafkaConnection(servers, topic_prefix=f"{mine}.", group_prefix=mine))


@pytest.fixture
async def log(backend: Backend) -> AsyncIterator[Log]:
    """That log, opened, with two topics."""
    async with with_topics(backend) as opened:
        yield opened
