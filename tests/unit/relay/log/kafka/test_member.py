from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from relay.log.handover import ASSIGNED_DEADLINE_S, REVOKED_DEADLINE_S
from relay.log.kafka.access import KafkaConnection
from relay.log.kafka.closing import stop_or_abandon
from relay.log.kafka.member import HEARTBEAT_MS, REBALANCE_MS, SESSION_MS, new_member

CONNECTION = KafkaConnection("127.0.0.1:1", group_prefix="acme")


async def test_nothing_is_committed_reset_or_decoded_behind_our_back() -> None:
    member = new_member(CONNECTION, "invoice-push", max_record_bytes=5_000_000)

    try:
        assert member._group_id == "acme.invoice-push"
        assert not member._enable_auto_commit
        assert member._auto_offset_reset == "none"
        assert (member._key_deserializer, member._value_deserializer) == (None, None)
        assert member._partition_assignment_strategy == (RangePartitionAssignor,)
        assert member._max_partition_fetch_bytes >= 10_000_000
    finally:
        await stop_or_abandon(member)


def test_a_farewell_fits_into_a_rebalance_and_heartbeats_into_a_session() -> None:
    assert (ASSIGNED_DEADLINE_S + REVOKED_DEADLINE_S) * 1_000 < REBALANCE_MS
    assert HEARTBEAT_MS * 3 <= SESSION_MS
