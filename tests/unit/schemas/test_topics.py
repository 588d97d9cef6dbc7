from datetime import timedelta

import pytest

from schemas.topics import ALL, LIVE, dlq_of, live_of, replay_of, specs


def test_every_live_topic_has_a_replay_lane_and_a_dead_letter_topic() -> None:
    assert set(ALL) == {name for topic in LIVE for name in (topic, f"{topic}.replay", f"{topic}.dlq")}
    assert len(ALL) == len(set(ALL)) == 24


@pytest.mark.parametrize("name", ["xero.payments", "xero.payments.replay", "xero.payments.dlq"])
def test_the_lanes_of_a_topic_lead_to_each_other(name: str) -> None:
    assert (live_of(name), replay_of(name), dlq_of(name)) == (
        "xero.payments",
        "xero.payments.replay",
        "xero.payments.dlq",
    )


@pytest.mark.parametrize(("copies", "in_sync"), [(1, 1), (2, 1), (3, 2), (5, 4)])
def test_a_topic_survives_the_loss_of_one_broker_without_losing_a_record(copies: int, in_sync: int) -> None:
    made = specs(partitions=12, replication_factor=copies, retention_days=90, max_body_bytes=1_048_576)

    assert [spec.name for spec in made] == list(ALL)
    assert {(spec.partitions, spec.replication_factor, spec.min_insync_replicas) for spec in made} == {
        (12, copies, in_sync)
    }
    assert {(spec.retention, spec.max_message_bytes) for spec in made} == {(timedelta(days=90), 2_097_152)}
