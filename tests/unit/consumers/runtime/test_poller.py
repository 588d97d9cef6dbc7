"""The consumer as a whole: what a restart repeats, what a rebalance interrupts, who waits for whom, and how it ends."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from consumers.runtime import poller
from consumers.runtime.outcome import Done, Park
from consumers.runtime.poller import Consumer
from relay.clock import SystemClock
from relay.log.errors import LogUnavailable, TopicMissing
from relay.log.handover import REVOKED_DEADLINE_S
from relay.log.kafka.reader import COMMIT_DEADLINE_S
from relay.store.errors import StoreUnavailable
from relay.store.results import Results
from relay.telemetry import metrics
from schemas.reasons import Reason
from schemas.records import TopicPartition
from tests.givens.consuming import Scripted, a_consumer, consuming, opened_log, opened_rig
from tests.givens.memory import BLOCK, in_memory, turns
from tests.givens.runtime import NOW, a_connection, a_parked, an_event

SOON = timedelta(seconds=1)
LIVE, REPLAY = TopicPartition("ghl.invoices", 0), TopicPartition("ghl.invoices.replay", 0)


async def test_what_is_done_is_reported_and_not_handled_again_after_a_restart(tmp_path):
    handler = Scripted()
    events = [an_event("a", number=0), an_event("b", number=1)]

    async with opened_rig(tmp_path, handler) as rig:
        await rig.publish(*events)
        async with consuming(rig):
            await rig.until(lambda: rig.is_done(*events))
        async with consuming(rig):
            await rig.publish(an_event("c", number=2))
            await rig.until(lambda: any(subject == "c" for subject, _ in handler.handed))

    assert Counter(subject for subject, _ in handler.handed) == {"a": 1, "b": 1, "c": 1}


async def test_a_parked_subject_keeps_its_order_across_a_restart_and_holds_back_nobody(tmp_path):
    clock = SystemClock()
    handler = Scripted(
        lambda subject, times: (
            Park(clock.now() + SOON, Reason.VENDOR_AWAY) if subject.id == "a" and times == 1 else Done()
        )
    )

    async with opened_rig(tmp_path, handler) as rig:
        await rig.publish(an_event("a", number=0))
        async with consuming(rig):
            await rig.until(lambda: rig.outcome(an_event("a", number=0)))
            await rig.publish(an_event("a", number=1), an_event("b", number=2))
            await rig.until(lambda: rig.outcome(an_event("b", number=2)))
            waiting = await rig.waiting()
        async with consuming(rig):
            await rig.until(lambda: rig.is_done(an_event("a", number=1)))
        left = await rig.waiting()

    offsets = [offset for subject, handed in handler.handed if subject == "a" for offset in handed]
    assert [event for event, _, _ in waiting] == ["a-0", "a-1"]
    assert offsets[-2:] == [0, 1]
    assert left == []


async def test_a_process_that_dies_in_the_middle_of_a_call_does_it_again_and_loses_nothing(tmp_path):
    began, stays = asyncio.Event(), asyncio.Event()

    async def answer(subject, times):
        if subject.id == "b" and times == 1:
            began.set()
            await stays.wait()
        return Done()

    events = [an_event(name, number=number) for number, name in enumerate("abc")]
    async with opened_rig(tmp_path, Scripted(answer, max_calls_per_lane=1)) as rig:
        await rig.publish(*events)
        async with opened_log(tmp_path) as its_own:
            dying = asyncio.ensure_future(a_consumer(rig, log=its_own).run(asyncio.Event()))
            await began.wait()
            dying.cancel()
            await asyncio.wait([dying])
        async with consuming(rig):
            await rig.until(lambda: rig.is_done(*events))

    assert Counter(subject for subject, _ in rig.handler.handed) == {"a": 1, "b": 2, "c": 1}


async def test_who_stands_by_is_ready_handles_nothing_and_takes_over(tmp_path):
    async with opened_rig(tmp_path, Scripted()) as rig, opened_log(tmp_path) as elsewhere:
        heir = Scripted()
        async with asyncio.TaskGroup() as tasks:
            stop, stop_heir = asyncio.Event(), asyncio.Event()
            first = a_consumer(rig)
            tasks.create_task(first.run(stop))
            await rig.until(lambda: first.ready)
            second = Consumer(heir, elsewhere, parked=rig.parked, results=Results(rig.database), clock=SystemClock())
            tasks.create_task(second.run(stop_heir))
            await rig.publish(an_event("a", number=0))
            await rig.until(lambda: rig.is_done(an_event("a", number=0)))
            await rig.until(lambda: second.ready)
            stop.set()
            await rig.publish(an_event("b", number=1))
            await rig.until(lambda: rig.is_done(an_event("b", number=1)))
            after = first.ready
            stop_heir.set()

    assert (rig.handler.handed, heir.handed) == ([("a", [0])], [("b", [1])])
    assert not after


async def test_it_is_ready_once_it_polls_and_not_when_it_hangs_for_half_a_minute():
    async with in_memory(Scripted()) as rig:
        await rig.pass_time(1)
        polling = rig.consumer.ready
        rig.gate.errors["settle"] = [StoreUnavailable("away")] * 100
        rig.log._append(replace(an_event().record(), headers=()), LIVE)  # stored by the poll loop itself
        await rig.pass_time(40)
        hanging = rig.consumer.ready
        rig.gate.errors.clear()
        await rig.pass_time(3)
        again = rig.consumer.ready

    assert (polling, hanging, again) == (True, False, True)


async def test_a_partition_that_leaves_while_its_commit_is_under_way_ends_nothing():
    async with in_memory(Scripted()) as rig:
        rig.log.put(an_event("a"))
        rig.gate.close("committed")
        await rig.pass_time(3)
        under_way = "committed" in rig.gate.reached
        rig.reader.lose_unheard()
        gone, rig.reader._wanted = rig.reader._wanted, []
        await rig.pass_time(1.5)
        rig.gate.open("committed")
        await rig.pass_time(1)
        rig.reader._wanted = gone
        rig.log.put(an_event("b", number=1))
        await rig.pass_time(3)

    assert under_way
    assert rig.outcome(an_event("b", number=1)) == "done"
    assert rig.log.committed[LIVE] == 2


async def test_a_log_that_waits_no_longer_leaves_nothing_of_its_partitions_behind():
    never = asyncio.Event()

    async def answer(*_):
        await never.wait()
        return Done()

    async with in_memory(Scripted(answer)) as rig:
        await rig.database.settle([], [replace(a_parked(7, subject="b", until=NOW + timedelta(hours=1)))], [])
        rig.log.put(an_event("a"))
        rig.reader.lose_unheard()
        await rig.pass_time(2)
        leaving = asyncio.ensure_future(rig.consumer.revoked([LIVE, REPLAY]))
        await turns()
        leaving.cancel()
        await asyncio.wait([leaving])
        state = rig.consumer._state
        left = (dict(state.prefixes), set(state.parting), state.lanes.events, len(state.waiting))
        never.set()

    assert left == ({}, set(), 0, 0)


async def test_partitions_that_went_without_a_word_are_given_up(logs):
    async with in_memory(Scripted()) as rig:
        await rig.pass_time(1)
        rig.reader.lose_unheard()
        rig.reader._wanted.clear()
        await rig.pass_time(3)
        held = dict(rig.consumer._state.prefixes)

    assert held == {}
    assert "partitions.lost" in [one["event"] for one in logs]


def test_the_handover_is_over_before_the_log_loses_patience():
    assert poller.DRAIN_S + COMMIT_DEADLINE_S < REVOKED_DEADLINE_S


async def test_partitions_are_taken_on_only_with_what_is_parked_of_them():
    until = NOW + timedelta(hours=1)
    handler = Scripted()

    async with in_memory(handler) as rig:
        await rig.database.settle([], [replace(a_parked(0, subject="a", until=until), ce_id="a-0")], [])
        rig.gate.errors["places"] = [StoreUnavailable("away")] * 3
        rig.reader.lose_unheard()
        rig.log.put(an_event("a", number=0))
        rig.log.put(an_event("a", number=1))
        await rig.pass_time(8)

    assert handler.handed == []
    assert [row.ce_id for row in rig.database.waiting()] == ["a-0", "a-1"]


@pytest.fixture
def _little_memory(monkeypatch):
    monkeypatch.setattr(poller, "MAX_EVENTS", 8)
    monkeypatch.setattr(poller, "RELIEF_AFTER_S", 10_000.0)
    monkeypatch.setattr(poller, "DRAIN_S", 0.01)


@asynccontextmanager
async def full(count=100):
    """A consumer whose memory is full, with a handler that stands still until the event is set."""
    may_end = asyncio.Event()

    async def answer(*_):
        await may_end.wait()
        return Done()

    async with in_memory(Scripted(answer, max_calls_per_lane=1)) as rig:
        for number in range(count):
            rig.log.put(an_event(f"a{number}", number=number))
        await rig.pass_time(3)
        yield rig, may_end
        may_end.set()


@pytest.mark.usefixtures("_little_memory")
async def test_memory_that_is_full_stops_the_reading_also_of_a_partition_that_comes_then():
    async with full() as (rig, _):
        rig.reader.paused.clear()  # as for a partition that was another member's
        await rig.pass_time(5)
        queued = rig.consumer._state.lanes.events

    assert queued <= 8 + 2 * BLOCK


@pytest.mark.usefixtures("_little_memory")
async def test_what_was_paused_goes_on_when_there_is_room_although_it_was_away_at_that_moment():
    async with full() as (rig, may_end):
        rig.reader.lose_unheard()
        gone, rig.reader._wanted = rig.reader._wanted, []
        await rig.pass_time(3)
        rig.reader._wanted = gone
        may_end.set()
        await rig.pass_time(30)

    assert rig.log.committed[LIVE] == 100
    assert rig.reader.paused == set()


async def test_one_tenant_who_fills_the_memory_delays_another_by_seconds_only(monkeypatch):
    monkeypatch.setattr(poller, "MAX_EVENTS", 50)
    never = asyncio.Event()

    async def answer(subject, _):
        if subject.connection.id == "slow":
            await never.wait()
        return Done()

    handler = Scripted(answer, max_calls_per_lane=1, connect=lambda event: a_connection(event.key))
    async with in_memory(handler) as rig:
        for number in range(200):
            rig.log.put(an_event(f"a{number}", key="slow", number=number))
        quick = an_event("quick", key="quick", number=200)
        rig.log.put(quick)
        await rig.pass_time(30)
        meanwhile = rig.outcome(quick)
        waiting = len(rig.database.waiting())
        never.set()
        await rig.pass_time(300, step=1)

    assert meanwhile == "done"
    assert waiting > 100
    order = [int(subject[1:]) for subject, _ in handler.handed if subject != "quick"]
    assert sorted(order) == list(range(200))


async def test_a_log_that_is_away_at_the_start_is_waited_for(tmp_path):
    async with opened_rig(tmp_path, Scripted()) as rig:
        rig_log = Reluctant(rig.log, [LogUnavailable("away")])
        async with consuming(rig, log=rig_log):
            await rig.publish(an_event("a"))
            await rig.until(lambda: rig.is_done(an_event("a")))

    assert rig_log.errors == []


async def test_it_can_be_stopped_while_it_waits_for_the_log(tmp_path):
    async with opened_rig(tmp_path, Scripted()) as rig:
        consumer = a_consumer(rig, log=Reluctant(rig.log, [LogUnavailable("away")] * 1000))
        stop = asyncio.Event()
        stop.set()

        async with asyncio.timeout(5):
            await consumer.run(stop)

    assert not consumer.ready


async def test_a_topic_that_is_missing_ends_it_for_an_operator_must_make_it(tmp_path):
    async with opened_rig(tmp_path, Scripted()) as rig:
        consumer = a_consumer(rig, log=Reluctant(rig.log, [TopicMissing("ghl.invoices")]))

        with pytest.raises(TopicMissing):
            await consumer.run(asyncio.Event())


@pytest.mark.parametrize("error", [ValueError("a bug"), asyncio.CancelledError()], ids=["a bug", "a cancellation"])
async def test_what_nobody_foresaw_in_a_loop_ends_it_and_says_so(logs, error):
    async def failing():
        async with asyncio.timeout(20), in_memory(Scripted()) as rig:
            rig.gate.errors["committed"] = [error]
            rig.log.put(an_event("a"))
            await rig.pass_time(5)

    with pytest.raises(BaseExceptionGroup) as ended:
        await failing()

    assert ended.group_contains((ValueError, RuntimeError))
    assert "consumer.failed" in [one["event"] for one in logs]


async def test_stopping_waits_for_a_handler_only_so_long(monkeypatch):
    monkeypatch.setattr(poller, "DRAIN_S", 0.05)

    async def answer(*_):
        await asyncio.Event().wait()

    async with asyncio.timeout(10):
        async with in_memory(Scripted(answer)) as rig:
            rig.log.put(an_event("a"))
            await rig.pass_time(1)

    assert rig.log.committed == {}


async def test_the_lag_of_a_partition_that_left_is_told_no_more():
    async with in_memory(Scripted()) as rig:
        await rig.pass_time(6)
        held = metrics.CONSUMER_LAG._metrics.keys() >= {("ghl.invoices", "0")}
        await rig.reader.lose(again=False)

    assert held
    assert ("ghl.invoices", "0") not in metrics.CONSUMER_LAG._metrics


@dataclass
class Reluctant:
    """A real log that refuses to be joined a few times."""

    log: Any
    errors: list[Exception] = field(default_factory=list)

    def __getattr__(self, name):
        return getattr(self.log, name)

    async def join(self, group, topics, listener):
        if self.errors:
            raise self.errors.pop()
        return await self.log.join(group, topics, listener)
