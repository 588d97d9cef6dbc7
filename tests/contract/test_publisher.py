import asyncio
from itertools import groupby

import pytest

from relay.log.errors import EventTooLarge, TopicMissing
from relay.log.ports import Log
from schemas.topics import LIVE, XERO_OTHER
from tests.givens.logs import (
    MAX_RECORD_BYTES,
    OTHER_TOPIC,
    TOPIC,
    Backend,
    everything,
    numbered,
    record,
    spec,
    with_topics,
)

AWKWARD_BYTES = bytes(range(256)) + "Ünï→🧾".encode()


async def test_what_was_published_is_there_when_the_log_is_opened_again(backend: Backend) -> None:
    async with with_topics(backend) as log:
        await log.publisher.publish(numbered(3))

    async with backend.opened() as again:
        found = await everything(again)

    assert [each.value for each in found] == [each.value for each in numbered(3)]


async def test_bytes_and_headers_come_back_exactly(log: Log) -> None:
    headers = (("ce_id", b"1"), ("ce_id", b"a second one"), ("empty", b""), ("any", AWKWARD_BYTES), ("näme", b"x"))
    sent = record(AWKWARD_BYTES, key=AWKWARD_BYTES, headers=headers)

    await log.publisher.publish([sent])

    (found,) = await everything(log)
    assert (found.topic, found.key, found.value, found.headers) == (sent.topic, sent.key, sent.value, sent.headers)


async def test_a_record_without_headers_or_value_is_a_record(log: Log) -> None:
    await log.publisher.publish([record(b"", headers=())])

    (found,) = await everything(log)
    assert (found.value, found.headers) == (b"", ())


async def test_records_of_one_key_keep_the_order_given(log: Log) -> None:
    sent = [record(b"%d" % number, key=b"key-%d" % (number % 3)) for number in range(300)]

    for start in range(0, 300, 50):
        await log.publisher.publish(sent[start : start + 50])

    found = sorted(await everything(log), key=lambda each: each.key)
    orders = {key: [int(each.value) for each in group] for key, group in groupby(found, key=lambda each: each.key)}
    assert orders == {b"key-%d" % number: list(range(number, 300, 3)) for number in range(3)}


async def test_many_publish_at_once_and_each_record_is_stored_once(log: Log) -> None:
    sent = numbered(500)

    await asyncio.gather(*(log.publisher.publish([each]) for each in sent))

    assert sorted(each.value for each in await everything(log)) == sorted(each.value for each in sent)


async def test_one_delivery_may_go_to_several_topics(log: Log) -> None:
    await log.publisher.publish([record(b"1"), record(b"2", topic=OTHER_TOPIC)])

    assert [each.value for each in await everything(log, TOPIC)] == [b"1"]
    assert [each.value for each in await everything(log, OTHER_TOPIC)] == [b"2"]


async def test_a_record_that_is_too_large_fails_alone(log: Log) -> None:
    large = record(b"x" * (MAX_RECORD_BYTES + 1))
    others = numbered(100)

    outcomes = await asyncio.gather(
        *(log.publisher.publish([each]) for each in (*others[:50], large, *others[50:])), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes if outcome is not None] == [EventTooLarge]
    assert sorted(each.value for each in await everything(log)) == sorted(each.value for each in others)


async def test_a_record_larger_than_its_topic_takes_fails_alone(backend: Backend) -> None:
    async with backend.opened() as log:
        await log.topics.create([spec(TOPIC, partitions=1, max_message_bytes=20_000)])
        large, others = record(b"x" * 30_000), [record(b"y" * 5_000 + b"%d" % number) for number in range(20)]

        outcomes = await asyncio.gather(
            *(log.publisher.publish([each]) for each in (*others[:10], large, *others[10:])), return_exceptions=True
        )

        assert [type(outcome) for outcome in outcomes if outcome is not None] == [EventTooLarge]
        assert {each.value for each in await everything(log)} == {each.value for each in others}


async def test_the_largest_record_that_is_allowed_is_taken(log: Log) -> None:
    sent = record(b"x" * (MAX_RECORD_BYTES - 1_000))

    await log.publisher.publish([sent])

    assert [each.value for each in await everything(log)] == [sent.value]


async def test_nothing_of_a_delivery_with_a_record_too_large_is_stored(log: Log) -> None:
    with pytest.raises(EventTooLarge):
        await log.publisher.publish([record(b"small"), record(b"x" * (MAX_RECORD_BYTES + 1))])

    assert await everything(log) == []


async def test_a_topic_that_was_not_created_is_missing_and_others_go_on(log: Log) -> None:
    with pytest.raises(TopicMissing, match="topics apply"):
        await log.publisher.publish([record(topic=XERO_OTHER)])

    await log.publisher.publish([record(b"after")])
    assert [each.value for each in await everything(log)] == [b"after"]


async def test_a_topic_created_later_is_published_to(log: Log) -> None:
    with pytest.raises(TopicMissing):
        await log.publisher.publish([record(topic=XERO_OTHER)])

    await log.topics.create([spec(XERO_OTHER)])
    await log.publisher.publish([record(b"now", topic=XERO_OTHER)])

    assert [each.value for each in await everything(log, XERO_OTHER)] == [b"now"]


async def test_nothing_to_publish_is_published_at_once(log: Log) -> None:
    await log.publisher.publish([])

    assert await everything(log) == []


async def test_the_publisher_is_ready_once_every_live_topic_is_there(log: Log) -> None:
    before = await log.publisher.ready()
    await log.topics.create([spec(name, partitions=1) for name in LIVE])

    assert (before, await log.publisher.ready()) == (False, True)


async def test_records_carry_the_time_they_were_stored_and_offsets_without_gaps(log: Log) -> None:
    await log.publisher.publish(numbered(5))

    found = await everything(log)
    assert [each.offset for each in found] == [0, 1, 2, 3, 4]
    assert [each.stored_at for each in found] == sorted(each.stored_at for each in found)
