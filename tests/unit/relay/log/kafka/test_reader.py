"""The reader against a consumer that is written down; on a real group it is held to its port in tests/contract."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from aiokafka import TopicPartition as Place
from aiokafka.errors import CommitFailedError, KafkaConnectionError, OffsetOutOfRangeError
from structlog.testing import capture_logs

from relay.log.errors import Fenced, LogUnavailable, TopicMissing
from relay.log.kafka import reader as module
from relay.log.kafka.access import KafkaConnection
from relay.log.kafka.reader import KafkaReader
from schemas.records import TopicPartition
from tests.givens.aiokafka import Cluster, Consumer
from tests.givens.logs import TOPIC, Witness

ONE, TWO = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)


@pytest.fixture
def consumers(monkeypatch: pytest.MonkeyPatch) -> list[Consumer]:
    """The consumers that the reader is going to make, in order."""
    made: list[Consumer] = [Consumer(committed=7), Consumer(committed=9)]
    rest: Iterator[Consumer] = iter(made)
    monkeypatch.setattr(module, "new_member", lambda *_, **__: next(rest))
    return made


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
async def reader(consumers: Sequence[Consumer], witness: Witness) -> KafkaReader:
    connection = KafkaConnection("127.0.0.1:1")
    joined = KafkaReader(connection, "invoice-push", [TOPIC], witness, max_record_bytes=1_000)
    await joined.join()
    return joined


def place(partition: TopicPartition) -> Place:
    return Place(*partition)


def fetched(partition: TopicPartition, *offsets: int) -> dict[Place, list[Any]]:
    return {
        place(partition): [
            ConsumerRecord(*partition, offset, 0, 1, b"key", b"{}", None, 3, 2, headers=()) for offset in offsets
        ]
    }


async def test_what_is_assigned_stands_still_until_a_poll_has_placed_it(
    reader: KafkaReader, consumers: Sequence[Consumer], witness: Witness
) -> None:
    consumers[0].rebalance(place(ONE))
    before = (set(consumers[0].paused), dict(reader.assignments()))

    await reader.poll(0)

    assert before == ({place(ONE)}, {})
    assert consumers[0].paused == set()
    assert consumers[0].positions == {place(ONE): 7}
    assert [held.start for held in witness.assigned_so_far] == [7]


async def test_a_rebalance_while_starts_are_read_names_newcomers_of_its_own(
    reader: KafkaReader, consumers: Sequence[Consumer], witness: Witness
) -> None:
    (consumer, _) = consumers
    consumer.rebalance(place(ONE))

    def come_between() -> None:
        consumer.while_committed_is_read = None
        consumer.rebalance(place(TWO))

    consumer.while_committed_is_read = come_between
    await reader.poll(0)
    await reader.poll(0)

    assert [held.partition for held in witness.assigned_so_far] == [TWO]
    assert set(reader.assignments()) == {TWO}


@pytest.mark.parametrize(
    ("committed", "start", "event"),
    [
        pytest.param(None, 20, "reader.started_at_earliest", id="no offset yet"),
        pytest.param(5, 20, "reader.offset_lost", id="removed by retention"),
        pytest.param(101, 20, "reader.offset_lost", id="beyond the end: a topic made anew"),
        pytest.param(20, 20, None, id="the first one left"),
        pytest.param(100, 100, None, id="the very end"),
    ],
)
async def test_a_group_starts_where_it_stopped_else_at_the_earliest_and_says_so(
    reader: KafkaReader, consumers: Sequence[Consumer], committed: int | None, start: int, event: str | None
) -> None:
    consumers[0].firsts, consumers[0].ends, consumers[0].start_offset = 20, 100, committed
    consumers[0].rebalance(place(ONE))

    with capture_logs() as logs:
        await reader.poll(0)

    assert reader.assignments()[ONE].start == start
    assert [entry["event"] for entry in logs] == ([event] if event else [])


async def test_a_commit_names_its_offsets_and_never_goes_back(
    reader: KafkaReader, consumers: Sequence[Consumer]
) -> None:
    consumers[0].rebalance(place(ONE))
    await reader.poll(0)
    epoch = reader.assignments()[ONE].epoch

    await reader.commit({ONE: (epoch, 9)})
    await reader.commit({ONE: (epoch, 8)})

    assert consumers[0].commits == [{place(ONE): 9}]
    assert await reader.lag() == {ONE: 91}


async def test_a_commit_that_the_group_refuses_is_fenced(reader: KafkaReader, consumers: Sequence[Consumer]) -> None:
    consumers[0].rebalance(place(ONE))
    await reader.poll(0)

    async def refuse(_: object) -> None:
        raise CommitFailedError("rebalanced")

    consumers[0].commit = refuse  # type: ignore[method-assign]

    with pytest.raises(Fenced):
        await reader.commit({ONE: (reader.assignments()[ONE].epoch, 9)})
    assert await reader.lag() == {ONE: 93}


async def test_a_member_without_a_generation_commits_nothing(
    reader: KafkaReader, consumers: Sequence[Consumer]
) -> None:
    consumers[0].rebalance(place(ONE))
    await reader.poll(0)
    consumers[0]._coordinator.generation = -1

    with pytest.raises(Fenced, match="left its group"):
        await reader.commit({ONE: (reader.assignments()[ONE].epoch, 9)})
    assert consumers[0].commits == []


async def test_a_commit_that_hangs_ends_at_its_deadline(
    reader: KafkaReader, consumers: Sequence[Consumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMMIT_DEADLINE_S", 0.01)
    consumers[0].rebalance(place(ONE))
    await reader.poll(0)

    async def hang(_: object) -> None:
        await asyncio.Event().wait()

    consumers[0].commit = hang  # type: ignore[method-assign]

    with pytest.raises(LogUnavailable):
        await reader.commit({ONE: (reader.assignments()[ONE].epoch, 9)})


async def test_after_an_error_everything_is_read_again_under_a_new_epoch(
    reader: KafkaReader, consumers: Sequence[Consumer], witness: Witness
) -> None:
    (consumer, _) = consumers
    consumer.rebalance(place(ONE))
    await reader.poll(0)
    consumer.fetched = [OffsetOutOfRangeError({place(ONE): 7}), fetched(ONE, 7)]

    with capture_logs(), pytest.raises(LogUnavailable, match="read again"):
        await reader.poll(0)
    records = await reader.poll(0)

    assert [each.offset for each in records] == [7]
    first, second = witness.assigned_so_far
    assert (first.epoch < second.epoch, witness.revoked_so_far) == (True, [ONE])


async def test_a_poll_that_waits_for_a_rebalance_is_empty_in_time(
    reader: KafkaReader, consumers: Sequence[Consumer]
) -> None:
    async def hang(**_: object) -> dict[Place, list[Any]]:
        await asyncio.Event().wait()
        return {}

    consumers[0].getmany = hang  # type: ignore[method-assign]

    async with asyncio.timeout(2):
        assert list(await reader.poll(0.05)) == []


async def test_pauses_hold_across_a_rebalance_and_go_with_the_partition(
    reader: KafkaReader, consumers: Sequence[Consumer]
) -> None:
    (consumer, _) = consumers
    consumer.rebalance(place(ONE), place(TWO))
    await reader.poll(0)
    reader.pause([ONE, TWO])
    await reader.on_partitions_revoked(consumer.assigned)
    consumer.rebalance(place(ONE))
    await reader.poll(0)
    while_ours = set(consumer.paused)
    await reader.on_partitions_revoked(consumer.assigned)
    consumer.rebalance(place(TWO))
    await reader.poll(0)

    assert while_ours == {place(ONE)}
    assert consumer.paused == set()


async def test_a_consumer_that_died_is_replaced_and_one_that_cannot_start_is_tried_again(
    reader: KafkaReader, consumers: Sequence[Consumer], witness: Witness
) -> None:
    first, second = consumers
    first.rebalance(place(ONE))
    await reader.poll(0)
    died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    died.set_result(None)
    first._coordinator._coordination_task = died

    async def refuse() -> None:
        raise KafkaConnectionError("refused")

    second.start = refuse  # type: ignore[method-assign]

    with pytest.raises(LogUnavailable, match="to join invoice-push"):
        await reader.poll(0)

    assert (first.stopped, second.stopped) == (True, True)
    assert witness.revoked_so_far == [ONE]
    assert not reader._joined


async def test_a_poll_that_is_cancelled_while_partitions_are_taken_on_offers_them_again(
    reader: KafkaReader, consumers: Sequence[Consumer], witness: Witness
) -> None:
    taking_on = asyncio.Event()

    async def never(_: object) -> None:
        taking_on.set()
        await asyncio.Event().wait()

    witness.on_assigned = never
    consumers[0].rebalance(place(ONE))
    async with asyncio.TaskGroup() as tasks:
        polling = tasks.create_task(reader.poll(5))
        await taking_on.wait()
        polling.cancel()
    held_after = dict(reader.assignments())
    witness.on_assigned = None
    await reader.poll(0)

    assert held_after == {}
    assert [held.epoch for held in witness.assigned_so_far] == [1, 2]
    assert consumers[0].paused == set()


async def test_joining_for_a_missing_topic_stops_the_consumer(consumers: Sequence[Consumer], witness: Witness) -> None:
    consumers[0]._client.cluster = Cluster({})
    connection = KafkaConnection("127.0.0.1:1")

    with pytest.raises(TopicMissing):
        await KafkaReader(connection, "invoice-push", [TOPIC], witness, max_record_bytes=1_000).join()

    assert consumers[0].stopped


async def test_a_rebalance_while_leaving_tells_the_listener_once(
    reader: KafkaReader, consumers: Sequence[Consumer], witness: Witness
) -> None:
    consumers[0].rebalance(place(ONE))
    await reader.poll(0)

    await asyncio.gather(reader.leave(), reader.on_partitions_revoked(consumers[0].assigned), reader.leave())

    assert witness.revoked_so_far == [ONE]
    assert consumers[0].stopped
    assert list(await reader.poll(5)) == []
