from datetime import timedelta

from relay.log.kafka.topics import _state, topic_config
from relay.log.ports import TopicState
from tests.givens.logs import TOPIC, spec


def test_a_topic_is_configured_to_its_specification_and_stamped_by_the_broker() -> None:
    config = topic_config(spec(TOPIC, retention=timedelta(days=90), min_insync_replicas=2, max_message_bytes=2_000_000))

    assert config == {
        "retention.ms": "7776000000",
        "min.insync.replicas": "2",
        "max.message.bytes": "2000000",
        "message.timestamp.type": "LogAppendTime",
        "cleanup.policy": "delete",
    }


def test_a_state_is_read_from_layout_and_configuration() -> None:
    partitions = [{"replicas": [1, 2, 3]}, {"replicas": [2, 3]}]
    config = {"retention.ms": "5", "min.insync.replicas": "2", "max.message.bytes": "9"}

    assert _state(TOPIC, partitions, config) == TopicState(TOPIC, 2, 2, 5, 2, 9)


def test_a_setting_that_the_broker_does_not_tell_is_unknown() -> None:
    assert _state(TOPIC, [{"replicas": [1]}], {}) == TopicState(TOPIC, 1, 1, None, None, None)
