from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from relay.log.plan import AddPartitions, BeyondUs, Change, ChangeSetting, CreateTopic, plan, to_alter, to_create
from relay.log.ports import TopicState
from tests.givens.logs import OTHER_TOPIC, TOPIC, spec

WANTED = spec(TOPIC, partitions=12, replication_factor=3, min_insync_replicas=2, retention=timedelta(days=90))
AS_WANTED = TopicState(
    name=TOPIC,
    partitions=12,
    replication_factor=3,
    retention_ms=90 * 86_400_000,
    min_insync_replicas=2,
    max_message_bytes=WANTED.max_message_bytes,
)


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        pytest.param(AS_WANTED, [], id="as it should be"),
        pytest.param(None, [CreateTopic(WANTED)], id="missing"),
        pytest.param(replace(AS_WANTED, partitions=4), [AddPartitions(WANTED, 4)], id="too few partitions"),
        pytest.param(
            replace(AS_WANTED, retention_ms=1),
            [ChangeSetting(WANTED, "retention.ms", 1, 7_776_000_000)],
            id="kept too short",
        ),
        pytest.param(
            replace(AS_WANTED, min_insync_replicas=1),
            [ChangeSetting(WANTED, "min.insync.replicas", 1, 2)],
            id="acknowledged too early",
        ),
        pytest.param(
            replace(AS_WANTED, max_message_bytes=5),
            [ChangeSetting(WANTED, "max.message.bytes", 5, WANTED.max_message_bytes)],
            id="refuses what we take",
        ),
        pytest.param(
            TopicState(TOPIC, 1, None, AS_WANTED.retention_ms, None, WANTED.max_message_bytes),
            [],
            id="a log that knows neither copies nor several partitions",
        ),
    ],
)
def test_what_differs_is_changed_and_nothing_else(state: TopicState | None, changes: Sequence[Change]) -> None:
    assert plan([WANTED], {TOPIC: state} if state else {}) == changes


@pytest.mark.parametrize(
    ("state", "words"),
    [
        pytest.param(replace(AS_WANTED, partitions=24), "RELAY_KAFKA_PARTITIONS=24", id="too many partitions"),
        pytest.param(replace(AS_WANTED, replication_factor=1), "kafka-reassign-partitions", id="too few copies"),
        pytest.param(replace(AS_WANTED, replication_factor=5), "kafka-reassign-partitions", id="too many copies"),
    ],
)
def test_what_only_kafkas_own_tools_can_change_says_so_and_is_left_alone(state: TopicState, words: str) -> None:
    (change,) = plan([WANTED], {TOPIC: state})

    assert isinstance(change, BeyondUs)
    assert words in change.sentence
    assert to_create([change]) == to_alter([change]) == []


def test_each_change_is_a_sentence_that_names_its_topic() -> None:
    other = replace(WANTED, name=OTHER_TOPIC)
    state = replace(AS_WANTED, partitions=1, retention_ms=5, replication_factor=1)

    changes = plan([WANTED, other], {TOPIC: state})

    assert [change.sentence.split(":")[0] for change in changes] == [TOPIC, TOPIC, TOPIC, OTHER_TOPIC]
    assert changes[-1].sentence == f"{OTHER_TOPIC}: create it, kept 90 days"


def test_a_topic_with_several_changes_is_altered_once() -> None:
    changes = plan([WANTED], {TOPIC: replace(AS_WANTED, partitions=1, retention_ms=5, max_message_bytes=5)})

    assert len(changes) == 3
    assert to_alter(changes) == [WANTED]


def test_a_topic_that_nobody_wants_is_left_alone() -> None:
    assert plan([], {TOPIC: AS_WANTED}) == []


def test_a_retention_below_a_day_is_told_as_it_is() -> None:
    (change,) = plan([replace(WANTED, retention=timedelta(hours=6))], {})

    assert change.sentence.endswith("kept 6:00:00")
