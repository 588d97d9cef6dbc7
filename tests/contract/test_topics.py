from datetime import timedelta

import pytest

from relay.log.errors import TopicMissing
from relay.log.plan import plan, to_alter, to_create
from relay.log.ports import Log
from schemas.topics import ALL, LIVE, XERO_OTHER, specs
from tests.givens.logs import OTHER_TOPIC, TOPIC, Backend, everything, record, spec

WANTED = specs(partitions=2, replication_factor=1, retention_days=30, max_body_bytes=100_000)


async def test_describe_tells_what_each_topic_is(log: Log) -> None:
    states = await log.topics.describe()

    assert set(states) == {TOPIC, OTHER_TOPIC}
    wanted, state = spec(TOPIC), states[TOPIC]
    assert state.name == TOPIC
    assert state.retention_ms == wanted.retention // timedelta(milliseconds=1)
    assert state.max_message_bytes == wanted.max_message_bytes


async def test_an_empty_log_has_no_topics(backend: Backend) -> None:
    async with backend.opened() as log:
        assert dict(await log.topics.describe()) == {}


async def test_what_is_planned_and_done_leaves_nothing_to_plan(backend: Backend) -> None:
    async with backend.opened() as log:
        planned = plan(WANTED, await log.topics.describe())
        await log.topics.create(to_create(planned))

        states = await log.topics.describe()
        assert set(states) == set(ALL)
        assert list(plan(WANTED, states)) == []


async def test_creating_what_is_there_changes_nothing(log: Log) -> None:
    await log.publisher.publish([record(b"kept")])
    before = await log.topics.describe()

    await log.topics.create([spec(TOPIC, retention=timedelta(days=1)), spec(OTHER_TOPIC)])

    assert await log.topics.describe() == before
    assert [each.value for each in await everything(log)] == [b"kept"]


async def test_a_topic_is_altered_to_its_specification_and_keeps_its_records(log: Log) -> None:
    await log.publisher.publish([record(b"kept")])
    wanted = spec(TOPIC, partitions=3, retention=timedelta(days=7), max_message_bytes=150_000)

    changes = plan([wanted], await log.topics.describe())
    for each in to_alter(changes):
        await log.topics.alter(each)

    assert changes
    assert list(plan([wanted], await log.topics.describe())) == []
    assert [each.value for each in await everything(log)] == [b"kept"]


async def test_a_missing_topic_cannot_be_altered(log: Log) -> None:
    with pytest.raises(TopicMissing, match="topics apply"):
        await log.topics.alter(spec(XERO_OTHER))


async def test_a_topic_is_used_the_moment_it_was_created(backend: Backend) -> None:
    async with backend.opened() as log:
        await log.topics.create([spec(name) for name in LIVE])
        await log.publisher.publish([record(name.encode(), topic=name) for name in LIVE])

        found = [each.value.decode() for name in LIVE for each in await everything(log, name)]
        assert found == list(LIVE)


async def test_nothing_to_create_is_no_error(log: Log) -> None:
    await log.topics.create([])

    assert set(await log.topics.describe()) == {TOPIC, OTHER_TOPIC}
