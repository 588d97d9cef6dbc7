"""The consumer as a member of a group on a real Kafka: what a rebalance or a crash does to events in hand.

Of every story it is judged: no event is without an outcome, the first handling of each subject's events is in order,
nothing is committed of which nothing stands in the database, and two members never handle one subject together.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from consumers.runtime.outcome import Done, Park
from consumers.runtime.poller import Consumer
from relay.clock import SystemClock
from relay.log.kafka import inside
from relay.log.ports import Log
from relay.store.results import Results
from schemas.envelope import Event
from schemas.reasons import Reason
from schemas.topics import dlq_of, replay_of
from tests.givens.consuming import Rig, Scripted, opened_rig
from tests.givens.logs import TOPIC, Kafka, spec
from tests.givens.runtime import an_event

pytestmark = pytest.mark.kafka

PARTITIONS = 4
LOCATIONS = [f"loc-{number}" for number in range(12)]
SETTLED = text('SELECT topic, partition, "offset" FROM outcomes UNION SELECT topic, partition, "offset" FROM parked')


@dataclass
class Judge:
    """Sees every handling of every member, and every commit."""

    rig: Rig
    published: list[Event] = field(default_factory=list)
    first: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # subject -> events, as first met
    running: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    tolerated: set[str] = field(default_factory=set)  # subjects that a member may still have that lost them long ago

    async def publish(self, *subjects: str) -> None:
        events = [
            an_event(subject, key=LOCATIONS[hash_of(subject) % len(LOCATIONS)], number=len(self.published) + number)
            for number, subject in enumerate(subjects)
        ]
        self.published += events
        await self.rig.publish(*events)

    def answering(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """Return an answer that is watched."""

        async def watched(subject: Any, times: int) -> Any:
            self.running[subject.id] += 1
            if self.running[subject.id] > 1 and subject.id not in self.tolerated:
                self.faults.append(f"{subject.id} is handled twice at a time")
            met = self.first[subject.id]
            met += [queued.event.id for queued in subject.events if queued.event.id not in met]
            try:
                found = answer(subject, times)
                return await found if asyncio.iscoroutine(found) else found
            finally:
                self.running[subject.id] -= 1

        return watched

    async def audit(self, offsets: Any) -> None:
        async with self.rig.database.reading() as transaction:
            settled = {tuple(row) for row in await transaction.execute(SETTLED)}
        for (topic, partition), (_, following) in offsets.items():
            missing = [offset for offset in range(following) if (topic, partition, offset) not in settled]
            if missing:
                self.faults.append(f"{topic}/{partition} committed to {following}, unsettled: {missing}")

    async def all_done(self) -> bool:
        return await self.rig.is_done(*self.published)

    def verdict(self) -> list[str]:
        """Return what was wrong, once all is done."""
        expected: dict[str, list[str]] = defaultdict(list)
        for event in self.published:
            expected[event.subject].append(event.id)
        wrong = [f"{name}: {met}" for name, met in self.first.items() if met != expected[name]]
        return self.faults + wrong


def hash_of(subject: str) -> int:
    return sum(subject.encode())


@dataclass
class Audited:
    """A member's own way into the log; `dies` lets it fall silent without a farewell."""

    log: Log
    judge: Judge
    readers: list[Any] = field(default_factory=list)
    dead: bool = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)

    async def join(self, group: str, topics: Any, listener: Any) -> Any:
        reader = await self.log.join(group, topics, listener)
        commit = reader.commit

        async def audited(offsets: Any) -> None:
            await self.judge.audit(offsets)
            await commit(offsets)

        reader.commit = audited
        self.readers.append(reader)
        return reader

    async def leave(self, reader: Any) -> None:
        if not self.dead:
            await self.log.leave(reader)

    def dies(self) -> None:
        self.dead = True
        for reader in self.readers:
            for task in inside.tasks_of(reader._consumer):
                task.cancel()  # no heartbeat, no farewell


@dataclass
class Member:
    """One process of the group, with a log and a handler of its own."""

    consumer: Consumer
    handler: Scripted
    log: Audited
    stop: asyncio.Event
    running: "asyncio.Task[None]"

    def partitions(self) -> int:
        return len([home for home in self.consumer._state.prefixes if home.topic == TOPIC])

    async def leaves(self) -> None:
        self.stop.set()
        await self.running

    async def dies(self) -> None:
        self.log.dies()
        self.running.cancel()
        await asyncio.wait([self.running])


@asynccontextmanager
async def member(kafka: Kafka, judge: Judge, answer: Callable[..., Any] = lambda *_: Done()) -> AsyncIterator[Member]:
    async with kafka.opened() as opened:
        log = Audited(opened, judge)
        handler = Scripted(judge.answering(answer), max_calls_per_lane=len(LOCATIONS) * 2)
        rig = judge.rig
        consumer = Consumer(handler, log, parked=rig.parked, results=Results(rig.database), clock=SystemClock())
        stop = asyncio.Event()
        running = asyncio.ensure_future(consumer.run(stop))
        try:
            yield Member(consumer, handler, log, stop, running)
        finally:
            stop.set()
            await asyncio.wait([running])
            if not log.dead:
                running.result()


@asynccontextmanager
async def judged(kafka: Kafka, folder: Path) -> AsyncIterator[Judge]:
    async with kafka.opened() as log:
        await log.topics.create(
            [spec(name, partitions=PARTITIONS) for name in (TOPIC, replay_of(TOPIC), dlq_of(TOPIC))]
        )
        async with opened_rig(folder, Scripted(), log) as rig:
            yield Judge(rig)


def names(count: int) -> list[str]:
    return [f"s{number}" for number in range(count)]


async def test_members_come_and_go_while_events_flow(kafka: Kafka, tmp_path: Path) -> None:
    clock = SystemClock()

    def answer(subject: Any, times: int) -> Any:
        if hash_of(subject.id) % 7 == 0 and times == 1:
            return Park(clock.now() + timedelta(seconds=2), Reason.ACCESS_IN_DOUBT)
        return Done()

    async with judged(kafka, tmp_path) as judge, member(kafka, judge, answer) as one:
        await judge.rig.until(lambda: one.partitions() == PARTITIONS, 40)
        async with member(kafka, judge, answer) as two:
            while two.partitions() < PARTITIONS // 2 or one.partitions() > PARTITIONS // 2:
                await judge.publish(*names(24))
                await asyncio.sleep(0.05)
            await judge.publish(*names(24))
            leaving = asyncio.ensure_future(one.leaves())
            while not leaving.done():
                await judge.publish(*names(24))
                await asyncio.sleep(0.05)
            await leaving
            await judge.publish(*names(24))
            await judge.rig.until(judge.all_done, 60)
            handled = len(two.handler.handed)

    assert judge.verdict() == []
    assert handled > 0


async def test_a_member_that_dies_in_the_middle_is_inherited_without_a_gap(kafka: Kafka, tmp_path: Path) -> None:
    stays = asyncio.Event()
    clock = SystemClock()

    async def dying(subject: Any, times: int) -> Any:
        if subject.id == "s3":
            await stays.wait()
        if subject.id == "s5":
            return Park(clock.now() + timedelta(seconds=1), Reason.ACCESS_IN_DOUBT)
        return Done()

    async with judged(kafka, tmp_path) as judge, member(kafka, judge, dying) as one:
        await judge.publish(*names(40), *names(40))
        await judge.rig.until(lambda: "s3" in judge.running and len(judge.first) == 40, 40)
        await judge.rig.until(lambda: judge.rig.outcome(judge.published[39]), 40)
        await one.dies()
        judge.running.clear()
        async with member(kafka, judge) as heir:
            await judge.publish(*names(40))
            await judge.rig.until(judge.all_done, 60)
            handled = dict(heir.handler.handed)

    assert judge.verdict() == []
    assert {"s3", "s5"} <= set(handled)


@pytest.mark.parametrize("in_time", [True, False], ids=["ends in time", "does not end in time"])
async def test_a_partition_leaves_while_its_event_is_being_handled(kafka: Kafka, tmp_path: Path, in_time: bool) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()

    async def slow(subject: Any, _: int) -> Any:
        if subject.id in slow_ones:
            began.set()
            await may_end.wait()
        return Done()

    slow_ones = set(names(24))  # of every partition: which one leaves is Kafka's choice
    async with judged(kafka, tmp_path) as judge, member(kafka, judge, slow) as one:
        await judge.rig.until(lambda: one.partitions() == PARTITIONS, 40)
        await judge.publish(*names(24))
        await began.wait()
        await judge.rig.until(lambda: sum(judge.running.values()) == 24, 20)
        slow_ones.clear()
        judge.tolerated |= set() if in_time else set(names(24))  # the lease of the link is for that
        async with member(kafka, judge) as two:
            await judge.rig.until(lambda: one.consumer._state.parting, 40)
            if in_time:
                may_end.set()
            else:
                await judge.rig.until(lambda: two.partitions() > 0, 40)
                judge.tolerated |= set(judge.running)  # the lease of the link is for that
                may_end.set()
            await judge.rig.until(judge.all_done, 60)
            again = len(one.handler.handed) + len(two.handler.handed) - len(judge.published)

    assert judge.verdict() == []
    assert (again == 0) == in_time


async def test_a_partition_comes_back_under_a_new_epoch_while_its_old_call_still_runs(
    kafka: Kafka, tmp_path: Path
) -> None:
    may_end = asyncio.Event()

    async def slow(_: Any, times: int) -> Any:
        if times == 1 and not may_end.is_set():
            await may_end.wait()
        return Done()

    async with judged(kafka, tmp_path) as judge, member(kafka, judge, slow) as one:
        await judge.rig.until(lambda: one.partitions() == PARTITIONS, 40)
        await judge.publish(*names(12))
        await judge.rig.until(lambda: sum(judge.running.values()) == 12, 20)
        before = {home: prefix.epoch for home, prefix in one.consumer._state.prefixes.items()}
        judge.tolerated |= set(judge.running)
        async with member(kafka, judge) as two:
            await judge.rig.until(lambda: two.partitions() > 0, 40)
        await judge.rig.until(lambda: one.partitions() == PARTITIONS, 40)
        after = {home: prefix.epoch for home, prefix in one.consumer._state.prefixes.items()}
        await judge.publish(*names(12))
        may_end.set()
        await judge.rig.until(judge.all_done, 60)

    assert all(after[home] > epoch for home, epoch in before.items())
    assert one.handler.overlaps == []
    assert judge.verdict() == []
