"""One call of a handler, from the lane to the settled rows: what it returns is stored before its offsets are done."""

import hashlib
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from consumers.runtime import deadletter, settlement
from consumers.runtime.handler import Handler, QueuedEvent, Subject
from consumers.runtime.lanes import Call, Lanes
from consumers.runtime.offsets import DonePrefix
from consumers.runtime.outcome import Dead, Done, Outcome, Park, Retry, Scope, Skipped
from consumers.runtime.parking import Waiting
from relay.clock import Clock
from relay.log.errors import LogError
from relay.log.ports import Publisher
from relay.store.errors import StoreError
from relay.store.parked import Parked, ParkedEvent
from relay.store.results import Results
from relay.telemetry import metrics
from schemas.reasons import Reason
from schemas.records import TopicPartition

log = structlog.get_logger()

UNEXPECTED_TRIES: Final = 4  # then a dead letter as `internal_error`
STORE_AGAIN_S: Final = 1.0  # pause before settling again while database or log are away


@dataclass(slots=True)
class State:
    """What the tasks of one consumer share, on one event loop."""

    lanes: Lanes
    waiting: Waiting = field(default_factory=Waiting)
    prefixes: dict[TopicPartition, DonePrefix] = field(default_factory=dict)

    def row_of(self, queued: QueuedEvent) -> ParkedEvent | None:
        """Return the parked row an event came out of."""
        return self.waiting.row((queued.topic, queued.partition, queued.offset, queued.event.id))

    def epochs(self, events: Sequence[QueuedEvent]) -> dict[TopicPartition, int]:
        """Return the epochs under which events are in hand."""
        partitions = {TopicPartition(queued.topic, queued.partition) for queued in events}
        return {partition: self.prefixes[partition].epoch for partition in partitions if partition in self.prefixes}

    def done(self, queued: QueuedEvent) -> None:
        """Mark an event's offset as done; one out of the database was done when it parked."""
        if (prefix := self.prefixes.get(TopicPartition(queued.topic, queued.partition))) is not None:
            prefix.done(queued.offset)


class Calls:
    """Hands subjects to a handler and settles what it says."""

    def __init__(
        self, handler: Handler, state: State, publisher: Publisher, *, parked: Parked, results: Results, clock: Clock
    ) -> None:
        self._handler = handler
        self._state = state
        self._publisher = publisher
        self._parked = parked
        self._results = results
        self._clock = clock
        self._tried_since: dict[tuple[str, str], datetime] = {}

    async def run(self, call: Call) -> None:
        """Handle one subject to an outcome that is stored. Raises nothing but cancellation."""
        epochs = self._state.epochs(call.subject.events)
        try:
            outcome = await self._outcome(call.subject)
            if epochs == self._state.epochs(call.subject.events):  # else its new owner does it again
                await self._end(call, outcome)
        finally:
            self._state.lanes.finished(call)

    async def _outcome(self, subject: Subject) -> Outcome:
        try:
            [outcome] = await self._handler.handle([subject])
        except Exception as error:
            digest = hashlib.sha256("".join(traceback.format_exception(error)).encode()).hexdigest()[:12]
            tries = subject.newest.attempts + 1
            log.error("event.failed", event_id=subject.newest.event.id, digest=digest, tries=tries, exc_info=error)
            if tries >= UNEXPECTED_TRIES:
                return Dead(Reason.INTERNAL_ERROR, f"{type(error).__name__}, traceback {digest}")
            return Retry(timedelta(seconds=2**tries), Reason.INTERNAL_ERROR, f"{type(error).__name__}, {digest}")
        return outcome

    async def _end(self, call: Call, outcome: Outcome) -> None:
        now, key = self._clock.now(), (call.lane, call.subject.id)
        if isinstance(outcome, Retry):
            since = self._tried_since.setdefault(key, now)
            if settlement.held_in_place(outcome, since, now):
                self._hold(call, outcome)
                return
            outcome = Park(now + outcome.after, outcome.reason, outcome.detail)
        self._tried_since.pop(key, None)
        handled = self._handled(call.subject, now)
        settled = handled.settle(outcome)
        queued = [*call.subject.events]
        if isinstance(outcome, Park):
            behind, moved = self._behind(call, outcome, now)
            settled = replace(settled, park=[*settled.park, *behind])
            queued += moved
        await self.store(settled)
        for event in queued:
            self._state.done(event)
        await self._close_letters(call.subject, settled)
        self._observe(call.subject, outcome, now)

    def _handled(self, subject: Subject, now: datetime) -> settlement.Handled:
        version = subject.connection.settings_version if subject.connection else None
        return settlement.Handled(self._handler.name, subject, now, self._state.row_of, version)

    def _hold(self, call: Call, outcome: Retry) -> None:
        events = [replace(queued, attempts=queued.attempts + 1) for queued in call.subject.events]
        self._state.lanes.hold(call, events, self._clock.monotonic() + outcome.after.total_seconds())
        metrics.HANDLED.labels(self._handler.name, "retry").inc()
        log.info("event.retried", event_id=call.subject.newest.event.id, reason=outcome.reason, detail=outcome.detail)

    def _behind(self, call: Call, outcome: Park, now: datetime) -> tuple[list[ParkedEvent], list[QueuedEvent]]:
        """Take out of the lane what must wait behind a subject that parks, or with its connection."""
        lanes, subject = self._state.lanes, call.subject
        if outcome.scope is Scope.CONNECTION:
            waits, pulled = outcome, lanes.pull_all(call.lane)
        else:
            waits = replace(outcome, reason=Reason.QUEUED_BEHIND, detail="")
            pulled = [(subject.id, queued) for queued in lanes.pull(call.lane, subject.id)]
        rows = [
            self._handled(Subject(name, subject.connection, (queued,)), now).parked(queued, waits, failed=False)
            for name, queued in pulled
        ]
        return rows, [queued for _, queued in pulled]

    async def store(self, settled: settlement.Settlement) -> None:
        """Store a settlement, letters first; while log or database are away, again and again.

        Until it is stored the offsets are not done: the event cannot be lost. The partition goes on meanwhile.
        """
        while True:
            try:
                if settled.dead:
                    await self._publisher.publish([deadletter.letter(row) for row in settled.dead])
                await self._results.settle(settled.outcomes, [*settled.park, *settled.dead], settled.remove)
            except (LogError, StoreError) as error:
                log.error("outcome.not_stored", consumer=self._handler.name, error=str(error))
                await self._clock.sleep(STORE_AGAIN_S)
            else:
                break
        self._state.waiting.parked(settled.park)
        self._state.waiting.ended([*settled.remove, *settled.dead])

    async def _close_letters(self, subject: Subject, settled: settlement.Settlement) -> None:
        if not settled.closes_letters:
            return
        connection_id = subject.connection.id if subject.connection else None
        try:
            await self._parked.supersede(
                self._handler.name, subject.id, connection_id, subject.newest.event.received_at
            )
        except StoreError as error:  # the next event of the subject closes them
            log.warning("dead_letter.not_closed", subject=subject.id, error=str(error))

    def _observe(self, subject: Subject, outcome: Outcome, now: datetime) -> None:
        name = type(outcome).__name__.lower()
        event = subject.newest.event
        metrics.HANDLED.labels(self._handler.name, name).inc(len(subject.events))
        fields = {
            "consumer": self._handler.name,
            "event_id": event.id,
            "subject": subject.id,
            "connection": subject.connection.id if subject.connection else None,
            "detail": outcome.detail,
        }
        match outcome:
            case Done():
                seconds = (now - event.received_at).total_seconds()
                metrics.END_TO_END_SECONDS.labels(self._handler.name).observe(max(0.0, seconds))
                log.info("event.done", **fields)
            case Dead():
                metrics.DEAD.labels(outcome.reason).inc()
                log.warning("event.dead_lettered", reason=outcome.reason, **fields)
            case Park():
                log.warning("event.parked", reason=outcome.reason, until=outcome.until.isoformat(), **fields)
            case Skipped() | Retry():
                log.info("event.skipped", reason=outcome.reason, **fields)
