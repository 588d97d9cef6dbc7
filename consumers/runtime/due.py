"""Looks for parked rows whose time has come, and takes them in.

Rows of a lane that waits, or is full, stay due and would fill every block: so each second look leaves such lanes out,
and those between go round through all rows, for a person may have released some.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import structlog

from consumers.runtime.handler import SubjectKey
from consumers.runtime.intake import LANE_MOST, Intake, Look
from consumers.runtime.parking import Key, key_of, lane_of, split, subject_of
from consumers.runtime.state import State
from relay.clock import Clock
from relay.store.parked import Parked, ParkedPlace

log = structlog.get_logger()

PLACES: Final = 500  # looked at in one look
MOST_BYTES: Final = 8 * 1024 * 1024  # of values read in one look
SUSPECTS: Final = 100  # rows asked for once more at the end of a round
MOST_LEFT_OUT: Final = 2000  # lanes


class Due:
    """The looks of one consumer. One task calls it, one look after the other."""

    def __init__(self, consumer: str, parked: Parked, intake: Intake, state: State, clock: Clock) -> None:
        self._consumer = consumer
        self._parked = parked
        self._intake = intake
        self._state = state
        self._clock = clock
        self._round = Look(0, clock.now(), {})
        self._after: ParkedPlace | None = None
        self._overdue: set[Key] = set()  # what this round must meet, or it is there no more
        self._leaves_out = False

    async def look(self) -> bool:
        """Take in what is due and may go, up to a block; return whether there may be more at once.

        Raises:
            StoreError: the rows could not be read; nothing is lost by looking again.
        """
        seen = Look(self._state.waiting.look(), self._clock.now(), self._state.epochs())
        if not seen.epochs:
            return False
        self._leaves_out = not self._leaves_out
        places = await (self._free_lanes(seen) if self._leaves_out else self._next_of_all(seen))
        wanted = self._wanted(places, seen)
        rows = await self._parked.standing(self._consumer, [key_of(place) for place in wanted])
        await self._intake.load(rows, seen)
        return bool(rows) and len(places) == PLACES

    async def _free_lanes(self, seen: Look) -> Sequence[ParkedPlace]:
        busy = [*self._state.waiting.halted(seen.due), *self._state.lanes.full(LANE_MOST // 2)][:MOST_LEFT_OUT]
        left_out = [split(lane) for lane in busy]
        return await self._parked.places(
            self._consumer,
            list(seen.epochs),
            PLACES,
            due=seen.due,
            but_connections=[connection for connection, _ in left_out if connection is not None],
            but_keys=[key for connection, key in left_out if connection is None],
        )

    async def _next_of_all(self, seen: Look) -> Sequence[ParkedPlace]:
        if self._after is None:
            self._round = seen
            self._overdue = self._state.waiting.overdue(seen.number, seen.due)
        due = max(seen.due, self._round.due)  # a clock set back hides nothing
        places = await self._parked.places(self._consumer, list(seen.epochs), PLACES, due=due, after=self._after)
        self._overdue -= {key_of(place) for place in places}
        self._after = places[-1] if len(places) == PLACES else None
        if self._after is None and self._overdue:
            await self._forget_vanished(list(self._overdue)[:SUSPECTS])
        return places

    async def _forget_vanished(self, suspects: Sequence[Key]) -> None:
        """Make sure that they are gone, and not just put off by somebody: else later events would overtake them."""
        standing = {key_of(row) for row in await self._parked.standing(self._consumer, suspects)}
        gone = [key for key in suspects if key not in standing]
        if gone:
            log.info("parked.vanished", consumer=self._consumer, rows=len(gone))
            self._state.waiting.vanished(gone, self._round.number)

    def _wanted(self, places: Sequence[ParkedPlace], seen: Look) -> Sequence[ParkedPlace]:
        """Return those that may go and have room, until their values fill a block."""
        wanted: list[ParkedPlace] = []
        room: dict[str, int] = {}
        ahead: Counter[tuple[SubjectKey, str, int]] = Counter()
        value_bytes = 0
        for place in places:
            lane = lane_of(place.connection_id, place.key.decode("utf-8", "replace"))
            line = (subject_of(place), place.topic, place.partition)
            left = room.setdefault(lane, LANE_MOST - self._state.lanes.queued(lane))
            if left <= 0 or not self._state.waiting.may_load(place, seen.number, seen.due, ahead[line]):
                continue
            value_bytes += place.value_bytes
            if wanted and value_bytes > MOST_BYTES:
                break
            room[lane] = left - 1
            ahead[line] += 1
            wanted.append(place)
        return wanted
