"""The port between the runtime and what an event causes: a batch of subjects in, one outcome a subject out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from consumers.runtime.outcome import Outcome
from relay.store.connections import Connection
from relay.store.parked import ParkedEvent
from schemas.envelope import Event
from schemas.records import TopicPartition

SubjectKey = tuple[str, str]  # key of the records, id: stays when a location is connected, or connected anew


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event and where it stands."""

    event: Event
    topic: str  # live or replay topic
    partition: int
    offset: int
    attempts: int = 0  # earlier tries of it that did not end
    run_id: str | None = None  # of the replay or redrive that published it
    forced: bool = False  # a person asked: freshness is not looked at, idempotence is
    epoch: int = 0  # of the assignment under which it is in hand
    row: ParkedEvent | None = None  # the parked row it came out of: its offset was done when it parked

    @property
    def home(self) -> TopicPartition:
        """Return the partition it stands in."""
        return TopicPartition(self.topic, self.partition)


@dataclass(frozen=True, slots=True)
class Subject:
    """An invoice, payment or contact with all its queued events, oldest first.

    Never empty, and never in two calls of this process at the same time.
    """

    id: str
    connection: Connection | None  # None: not connected, or (Xero) not linked to anything of ours
    events: tuple[QueuedEvent, ...]

    @property
    def newest(self) -> QueuedEvent:
        """Return the last event: handlers converge to the present state, so it stands for all."""
        return self.events[-1]

    @property
    def key(self) -> SubjectKey:
        """Return what tells it from every other subject of the consumer."""
        return self.events[0].event.key, self.id


class Handler(Protocol):
    """What a consumer does. Handlers converge state, they do not apply deltas: running one again is harmless."""

    name: str  # consumer group and rows carry it: "invoice-push"
    topics: Sequence[str]  # live topics; the runtime adds their replay lanes
    max_subjects: int  # how many subjects it takes in one call
    max_calls_per_lane: int  # how many calls may be in flight per connection
    needs_connection: bool  # events without one wait as `not_connected`, and are never handed over

    def subject_of(self, event: Event) -> str:
        """Return the id of the subject of an event: its unit of order. Pure."""

    async def connection_of(self, event: Event) -> Connection | None:
        """Return the connection whose lane the event joins, None when there is none (yet). Reads the store only.

        Raises:
            StoreUnavailable: not known now; the runtime asks again.
        """

    async def handle(self, batch: Sequence[Subject]) -> Sequence[Outcome]:
        """Bring each subject's other side in step; return one outcome per subject, in the order of the batch.

        All subjects are of one lane. May take as long as the vendor's deadlines allow; each wait inside has one, and
        the runtime cuts it off after `calls.HANDLE_S`. What it raises, an overdue or an impossible answer too, is a
        bug of ours: the runtime retries it once in a while, then it is dead as `internal_error`.
        """
