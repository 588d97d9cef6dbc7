"""What an outcome means for each event of a subject: what is reported, and what is kept of it. Pure.

The newest event of a call stands for all: it alone becomes a dead letter, the earlier ones are `superseded` by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from consumers.runtime.handler import QueuedEvent, Subject
from consumers.runtime.outcome import Dead, Done, Outcome, Park, Retry, Scope, Skipped
from consumers.runtime.parking import key_of
from relay.store.outcomes import OutcomeRow
from relay.store.parked import ParkedEvent, ParkedState, Passed
from schemas.reasons import Reason
from schemas.records import TopicPartition

IN_PLACE: Final = timedelta(seconds=30)  # a retry that would last longer becomes a park: it would hold back the commit
LETTER_LATER: Final = timedelta(seconds=60)  # a dead letter whose topic takes nothing is tried again after that
LONGEST_WORDS: Final = 2000


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one event. Written in one transaction with others; its letter is published before."""

    home: TopicPartition
    offset: int
    epoch: int
    before: ParkedEvent | None  # the row it came out of; None for one straight from the log
    report: OutcomeRow | None  # None for a record that is no event
    kept: ParkedEvent | None  # what stays of it: a row, parked or dead
    passed: Passed | None = None  # its subject went through: older dead letters are superseded

    @property
    def dead(self) -> bool:
        """Return whether it becomes a dead letter."""
        return self.kept is not None and self.kept.state is ParkedState.DEAD

    @property
    def removed(self) -> ParkedEvent | None:
        """Return the row that must go."""
        if self.before is None or (self.kept is not None and key_of(self.kept) == key_of(self.before)):
            return None
        return self.before


def held_in_place(outcome: Retry, since: datetime, now: datetime) -> bool:
    """Return whether a retry may wait in memory: all its waiting together stays below the limit."""
    return now + outcome.after - since <= IN_PLACE


@dataclass(frozen=True, slots=True)
class Handled:
    """A subject that came back from its handler, or must wait before it got there."""

    consumer: str
    subject: Subject
    now: datetime
    tried: bool = True  # a handler had it

    def settle(self, outcome: Done | Skipped | Park | Dead) -> Sequence[Settled]:
        """Return what an outcome of the whole subject comes to, event by event."""
        events, newest = self.subject.events, self.subject.newest
        match outcome:
            case Done() | Skipped():
                passed = Passed(self.consumer, newest.event.key.encode(), self.subject.id, newest.event.received_at)
                ended = [self._settled(queued, outcome, None) for queued in events]
                return [*ended[:-1], replace(ended[-1], passed=passed)]
            case Park():
                return [
                    self._settled(queued, outcome, self._row(queued, outcome, failed=self.tried and queued is newest))
                    for queued in events
                ]
            case Dead():
                older = Skipped(Reason.SUPERSEDED, "a newer event of the same call stands for it")
                letter = self._settled(newest, outcome, self._row(newest, outcome, failed=True))
                return [*(self._settled(queued, older, None) for queued in events[:-1]), letter]

    def _settled(self, queued: QueuedEvent, outcome: Outcome, kept: ParkedEvent | None) -> Settled:
        return Settled(queued.home, queued.offset, queued.epoch, queued.row, self._report(queued, outcome), kept)

    def _row(self, queued: QueuedEvent, outcome: Park | Dead, *, failed: bool) -> ParkedEvent:
        record = queued.event.record()
        known = queued.row
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
            detail=storable(outcome.detail),
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
            detail=storable(outcome.detail),
            settings_version=connection.settings_version if connection else None,
            topic=queued.topic,
            partition=queued.partition,
            offset=queued.offset,
            attempts=queued.attempts + int(self.tried),
            received_at=event.received_at,
            handled_at=self.now,
        )


def postponed(item: Settled, now: datetime) -> Settled:
    """Return a dead letter that cannot be published now: it waits as a parked event, and is tried again."""
    if item.kept is None:
        return item
    row = replace(item.kept, state=ParkedState.PARKED, not_before=now + LETTER_LATER)
    return replace(item, kept=row, report=item.report and replace(item.report, outcome="park"))


def bare(item: Settled) -> Settled:
    """Return the same without the words of others, for a database that refuses the whole."""
    report = item.report and replace(item.report, detail="", link=None)
    return replace(item, report=report, kept=item.kept and replace(item.kept, detail=""))


def storable(words: str) -> str:
    """Return words that every database and header takes: no NUL, no half of a character, not too long."""
    return words.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:LONGEST_WORDS]
