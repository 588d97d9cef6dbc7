"""Lanes: the order of events in memory. Pure.

A lane per connection, subjects within it in order of arrival. Different subjects may run together, one subject never
overlaps itself, in whatever lane it was found before. Lanes take turns, so that a full one does not delay another;
live events go before replayed ones.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from consumers.runtime.handler import QueuedEvent, Subject, SubjectKey
from relay.store.connections import Connection
from schemas.records import TopicPartition
from schemas.topics import live_of


@dataclass(slots=True)
class _Queue:
    subject: str
    connection: Connection | None
    looked_at: float  # monotonic seconds: when the connection was read
    events: list[QueuedEvent] = field(default_factory=list)
    not_before: float = 0.0  # monotonic seconds
    tried_since: datetime | None = None


_Queues = OrderedDict[SubjectKey, _Queue]


@dataclass(slots=True)
class _Lane:
    live: _Queues = field(default_factory=OrderedDict)
    replay: _Queues = field(default_factory=OrderedDict)
    running: int = 0
    events: int = 0  # queued

    def queues(self, *, replayed: bool) -> _Queues:
        return self.replay if replayed else self.live


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One subject to hand over, and the lane it came from."""

    lane: str
    subject: Subject
    looked_at: float = 0.0
    tried_since: datetime | None = None  # when it was first held; None: never since it went well


class Lanes:
    """The queues of one consumer."""

    def __init__(self, calls_per_lane: int) -> None:
        self._calls_per_lane = calls_per_lane
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()
        self._places: dict[tuple[SubjectKey, bool], str] = {}  # subject, replayed -> the lane its queue stands in
        self._running: set[SubjectKey] = set()
        self.events = 0  # queued, not running
        self.value_bytes = 0

    def add(
        self, lane: str, subject: str, connection: Connection | None, queued: QueuedEvent, looked_at: float = 0.0
    ) -> None:
        """Queue an event behind those of its subject; these move along when the subject has a new lane."""
        key, replayed = (queued.event.key, subject), _replayed(queued)
        if (elsewhere := self._places.get((key, replayed), lane)) != lane:
            moved = self._pop(elsewhere, key, replayed=replayed)
            self._queue(lane, key, moved, replayed=replayed)
        queue = self._queue(lane, key, _Queue(subject, connection, looked_at), replayed=replayed)
        queue.connection, queue.looked_at = connection, looked_at
        _insert(queue.events, queued)
        self._count(self._lanes[lane], [queued], 1)

    def take(self, now: float) -> Call | None:
        """Return the next subject whose turn it is, with all its queued events; None when nothing may run."""
        for replayed in (False, True):
            for name, lane in self._lanes.items():
                if lane.running >= self._calls_per_lane:
                    continue
                queues = lane.queues(replayed=replayed)
                ready = (key for key, queue in queues.items() if queue.not_before <= now and key not in self._running)
                if (key := next(ready, None)) is None:
                    continue
                lane.running += 1
                self._running.add(key)
                queue = self._pop(name, key, replayed=replayed)
                self._lanes.move_to_end(name)
                subject = Subject(queue.subject, queue.connection, tuple(queue.events))
                return Call(name, subject, queue.looked_at, queue.tried_since)
        return None

    @property
    def oldest(self) -> datetime | None:
        """Return when the oldest queued event was received; None when nothing is queued."""
        queues = (queue for lane in self._lanes.values() for queue in (*lane.live.values(), *lane.replay.values()))
        return min((queue.events[0].event.received_at for queue in queues if queue.events), default=None)

    def finished(self, call: Call) -> None:
        """Free the subject of a call: what was queued of it meanwhile may go."""
        lane = self._lanes[call.lane]
        lane.running -= 1
        self._running.discard(call.subject.key)
        self._tidy(call.lane, lane)

    def hold(self, call: Call, events: Sequence[QueuedEvent], until: float, since: datetime) -> None:
        """Put events of a call back before what came meanwhile, not to go before `until` (monotonic)."""
        key, replayed = call.subject.key, _replayed(events[0])
        lane = self._places.get((key, replayed), call.lane)
        mine = _Queue(call.subject.id, call.subject.connection, call.looked_at)
        queue = self._queue(lane, key, mine, replayed=replayed)
        later, queue.events = queue.events, [*events]
        for queued in later:
            _insert(queue.events, queued)
        queue.not_before, queue.tried_since = until, since
        self._count(self._lanes[lane], events, 1)

    def pull(self, key: SubjectKey) -> Sequence[Subject]:
        """Take out whatever is queued of a subject, oldest first."""
        found = [
            (self._places[key, replayed], replayed) for replayed in (False, True) if (key, replayed) in self._places
        ]
        return [_subject(self._pop(lane, key, replayed=replayed)) for lane, replayed in found]

    def pull_all(self, lane: str) -> Sequence[Subject]:
        """Take out whatever is queued in a lane."""
        if (found := self._lanes.get(lane)) is None:
            return []
        keys = [(key, replayed) for replayed in (False, True) for key in found.queues(replayed=replayed)]
        return [_subject(self._pop(lane, key, replayed=replayed)) for key, replayed in keys]

    def drop(self, partitions: Collection[TopicPartition]) -> Sequence[QueuedEvent]:
        """Forget what is queued of partitions that left; what is running is not touched."""
        gone: list[QueuedEvent] = []
        for (key, replayed), name in list(self._places.items()):
            queue = self._lanes[name].queues(replayed=replayed)[key]
            leaving = [queued for queued in queue.events if queued.home in partitions]
            if not leaving:
                continue
            gone += leaving
            queue.events = [queued for queued in queue.events if queued.home not in partitions]
            self._count(self._lanes[name], leaving, -1)
            if not queue.events:
                self._pop(name, key, replayed=replayed)
        return gone

    def queued(self, lane: str) -> int:
        """Return how many events are queued in a lane."""
        return self._lanes[lane].events if lane in self._lanes else 0

    def longest(self) -> str | None:
        """Return the lane with most events queued; None when nothing is."""
        name = max(self._lanes, key=lambda name: self._lanes[name].events, default=None)
        return name if name is not None and self._lanes[name].events else None

    def full(self, most: int) -> Iterator[str]:
        """Yield the lanes with that many events queued, or more."""
        return (name for name, lane in self._lanes.items() if lane.events >= most)

    @property
    def running(self) -> int:
        """Return how many calls are out."""
        return len(self._running)

    def _queue(self, lane: str, key: SubjectKey, new: _Queue, *, replayed: bool) -> _Queue:
        """Return the queue of a subject, which is the new one where it had none."""
        found = self._lanes.setdefault(lane, _Lane())
        if (key, replayed) not in self._places:
            self._places[key, replayed] = lane
            found.queues(replayed=replayed)[key] = new
            self._count(found, new.events, 1)
        return found.queues(replayed=replayed)[key]

    def _pop(self, lane: str, key: SubjectKey, *, replayed: bool) -> _Queue:
        found = self._lanes[lane]
        queue = found.queues(replayed=replayed).pop(key)
        del self._places[key, replayed]
        self._count(found, queue.events, -1)
        self._tidy(lane, found)
        return queue

    def _tidy(self, name: str, lane: _Lane) -> None:
        if not (lane.live or lane.replay or lane.running):
            self._lanes.pop(name, None)

    def _count(self, lane: _Lane, events: Sequence[QueuedEvent], sign: int) -> None:
        lane.events += sign * len(events)
        self.events += sign * len(events)
        self.value_bytes += sign * sum(len(queued.event.value) for queued in events)


def _insert(events: list[QueuedEvent], queued: QueuedEvent) -> None:
    """Put an event last, but in the order of the log: one that is found late, and perhaps again, is never newest."""
    at = len(events)
    while at and events[at - 1].home == queued.home and events[at - 1].offset > queued.offset:
        at -= 1
    events.insert(at, queued)


def _replayed(queued: QueuedEvent) -> bool:
    return queued.topic != live_of(queued.topic)


def _subject(queue: _Queue) -> Subject:
    return Subject(queue.subject, queue.connection, tuple(queue.events))
