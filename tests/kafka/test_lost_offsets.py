"""A group whose offset is gone starts at the earliest record and says so; never at the latest."""

import asyncio

import pytest
from aiokafka import TopicPartition as Place
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from structlog.testing import capture_logs

from relay.log.errors import LogUnavailable
from relay.log.ports import Bounds, Log
from schemas.records import TopicPartition
from tests.givens.logs import TOPIC, WITHIN_S, Kafka, Witness, collected, done, everything, numbered, record, spec

pytestmark = pytest.mark.kafka

PARTITION = TopicPartition(TOPIC, 0)


async def remove_before(kafka: Kafka, offset: int) -> None:
    """Do what retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.connection.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_records({Place(kafka.connection.outside(TOPIC), 0): RecordsToDelete(offset)})
    finally:
        await admin.close()


async def make_anew(kafka: Kafka, log: Log) -> None:
    """Delete the topic and create it again: its offsets begin at 0 once more."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.connection.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics([kafka.connection.outside(TOPIC)])
    finally:
        await admin.close()
    async with asyncio.timeout(WITHIN_S):
        while TOPIC in await log.topics.describe():
            pass
    await log.topics.create([spec(TOPIC, partitions=1)])


async def test_a_group_whose_offset_retention_removed_starts_at_the_earliest_left(kafka: Kafka) -> None:
    async with kafka.opened() as log:
        await log.topics.create([spec(TOPIC, partitions=1)])
        await log.publisher.publish(numbered(10))
        reader = await log.join("late", [TOPIC], Witness())
        await reader.commit(done((await collected(reader, 10))[:2], reader))
        await log.leave(reader)
        await remove_before(kafka, 6)

        with capture_logs() as logs:
            again = await log.join("late", [TOPIC], Witness())
            records = await collected(again, 4)

        assert [each.offset for each in records] == [6, 7, 8, 9]
        lost = [entry for entry in logs if entry["event"] == "reader.offset_lost"]
        assert [(entry["wanted"], entry["offset"]) for entry in lost] == [(2, 6)]


async def test_a_reader_that_retention_overtakes_goes_on_with_the_earliest_left(kafka: Kafka) -> None:
    async with kafka.opened() as log:
        await log.topics.create([spec(TOPIC, partitions=1)])
        await log.publisher.publish(numbered(10))
        witness = Witness()
        reader = await log.join("overtaken", [TOPIC], witness)
        await collected(reader, 10)
        reader.pause([PARTITION])
        await log.publisher.publish(numbered(10))
        await remove_before(kafka, 15)
        reader.resume([PARTITION])

        with pytest.raises(LogUnavailable, match="read again"):
            await collected(reader, 1)
        records = await collected(reader, 5)

        assert [each.offset for each in records] == [15, 16, 17, 18, 19]
        assert len(witness.assigned_so_far) == 2


async def test_a_group_whose_topic_was_made_anew_starts_at_its_beginning(kafka: Kafka) -> None:
    async with kafka.opened() as log:
        await log.topics.create([spec(TOPIC, partitions=1)])
        await log.publisher.publish(numbered(10))
        reader = await log.join("anew", [TOPIC], Witness())
        await reader.commit(done(await collected(reader, 10), reader))
        await log.leave(reader)
        await make_anew(kafka, log)
    async with kafka.opened() as log:
        await log.publisher.publish([record(b"new")])

        again = await log.join("anew", [TOPIC], Witness())

        assert [each.value for each in await collected(again, 1)] == [b"new"]


async def test_a_scan_leaves_out_what_was_removed(kafka: Kafka) -> None:
    async with kafka.opened() as log:
        await log.topics.create([spec(TOPIC, partitions=1)])
        await log.publisher.publish(numbered(10))
        await remove_before(kafka, 6)

        offsets = [each.offset async for block in log.scanner.scan(PARTITION, 0, 9) for each in block]

        assert offsets == [6, 7, 8]
        assert await log.scanner.bounds(TOPIC) == {0: Bounds(6, 10)}
        assert [each.offset for each in await everything(log)] == [6, 7, 8, 9]
