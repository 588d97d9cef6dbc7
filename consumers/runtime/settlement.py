"""What an outcome means for the rows of a subject's events. Pure.

The newest event of a call stands for all: it alone becomes a dead letter, the earlier ones are `superseded` by it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from consumers.runtime.handler import QueuedEvent, Subject
from consumers.runtime.outcome import Dead, Done, Outcome, Park, Retry, Scope, Skipped
from consumers.runtime.parking import key_of
from relay.store.outcomes import OutcomeRow
from relay.store.parked import ParkedEvent, ParkedState
from schemas.reasons import Reason

IN_PLACE = timedelta(seconds=30)  # a retry that would last longer becomes a park: it would hold back the commit
UNCONNECTED = timedelta(days=30)  # so long an event waits for its location to be connected


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is written in one transaction, and published before it."""

    outcomes: Sequence[OutcomeRow]
    park: Sequence[ParkedEvent]
    remove: Sequence[ParkedEvent]
    dead: Sequence[ParkedEvent]  # rows like the others; their letters are published first
    closes_letters: bool  # the subject went through: its older dead letters are superseded


RowOf = Callable[[QueuedEvent], ParkedEvent | None]


def held_in_place(outcome: Retry, since: datetime, now: datetime) -> bool:
    """Return whether a retry may wait in memory: all its waiting together stays below the limit."""
    return now + outcome.after - since <= IN_PLACE


@dataclass(frozen=True, slots=True)
class Handled:
    """A subject that came back from its handler, or must wait before it got there."""

    consumer: str
    subject: Subject
    now: datetime
    row_of: RowOf  # the parked row an event came out of, None for one straight from the log
    settings_version: int | None

    def settle(self, outcome: Done | Skipped | Park | Dead) -> Settlement:
        """Return what an outcome of the whole subject comes to."""
        events, newest = self.subject.events, self.subject.newest
        rows = [row for queued in events if (row := self.row_of(queued)) is not None]
        match outcome:
            case Done() | Skipped():
                report = [self._report(queued, outcome) for queued in events]
                return Settlement(report, (), rows, (), closes_letters=True)
            case Park():
                report = [self._report(queued, outcome) for queued in events]
                park = [self.parked(queued, outcome, failed=queued is newest) for queued in events]
                return Settlement(report, park, (), (), closes_letters=False)
            case Dead():
                older = Skipped(Reason.SUPERSEDED, "a newer event of the same call stands for it")
                report = [*(self._report(queued, older) for queued in events[:-1]), self._report(newest, outcome)]
                letter = self.parked(newest, outcome, failed=True)
                remove = [row for row in rows if key_of(row) != key_of(letter)]
                return Settlement(report, (), remove, (letter,), closes_letters=False)

    def parked(self, queued: QueuedEvent, outcome: Park | Dead, *, failed: bool) -> ParkedEvent:
        """Return the row of an event that parks or dies; `failed` tells whether it was tried."""
        record = queued.event.record()
        known = self.row_of(queued)
        connection = self.subject.connection
        return ParkedEvent(
            consumer=self.consumer,
            topic=queued.topic,
            partition=queued.partition,
            offset=queued.offset,
            ce_id=queued.event.id,
            key=record.key,
            value=record.value,
            headers=record.headers,
            subject=self.subject.id,
            connection_id=connection.id if connection else None,
            state=ParkedState.PARKED if isinstance(outcome, Park) else ParkedState.DEAD,
            scope=outcome.scope.value if isinstance(outcome, Park) else Scope.SUBJECT.value,
            reason=outcome.reason.value,
            detail=outcome.detail,
            attempts=queued.attempts + int(failed),
            not_before=outcome.until if isinstance(outcome, Park) else self.now,
            first_failure=known.first_failure if known else self.now,
            last_failure=self.now if failed or known is None else known.last_failure,
        )

    def _report(self, queued: QueuedEvent, outcome: Outcome) -> OutcomeRow:
        event = queued.event
        connection = self.subject.connection
        return OutcomeRow(
            consumer=self.consumer,
            ce_id=event.id,
            run_id=queued.run_id or "",
            delivery_id=event.delivery_id,
            type=event.type,
            connection_id=connection.id if connection else None,
            subject=self.subject.id,
            link=outcome.link if isinstance(outcome, (Done, Skipped, Dead)) else None,
            outcome=type(outcome).__name__.lower(),
            reason=None if isinstance(outcome, Done) else outcome.reason.value,
            detail=outcome.detail,
            settings_version=self.settings_version,
            topic=queued.topic,
            partition=queued.partition,
            offset=queued.offset,
            attempts=queued.attempts + 1,
            received_at=event.received_at,
            handled_at=self.now,
        )


def unconnected(subject: Subject, now: datetime, recheck: timedelta) -> Park | Dead:
    """Return what becomes of events whose location nobody connected: they wait, and at last a person must look."""
    if now - subject.events[0].event.received_at > UNCONNECTED:
        return Dead(Reason.NOT_CONNECTED, f"not connected for {UNCONNECTED.days} days")
    return Park(now + recheck, Reason.NOT_CONNECTED, "goes by itself after connecting")
