"""One call of a handler, from the lane to the settled rows: what it returns is stored before its offsets are done."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from consumers.runtime.admission import halted, waiting_since
from consumers.runtime.handler import Handler, Subject
from consumers.runtime.lanes import Call
from consumers.runtime.outcome import Dead, Done, Outcome, Park, Retry, Scope, Skipped
from consumers.runtime.parking import lane_of
from consumers.runtime.settlement import Handled, Settled, held_in_place
from consumers.runtime.settler import Settler
from consumers.runtime.state import State
from consumers.runtime.unexpected import unexpected
from relay.clock import Clock
from relay.store.connections import Connection
from relay.store.errors import StoreUnavailable
from relay.telemetry import metrics
from schemas.reasons import Reason

__all__ = ["Calls", "State"]

log = structlog.get_logger()

HANDLE_S: Final = 300.0  # a handler's own waits all end sooner
LOOK_S: Final = 30.0  # the same for its look at the store
LOOKED_LATELY_S: Final = 5.0  # a connection read longer ago is read again: somebody may have paused it
SHORTEST_RETRY: Final = timedelta(milliseconds=50)
LONGEST_RETRY: Final = timedelta(days=1)
SPILLED: Final = timedelta(seconds=2)  # what memory has no room for comes back after that, when its lane has room


class Calls:
    """Hands subjects to a handler and settles what it says."""

    def __init__(self, handler: Handler, state: State, settler: Settler, clock: Clock) -> None:
        self._handler = handler
        self._state = state
        self._settler = settler
        self._clock = clock

    async def run(self, call: Call) -> None:
        """Handle one subject to an outcome that is stored. Raises nothing but cancellation.

        What left while it was waiting or running is dropped: its new owner does it again.
        """
        try:
            if (subject := self._ours(call.subject)) is None:
                return
            handled, outcome = await self._handled(call, subject)
            if (subject := self._ours(handled.subject)) is not None:
                await self._end(call, replace(handled, subject=subject), outcome)
        finally:
            self._state.lanes.finished(call)

    async def spill(self, lane: str) -> None:
        """Move what is queued in a lane to the database: it has filled the memory that others need."""
        wait = Park(self._clock.now() + SPILLED, Reason.QUEUED_BEHIND)
        items = self._waits(self._state.lanes.pull_all(lane), wait)
        log.warning("lane.spilled", consumer=self._handler.name, events=len(items))
        await self._settler.store(items)

    def _ours(self, subject: Subject) -> Subject | None:
        events = tuple(queued for queued in subject.events if self._state.ours(queued.home, queued.epoch))
        return replace(subject, events=events) if events else None

    async def _handled(self, call: Call, subject: Subject) -> tuple[Handled, Outcome]:
        """Return the subject as it was handed over, or as it could not be, with what became of it."""
        tried = True
        try:
            if self._clock.monotonic() - call.looked_at > LOOKED_LATELY_S:
                subject = replace(subject, connection=await self._connection(subject))
            outcome = self._halted(subject)
            tried = outcome is None
            if outcome is None:
                async with asyncio.timeout(HANDLE_S):
                    outcome = _only(await self._handler.handle([subject]))
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise  # we were cancelled: obey
            outcome = unexpected(subject.newest, error)
        except Exception as error:  # noqa: BLE001 - the edge of a handler; logged where it is decided
            outcome = unexpected(subject.newest, error)
        return Handled(self._handler.name, subject, self._clock.now(), tried), outcome

    async def _connection(self, subject: Subject) -> Connection | None:
        try:
            async with asyncio.timeout(LOOK_S):
                return await self._handler.connection_of(subject.newest.event)
        except (StoreUnavailable, TimeoutError):
            return subject.connection  # the handler meets the same, and says how long to wait

    def _halted(self, subject: Subject) -> Outcome | None:
        now = self._clock.now()
        since = min(waiting_since(queued, now) for queued in subject.events)
        return halted(subject.connection, needed=self._handler.needs_connection, since=since, now=now)

    async def _end(self, call: Call, handled: Handled, outcome: Outcome) -> None:
        if isinstance(outcome, Retry):
            since = call.tried_since or handled.now
            if held_in_place(outcome, since, handled.now):
                self._hold(call, handled.subject, outcome, since)
                return
            outcome = Park(handled.now + outcome.after, outcome.reason, outcome.detail)
        items = [*handled.settle(outcome)]
        if isinstance(outcome, Park):
            items += self._behind(handled.subject, outcome)
        await self._settler.store(items)

    def _hold(self, call: Call, subject: Subject, outcome: Retry, since: datetime) -> None:
        events = [replace(queued, attempts=queued.attempts + 1) for queued in subject.events]
        if not (events := [queued for queued in events if self._state.goes_on(queued)]):
            return  # it is leaving: its new owner tries it again
        self._state.lanes.hold(call, events, self._clock.monotonic() + outcome.after.total_seconds(), since)
        metrics.HANDLED.labels(self._handler.name, "retry").inc(len(events))
        log.info("event.retried", event_id=subject.newest.event.id, reason=outcome.reason)

    def _behind(self, subject: Subject, outcome: Park) -> Sequence[Settled]:
        """Take out of memory what must wait behind a subject that parks, or with its lane."""
        lanes = self._state.lanes
        if outcome.scope is Scope.SUBJECT:
            return self._waits(lanes.pull(subject.key), replace(outcome, reason=Reason.QUEUED_BEHIND, detail=""))
        lane = lane_of(subject.connection.id if subject.connection else None, subject.newest.event.key)
        return self._waits([*lanes.pull(subject.key), *lanes.pull_all(lane)], replace(outcome, detail=""))

    def _waits(self, subjects: Sequence[Subject], wait: Park) -> list[Settled]:
        now, name = self._clock.now(), self._handler.name
        return [item for subject in subjects for item in Handled(name, subject, now, tried=False).settle(wait)]


def _only(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the one outcome of a call, with waits that can be kept.

    Raises:
        TypeError: that is no outcome.
        ValueError: there is not one, or its time has no zone.
    """
    [outcome] = outcomes
    match outcome:
        case Retry():
            return replace(outcome, after=min(max(outcome.after, SHORTEST_RETRY), LONGEST_RETRY))
        case Park():
            if outcome.until.tzinfo is None:
                raise ValueError("a park until a time without a zone")
            return outcome
        case Done() | Skipped() | Dead():
            return outcome
    raise TypeError(f"{type(outcome).__name__} is no outcome")
