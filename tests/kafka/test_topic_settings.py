"""What `topics.alter` must not do to a topic that others look after too."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from relay.log.errors import LogUnavailable
from relay.log.plan import BeyondUs, plan
from tests.givens.logs import TOPIC, Kafka, spec

pytestmark = pytest.mark.kafka


async def config(kafka: Kafka) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.connection.bootstrap_servers)
    await admin.start()
    try:
        resource = ConfigResource(ConfigResourceType.TOPIC, kafka.connection.outside(TOPIC))
        (answer,) = await admin.describe_configs([resource])
        return {name: value for *_, entries in answer.resources for name, value, *_ in entries}
    finally:
        await admin.close()


async def set_config(kafka: Kafka, **values: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.connection.bootstrap_servers)
    await admin.start()
    try:
        named = {name.replace("_", "."): value for name, value in values.items()}
        resource = ConfigResource(ConfigResourceType.TOPIC, kafka.connection.outside(TOPIC), named)
        await admin.alter_configs([resource])
    finally:
        await admin.close()


async def test_altering_keeps_what_others_set_on_the_topic(kafka: Kafka) -> None:
    async with kafka.opened() as log:
        await log.topics.create([spec(TOPIC)])
        await set_config(kafka, segment_ms="3600000", retention_ms="1000")

        await log.topics.alter(spec(TOPIC))

        found = await config(kafka)
        assert (found["segment.ms"], found["retention.ms"]) == ("3600000", "7776000000")
        assert found["message.timestamp.type"] == "LogAppendTime"


async def test_a_layout_that_kafka_refuses_is_an_error_that_says_so(kafka: Kafka) -> None:
    async with kafka.opened() as log:
        with pytest.raises(LogUnavailable, match="InvalidReplicationFactor"):
            await log.topics.create([spec(TOPIC, replication_factor=17)])


async def test_what_apply_cannot_change_stays_in_the_plan_and_says_what_to_do(kafka: Kafka) -> None:
    async with kafka.opened() as log:
        await log.topics.create([spec(TOPIC, partitions=3)])
        wanted = spec(TOPIC, partitions=2, replication_factor=3)

        await log.topics.alter(wanted)

        changes = plan([wanted], await log.topics.describe())
        assert [type(change) for change in changes] == [BeyondUs, BeyondUs]
        assert "RELAY_KAFKA_PARTITIONS=3" in changes[0].sentence
        assert "kafka-reassign-partitions" in changes[1].sentence
