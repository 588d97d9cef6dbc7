"""Stores what became of events: letters first, then rows and reports in one transaction, then their offsets are done.

While log or database are away it tries again and again: nothing is lost. What one of them will never take must not
hold the others back: a letter too large goes without its body, one that cannot be published waits as a parked event.
"""

from collections.abc import Sequence
from typing import Final

import structlog

from consumers.runtime import deadletter, settlement
from consumers.runtime.parking import key_of
from consumers.runtime.settlement import Settled
from consumers.runtime.state import State
from relay.clock import Clock
from relay.log.errors import EventTooLarge, LogError
from relay.log.ports import Publisher
from relay.store.errors import SchemaOutdated, StoreUnavailable
from relay.store.outcomes import OutcomeRow
from relay.store.parked import ParkedEvent
from relay.store.results import Results
from relay.telemetry import metrics
from schemas.records import Record

log = structlog.get_logger()

AGAIN_S: Final = 1.0  # pause before settling again while database or log are away
LETTER_TRIES: Final = 3  # then the event waits parked: a call must not hang on a topic that takes nothing


class Settler:
    """Settles events of one consumer, whoever brings them."""

    def __init__(self, consumer: str, state: State, publisher: Publisher, results: Results, clock: Clock) -> None:
        self._consumer = consumer
        self._state = state
        self._publisher = publisher
        self._results = results
        self._clock = clock

    async def store(self, items: Sequence[Settled]) -> None:
        """Store what became of events, and mark their offsets as done. What is not ours any more is dropped.

        From the first moment on, later events wait behind those that park. Waits as long as the database is away; an
        offset is done only after it. Raises nothing but cancellation.
        """
        items = self._ours(items)
        self._state.waiting.saving(row.place for row in _parked(items))
        lettered = await self._lettered(items)
        await self._settled(lettered)

    def _ours(self, items: Sequence[Settled]) -> Sequence[Settled]:
        return [item for item in items if self._state.ours(item.home, item.epoch)]

    async def _settled(self, items: Sequence[Settled]) -> None:
        while items := self._ours(items):
            try:
                await self._results.settle(
                    [item.report for item in items if item.report],
                    [item.kept for item in items if item.kept],
                    [item.removed for item in items if item.removed],
                    [item.passed for item in items if item.passed],
                )
            except (StoreUnavailable, SchemaOutdated) as error:
                log.error("outcome.not_stored", consumer=self._consumer, events=len(items), error=str(error))
                await self._clock.sleep(AGAIN_S)
            except Exception as error:
                # the edge of a transaction: the database will never take this, whatever it is
                log.exception("outcome.refused", consumer=self._consumer, events=_origins(items), exc_info=error)
                if len(items) > 1:
                    for item in items:
                        await self._settled([item])
                    return
                stripped = [settlement.bare(item) for item in items]
                if stripped == items:  # nothing in it but ours: it is not the event that is wrong
                    await self._clock.sleep(AGAIN_S)
                items = stripped
            else:
                self._note(items)
                return

    async def _lettered(self, items: Sequence[Settled]) -> Sequence[Settled]:
        """Publish the letters among them; return all, those parked whose letter could not be published."""
        dead = [item.kept for item in items if item.kept is not None and item.dead]
        if not dead or await self._published(dead):
            return items
        now = self._clock.now()
        later = [settlement.postponed(item, now) if item.dead else item for item in items]
        self._state.waiting.saving(row.place for row in _parked(self._ours(later)))
        return later

    async def _published(self, rows: Sequence[ParkedEvent]) -> bool:
        if len(rows) > 1 and await self._taken([deadletter.letter(row) for row in rows]):
            return True
        for row in rows:
            for letter in (deadletter.letter(row), deadletter.brief_letter(row)):
                taken = await self._taken([letter])
                if taken is False:
                    return False
                if taken:
                    break
            else:
                log.error("dead_letter.left_out", origin=row.id)  # its row holds it whole
        return True

    async def _taken(self, letters: Sequence[Record]) -> bool | None:
        """Return whether letters were published: False when not now, None when they never will be as they are."""
        for _ in range(LETTER_TRIES):
            try:
                await self._publisher.publish(letters)
            except EventTooLarge as error:
                log.warning("dead_letter.too_large", consumer=self._consumer, error=str(error))
                return None
            except LogError as error:
                log.error("dead_letter.not_published", consumer=self._consumer, error=str(error))
                await self._clock.sleep(AGAIN_S)
            else:
                return True
        return False

    def _note(self, items: Sequence[Settled]) -> None:
        """Act on what stands in the database now; what left meanwhile is noted by its new owner."""
        waiting = self._state.waiting
        for item in self._ours(items):
            if item.before is not None:
                waiting.ended([key_of(item.before)])
            else:
                self._state.done(item.home, item.epoch, item.offset)
        waiting.stored(row.place for row in _parked(self._ours(items)))
        for item in items:
            if item.report is not None:
                _observe(item.report, item.kept)
            elif item.kept is not None:
                metrics.DEAD.labels(item.kept.reason).inc()
                log.error("record.unreadable", origin=item.kept.id, error=item.kept.detail)


def _parked(items: Sequence[Settled]) -> list[ParkedEvent]:
    return [item.kept for item in items if item.kept is not None and not item.dead]


def _origins(items: Sequence[Settled]) -> list[str]:
    return [f"{item.home.topic}/{item.home.partition}/{item.offset}" for item in items]


def _observe(report: OutcomeRow, kept: ParkedEvent | None) -> None:
    metrics.HANDLED.labels(report.consumer, report.outcome).inc()
    fields = {
        "consumer": report.consumer,
        "event_id": report.ce_id,
        "subject": report.subject,
        "connection": report.connection_id,
        "reason": report.reason,
    }
    match report.outcome:
        case "done":
            seconds = (report.handled_at - report.received_at).total_seconds()
            metrics.END_TO_END_SECONDS.labels(report.consumer).observe(max(0.0, seconds))
            log.info("event.done", detail=report.detail, **fields)
        case "dead":
            metrics.DEAD.labels(report.reason).inc()
            log.warning("event.dead_lettered", **fields)
        case "park":
            until = kept.not_before.isoformat() if kept else None
            log.warning("event.parked", until=until, **fields)
        case _:
            log.info("event.skipped", **fields)
