"""Lanes: the order of events in memory. Pure.

A lane per connection, subjects within it in order of arrival. Different subjects may run together, one subject never
overlaps itself. Lanes take turns, so that a full one does not delay another; live events go before replayed ones.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from consumers.runtime.handler import QueuedEvent, Subject
from relay.store.connections import Connection
from schemas.records import TopicPartition


@dataclass(slots=True)
class _Queue:
    connection: Connection | None
    events: list[QueuedEvent] = field(default_factory=list)
    not_before: float = 0.0  # monotonic seconds


@dataclass(slots=True)
class _Lane:
    live: OrderedDict[str, _Queue] = field(default_factory=OrderedDict)
    replay: OrderedDict[str, _Queue] = field(default_factory=OrderedDict)
    running: set[str] = field(default_factory=set)

    def queues(self) -> Iterator[OrderedDict[str, _Queue]]:
        yield self.live
        yield self.replay

    @property
    def empty(self) -> bool:
        return not (self.live or self.replay or self.running)


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One subject to hand over, and the lane it came from."""

    lane: str
    subject: Subject


class Lanes:
    """The queues of one consumer."""

    def __init__(self, calls_per_lane: int) -> None:
        self._calls_per_lane = calls_per_lane
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()
        self.events = 0  # queued, not running
        self.value_bytes = 0

    def add(self, lane: str, subject: str, connection: Connection | None, queued: QueuedEvent) -> None:
        """Queue an event behind those of its subject."""
        queue = self._queue(lane, subject, connection, queued)
        queue.events.append(queued)
        queue.connection = connection
        self._count(1, len(queued.event.value))

    def take(self, now: float) -> Call | None:
        """Return the next subject whose turn it is, with all its queued events; None when nothing may run."""
        for replayed in (False, True):
            for name, lane in self._lanes.items():
                if len(lane.running) >= self._calls_per_lane:
                    continue
                queues = lane.replay if replayed else lane.live
                ready = (key for key, queue in queues.items() if key not in lane.running and queue.not_before <= now)
                if (subject := next(ready, None)) is None:
                    continue
                queue = queues.pop(subject)
                self._count(-len(queue.events), -sum(len(queued.event.value) for queued in queue.events))
                lane.running.add(subject)
                self._lanes.move_to_end(name)
                return Call(name, Subject(subject, queue.connection, tuple(queue.events)))
        return None

    def next_ready(self) -> float | None:
        """Return the earliest moment at which a held subject may go on; None when none is held."""
        held = [
            queue.not_before
            for lane in self._lanes.values()
            for queues in lane.queues()
            for queue in queues.values()
            if queue.not_before
        ]
        return min(held, default=None)

    def finished(self, call: Call) -> None:
        """Free the subject of a call: what was queued of it meanwhile may go."""
        lane = self._lanes[call.lane]
        lane.running.discard(call.subject.id)
        self._forget(call.lane, lane)

    def hold(self, call: Call, events: Sequence[QueuedEvent], until: float) -> None:
        """Put the events of a call back before what came meanwhile, not to go before `until` (monotonic)."""
        queue = self._queue(call.lane, call.subject.id, call.subject.connection, events[0])
        queue.events[:0] = events
        queue.not_before = until
        self._count(len(events), sum(len(queued.event.value) for queued in events))

    def pull(self, lane: str, subject: str) -> Sequence[QueuedEvent]:
        """Take out whatever is queued of a subject, oldest first."""
        pulled: list[QueuedEvent] = []
        if (found := self._lanes.get(lane)) is not None:
            for queues in found.queues():
                if (queue := queues.pop(subject, None)) is not None:
                    pulled += queue.events
            self._forget(lane, found)
        self._count(-len(pulled), -sum(len(queued.event.value) for queued in pulled))
        return pulled

    def pull_all(self, lane: str) -> Sequence[tuple[str, QueuedEvent]]:
        """Take out whatever is queued in a lane, as (subject, event)."""
        found = self._lanes.get(lane)
        subjects = [subject for queues in (found.queues() if found else ()) for subject in queues]
        return [(subject, queued) for subject in dict.fromkeys(subjects) for queued in self.pull(lane, subject)]

    def drop(self, partitions: Collection[TopicPartition]) -> Sequence[QueuedEvent]:
        """Forget what is queued of partitions that left; what is running is not touched."""
        gone: list[QueuedEvent] = []
        for name, lane in list(self._lanes.items()):
            for queues in lane.queues():
                for subject, queue in list(queues.items()):
                    leaving = [q for q in queue.events if TopicPartition(q.topic, q.partition) in partitions]
                    gone += leaving
                    queue.events = [q for q in queue.events if q not in leaving]
                    if not queue.events:
                        del queues[subject]
            self._forget(name, lane)
        self._count(-len(gone), -sum(len(queued.event.value) for queued in gone))
        return gone

    @property
    def running(self) -> int:
        """Return how many calls are out."""
        return sum(len(lane.running) for lane in self._lanes.values())

    def _queue(self, lane: str, subject: str, connection: Connection | None, first: QueuedEvent) -> _Queue:
        found = self._lanes.setdefault(lane, _Lane())
        queues = found.replay if first.topic.endswith(".replay") else found.live
        return queues.setdefault(subject, _Queue(connection))

    def _forget(self, name: str, lane: _Lane) -> None:
        if lane.empty:
            del self._lanes[name]

    def _count(self, events: int, value_bytes: int) -> None:
        self.events += events
        self.value_bytes += value_bytes
