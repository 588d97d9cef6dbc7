"""What a member of a consumer group is made with: aiokafka's defaults lose records (C1, C10)."""

from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from relay.log.kafka.access import CALL_DEADLINE_S, KafkaConnection

SESSION_MS: Final = 10_000
HEARTBEAT_MS: Final = 1_000
REBALANCE_MS: Final = 25_000  # a listener may take both deadlines of `handover` to part with its partitions
MAX_POLL_MS: Final = 300_000
FETCH_BYTES: Final = 16 * 1_048_576


def new_member(connection: KafkaConnection, group: str, *, max_record_bytes: int) -> AIOKafkaConsumer:
    """Return a consumer that is not started: nothing is committed or reset by itself, bytes in and bytes out.

    The range assignor gives one member the same partition of every topic, so live and replay of a tenant meet in one
    process (the sticky one keeps its state in a class, which all groups of a process would share).
    """
    return AIOKafkaConsumer(
        **connection.options(),
        client_id="relay-reader",
        group_id=connection.group(group),
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_uncommitted",
        partition_assignment_strategy=(RangePartitionAssignor,),
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=HEARTBEAT_MS,
        rebalance_timeout_ms=REBALANCE_MS,
        max_poll_interval_ms=MAX_POLL_MS,
        fetch_max_bytes=FETCH_BYTES,
        max_partition_fetch_bytes=max(1_048_576, 2 * max_record_bytes),
        request_timeout_ms=int(CALL_DEADLINE_S * 1000),
    )
