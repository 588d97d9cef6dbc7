"""Whatever comes between: order per subject holds, nothing is committed unsettled, and every event ends at last.

The real consumer runs on a log and a database in memory. Each step of these takes as many turns of the event loop as
the example says, while handlers park, retry, fail and die, partitions leave and return, the process dies, people
release what is parked, and locations are connected.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta

import pytest
import structlog
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from consumers.runtime.handler import Subject
from consumers.runtime.outcome import Dead, Done, Outcome, Park, Retry, Scope, Skipped
from consumers.runtime.parking import key_of
from consumers.runtime.poller import Consumer
from consumers.runtime.unexpected import TRIES
from relay.clock import FakeClock
from relay.log.errors import EventTooLarge, LogUnavailable, TopicMissing
from relay.store.connections import Connection, ConnectionState
from relay.store.errors import Missing, SchemaOutdated, StoreUnavailable
from relay.store.parked import ParkedState
from schemas.envelope import Event
from schemas.reasons import Reason
from schemas.records import TopicPartition
from tests.givens.memory import MemoryDatabase, MemoryLog
from tests.givens.runtime import a_connection, an_event

LIVE, REPLAY = TopicPartition("ghl.invoices", 0), TopicPartition("ghl.invoices.replay", 0)
SUBJECTS = ("a", "b", "c", "d")
FAILURES = {
    "settle": (StoreUnavailable("made up"), ValueError("made up")),
    "settled": (StoreUnavailable("made up"),),  # it stands, and nobody knows
    "places": (StoreUnavailable("made up"),),
    "standing": (StoreUnavailable("made up"),),
    "connection": (StoreUnavailable("made up"), SchemaOutdated("made up"), Missing("made up"), KeyError("made up")),
    "publish": (LogUnavailable("made up"), EventTooLarge("made up"), TopicMissing("made up")),
    "commit": (LogUnavailable("made up"),),
    "handle": (ZeroDivisionError(), asyncio.CancelledError()),
}
LOCATION = {"a": "loc-1", "b": "loc-1", "c": "loc-2", "d": "loc-3"}
CONNECTION = {"loc-1": "acme", "loc-2": "beta", "loc-3": "gamma"}


class World:
    """The handler and all that happens to the consumer; `chance` decides everything."""

    name = "invoice-push"
    topics: Sequence[str] = ("ghl.invoices",)
    max_subjects = 1
    needs_connection = True

    def __init__(self, chance: random.Random, calls_per_lane: int) -> None:
        self.chance = chance
        self.max_calls_per_lane = calls_per_lane
        self.clock = FakeClock()
        self.database = MemoryDatabase(self.turns)
        self.log = MemoryLog(self.clock, self.database, self.turns)
        self.calm = False
        self.states: dict[str, ConnectionState | None] = dict.fromkeys(LOCATION.values(), ConnectionState.ACTIVE)
        self.states["loc-3"] = None  # not connected
        self.running: Counter[str] = Counter()
        self.ended: dict[tuple[str, str], set[int]] = defaultdict(set)  # topic, subject -> offsets that ended once
        self.published: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.faults: list[str] = []
        self.story: list[str] = []
        self.log.records = {LIVE: [], REPLAY: []}

    async def turns(self, step: str) -> None:
        if self.calm:
            return
        for _ in range(self.chance.choice((0, 0, 1, 2, 5))):
            await asyncio.sleep(0)
        if step in FAILURES and self.chance.random() < 0.08:
            self.story.append(f"{step} fails")
            raise self.chance.choice(FAILURES[step])

    def publish(self) -> None:
        subject = self.chance.choice(SUBJECTS)
        topic = "ghl.invoices.replay" if self.chance.random() < 0.2 else "ghl.invoices"
        number = sum(map(len, self.published.values()))
        record = self.log.put(an_event(subject, key=LOCATION[subject], topic=topic, number=number))
        self.published[topic, subject].append(record.offset)

    def subject_of(self, event: Event) -> str:
        return event.subject

    async def connection_of(self, event: Event) -> Connection | None:
        await self.turns("connection")
        state = self.states[event.key]
        return a_connection(CONNECTION[event.key], state) if state else None

    async def handle(self, batch: Sequence[Subject]) -> Sequence[Outcome]:
        [subject] = batch
        self._watch(subject)
        self.running[subject.id] += 1
        try:
            await self.turns("handle")
            outcome = self._outcome()
        except (ZeroDivisionError, asyncio.CancelledError):
            if subject.newest.attempts + 1 >= TRIES:
                self._note_end(subject)
            raise
        finally:
            self.running[subject.id] -= 1
        self.story.append(f"{subject.id}{[queued.offset for queued in subject.events]} {type(outcome).__name__}")
        if isinstance(outcome, (Done, Skipped, Dead)):
            self._note_end(subject)
        return [outcome]

    def _ended(self, topic: str, subject: str) -> set[int]:
        """Return what came to an end once, in the handler's hands or as a letter without it."""
        letters = {
            row.offset
            for row in self.database.rows.values()
            if (row.topic, row.subject) == (topic, subject) and row.state is not ParkedState.PARKED
        }
        return self.ended[topic, subject] | letters

    def _note_end(self, subject: Subject) -> None:
        for queued in subject.events:
            self.ended[queued.topic, subject.id].add(queued.offset)

    def _watch(self, subject: Subject) -> None:
        if self.running[subject.id]:
            self.faults.append(f"{subject.id} overlaps itself")
        topic, offsets = subject.events[0].topic, [queued.offset for queued in subject.events]
        if offsets != sorted(offsets):
            self.faults.append(f"{subject.id}: {offsets} out of order")
        before = {offset for offset in self.published[topic, subject.id] if offset < offsets[-1]}
        if missed := before - self._ended(topic, subject.id) - set(offsets):
            self.faults.append(f"{subject.id}: {offsets} overtakes {sorted(missed)}")

    def _outcome(self) -> Outcome:
        draw = 0.0 if self.calm else self.chance.random()
        now = self.clock.now()
        if draw < 0.45:
            return Done()
        if draw < 0.55:
            return Retry(timedelta(seconds=self.chance.choice((1, 5, 29, 60))), Reason.VENDOR_AWAY)
        if draw < 0.7:
            return Park(now + timedelta(seconds=self.chance.choice((-1, 3, 70))), Reason.ACCESS_IN_DOUBT)
        if draw < 0.82:
            return Park(now + timedelta(seconds=self.chance.choice((2, 65))), Reason.MINUTE_LIMIT, "", Scope.CONNECTION)
        if draw < 0.9:
            return Dead(Reason.REFUSED)
        if draw < 0.95:
            return Skipped(Reason.ALREADY_IN_STEP)
        raise ZeroDivisionError

    async def run(self, steps: int) -> None:
        """Play a story, then let everything calm down until nothing is left to do."""
        stop, consumer = self._started()
        for _ in range(steps):
            happens = self.chance.choices(
                (
                    self.publish,
                    self.pass_time,
                    self.rebalance,
                    self.unheard,
                    self.release,
                    self.discard,
                    self.connect,
                    self.crash,
                ),
                (30, 30, 6, 2, 3, 1, 4, 4),
            )[0]
            if happens == self.crash:
                consumer.cancel()
                await asyncio.wait([consumer])
                self.story.append("crash")
                stop, consumer = self._started()
            elif asyncio.iscoroutine(happening := happens()):
                await happening
            await self.turns("between")
            for _ in range(self.chance.choice((0, 1, 10))):
                await asyncio.sleep(0)
        await self._calmed()
        stop.set()
        await consumer

    def crash(self) -> None:
        """A process that dies: what is in memory is gone."""

    def _started(self) -> "tuple[asyncio.Event, asyncio.Task[None]]":
        stop = asyncio.Event()
        consumer = Consumer(self, self.log, parked=self.database, results=self.database, clock=self.clock)
        self.consumer = consumer
        return stop, asyncio.ensure_future(consumer.run(stop))

    def pass_time(self) -> None:
        self.clock.advance(self.chance.choice((0.25, 0.5, 1, 3, 30, 61)))

    async def rebalance(self) -> None:
        if self.log.reader is not None:
            self.story.append("rebalance")
            losing = asyncio.ensure_future(self.log.reader.lose())
            for _ in range(100):
                await asyncio.sleep(0)
                self.clock.advance(0.05)
            await losing

    def unheard(self) -> None:
        if self.log.reader is not None and not self.log.reader._one_at_a_time.locked():
            self.story.append("unheard rebalance")
            self.log.reader.lose_unheard()

    def release(self) -> None:
        self.story.append("release")
        self.database.release(self.clock.now())

    def connect(self) -> None:
        location = self.chance.choice(tuple(LOCATION.values()))
        self.states[location] = self.chance.choice((*ConnectionState, None))
        self.story.append(f"{location} is {self.states[location]}")

    def discard(self) -> None:
        if waiting := self.database.waiting():
            row = self.chance.choice(waiting)
            self.story.append(f"{row.ce_id} is discarded")
            del self.database.rows[key_of(row)]
            self.ended[row.topic, row.subject].add(row.offset)

    async def _calmed(self) -> None:
        self.calm = True
        self.states = dict.fromkeys(self.states, ConnectionState.ACTIVE)
        for _ in range(2_000):
            self.clock.advance(1)
            for _ in range(12):
                await asyncio.sleep(0)
            if not self._left():
                return

    def _left(self) -> list[str]:
        left = [f"{row.ce_id} is parked" for row in self.database.waiting()]
        for (topic, subject), offsets in self.published.items():
            left += [f"{topic} {subject} {offset}" for offset in offsets if offset not in self._ended(topic, subject)]
        left += [f"{home} is not committed" for home in self.log.records if self._uncommitted(home)]
        return left

    def _uncommitted(self, home: TopicPartition) -> int:
        return len(self.log.records[home]) - self.log.committed.get(home, 0) if home in (LIVE, REPLAY) else 0


@pytest.fixture(autouse=True, scope="module")
def quiet():
    """The stories log what they provoke."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.configure(wrapper_class=before)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 60), calls_per_lane=st.integers(1, 3))
def test_order_holds_and_every_event_ends_whatever_comes_between(seed, steps, calls_per_lane):
    world = World(random.Random(seed), calls_per_lane)

    asyncio.run(world.run(steps))

    note("\n".join(world.story))
    assert world.faults == []
    assert world.log.unsettled == []
    assert world._left() == []
    assert world.consumer._state.lanes.events == 0
    assert len(world.consumer._state.waiting) == 0
