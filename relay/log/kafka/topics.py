"""Looks after topics on Kafka: describes, creates, alters."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code

from relay.log.errors import LogUnavailable, TopicMissing
from relay.log.kafka.access import CALL_DEADLINE_S, STOP_DEADLINE_S, KafkaConnection
from relay.log.kafka.failures import kafka_call, log_error
from relay.log.kafka.inside import knows_controller
from relay.log.ports import TopicState
from schemas.topics import ALL, TopicSpec

log = structlog.get_logger()

APPLY_DEADLINE_S: Final = 60.0
SETTLE_PAUSE_S: Final = 0.1
SET_ON_THE_TOPIC: Final = 1  # Kafka protocol, DescribeConfigs: config_source DYNAMIC_TOPIC_CONFIG
RETENTION: Final = "retention.ms"
IN_SYNC: Final = "min.insync.replicas"
LARGEST: Final = "max.message.bytes"


def topic_config(spec: TopicSpec) -> Mapping[str, str]:
    """Return what a topic is configured to. Pure.

    The broker's clock stamps the records: a search by time and retention do not depend on the clocks of those who
    publish, and no record is refused because such a clock is wrong.
    """
    return {
        RETENTION: str(spec.retention // timedelta(milliseconds=1)),
        IN_SYNC: str(spec.min_insync_replicas),
        LARGEST: str(spec.max_message_bytes),
        "message.timestamp.type": "LogAppendTime",
        "cleanup.policy": "delete",
    }


class KafkaTopics:
    """`Topics` through an admin client that lives as long as one call."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection

    async def describe(self) -> Mapping[str, TopicState]:
        """Return those of the relay's topics that exist."""
        async with self._admin() as admin, kafka_call("to describe topics", CALL_DEADLINE_S):
            layouts = await self._layouts(admin)
            configs = await self._configs(admin, layouts)
        return {
            topic: _state(topic, layouts[name]["partitions"], {key: entry[1] for key, entry in configs[name].items()})
            for topic in ALL
            if (name := self._connection.outside(topic)) in layouts
        }

    async def create(self, specs: Sequence[TopicSpec]) -> None:
        """Create topics and wait until each has its leaders; one that exists is left as it is."""
        wanted = [
            NewTopic(
                self._connection.outside(spec.name),
                spec.partitions,
                spec.replication_factor,
                topic_configs=dict(topic_config(spec)),
            )
            for spec in specs
        ]
        if not wanted:
            return
        async with self._admin() as admin, kafka_call("to create topics", APPLY_DEADLINE_S):
            answer = await admin.create_topics(wanted, timeout_ms=int(CALL_DEADLINE_S * 1000))
            for name, code, *words in answer.topic_errors:
                error = for_code(code)
                if error not in (NoError, TopicAlreadyExistsError):
                    raise log_error(error(*words), f"to create topic {name}")
            await self._settled(admin, {topic.name: topic.num_partitions for topic in wanted})

    async def alter(self, spec: TopicSpec) -> None:
        """Bring configuration and partition count up to the specification, keeping what else was set on the topic.

        Partitions are only ever added; copies of records are moved by Kafka's own tools.
        """
        name = self._connection.outside(spec.name)
        async with self._admin() as admin, kafka_call(f"to alter topic {name}", APPLY_DEADLINE_S):
            layouts = await self._layouts(admin)
            if name not in layouts:
                raise TopicMissing(f"topic {name} is missing on Kafka: run `relay topics apply`")
            await self._set_config(admin, name, topic_config(spec))
            if len(layouts[name]["partitions"]) < spec.partitions:
                await admin.create_partitions({name: NewPartitions(spec.partitions)})
                await self._settled(admin, {name: spec.partitions})

    async def _set_config(self, admin: AIOKafkaAdminClient, name: str, wanted: Mapping[str, str]) -> None:
        """Set some keys. The request replaces all that is set on the topic, so the rest is sent along."""
        present = (await self._configs(admin, [name]))[name]
        kept = {key: value for key, (source, value) in present.items() if source == SET_ON_THE_TOPIC}
        resource = ConfigResource(ConfigResourceType.TOPIC, name, {**kept, **wanted})
        for answer in await admin.alter_configs([resource]):
            for code, words, *_ in answer.resources:
                if (error := for_code(code)) is not NoError:
                    raise log_error(error(words), f"to configure topic {name}")

    async def _layouts(self, admin: AIOKafkaAdminClient) -> Mapping[str, Mapping[str, Any]]:
        """Return partitions and replicas of our topics. Asks for all: asking by name may create what is missing."""
        ours = {self._connection.outside(topic) for topic in ALL}
        return {topic["topic"]: topic for topic in await admin.describe_topics() if topic["topic"] in ours}

    async def _configs(
        self, admin: AIOKafkaAdminClient, names: Iterable[str]
    ) -> Mapping[str, Mapping[str, tuple[int, str]]]:
        """Return per topic and key where a setting comes from, and its value."""
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        if not resources:
            return {}
        found: dict[str, Mapping[str, tuple[int, str]]] = {}
        for answer in await admin.describe_configs(resources):
            for code, words, _, name, entries in answer.resources:
                if (error := for_code(code)) is not NoError:
                    raise log_error(error(words), f"to read the configuration of topic {name}")
                found[name] = {key: (source, value) for key, value, _, source, *_ in entries}
        return found

    async def _settled(self, admin: AIOKafkaAdminClient, partitions: Mapping[str, int]) -> None:
        """Wait until every partition has a leader: a record published before that would be refused."""
        while True:
            layouts = await self._layouts(admin)
            if all(
                sum(part["leader"] >= 0 for part in layouts.get(name, {}).get("partitions", ())) >= count
                for name, count in partitions.items()
            ):
                return
            await asyncio.sleep(SETTLE_PAUSE_S)

    async def _controlled(self, admin: AIOKafkaAdminClient) -> None:
        """Wait until the cluster has one: aiokafka trips over one whose brokers have only just started."""
        while True:
            if await knows_controller(admin):
                return
            await asyncio.sleep(SETTLE_PAUSE_S)

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(
            **self._connection.options(), client_id="relay-topics", request_timeout_ms=int(CALL_DEADLINE_S * 1000)
        )
        try:
            async with kafka_call("to reach the brokers", CALL_DEADLINE_S):
                await admin.start()
                await self._controlled(admin)
            yield admin
        finally:
            try:
                async with kafka_call("to let go of the brokers", STOP_DEADLINE_S):
                    await admin.close()
            except LogUnavailable as error:
                log.warning("kafka.client_abandoned", client="AIOKafkaAdminClient", error=str(error))


def _state(topic: str, partitions: Sequence[Mapping[str, Any]], config: Mapping[str, str]) -> TopicState:
    def number(key: str) -> int | None:
        return int(config[key]) if config.get(key) else None

    return TopicState(
        name=topic,
        partitions=len(partitions),
        replication_factor=min((len(part["replicas"]) for part in partitions), default=0),
        retention_ms=number(RETENTION),
        min_insync_replicas=number(IN_SYNC),
        max_message_bytes=number(LARGEST),
    )
