"""Which parked rows go on when, on a real database: order holds, and nobody waits because others do."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from consumers.runtime import due
from consumers.runtime.due import PLACES, Due
from consumers.runtime.intake import LANE_MOST, Intake
from consumers.runtime.lanes import Lanes
from consumers.runtime.outcome import Done
from consumers.runtime.settler import Settler
from consumers.runtime.state import State
from relay.clock import FakeClock
from relay.log.ports import Assignment
from relay.store.parked import Parked, ParkedState
from relay.store.results import Results
from schemas.records import TopicPartition
from tests.givens.consuming import Scripted
from tests.givens.log import ListPublisher
from tests.givens.memory import in_memory
from tests.givens.runtime import NOW, a_connection, a_parked
from tests.givens.store import opened_store

LIVE, REPLAY = TopicPartition("ghl.invoices", 0), TopicPartition("ghl.invoices.replay", 0)
HOUR = timedelta(hours=1)


class Desk:
    """The looks of a consumer on a real database, without its loops."""

    def __init__(self, database, handler=None):
        self.clock = FakeClock()
        self.parked = Parked(database, self.clock)
        self.state = State(Lanes(1))
        for epoch, home in enumerate((LIVE, REPLAY), 1):
            self.state.take_on(Assignment(home, epoch, 0))
        handler = handler or Scripted(connect=lambda event: a_connection(event.key))
        settler = Settler("invoice-push", self.state, ListPublisher(), Results(database), self.clock)
        self.due = Due(
            "invoice-push", self.parked, Intake(handler, self.state, settler, self.clock), self.state, self.clock
        )

    async def given(self, *rows):
        await self.parked.save(rows)
        self.state.waiting.stored([row.place for row in rows])

    def taken(self):
        """Return what is in the lanes, as (subject, offsets), and take it out."""
        taken = []
        while (call := self.state.lanes.take(0)) is not None:
            taken.append((call.subject.id, [queued.offset for queued in call.subject.events]))
            self.state.lanes.finished(call)
        return taken


@pytest.fixture
async def desk(tmp_path):
    async with opened_store(tmp_path) as database:
        yield Desk(database)


def row(offset, *, subject=None, lane="acme", **given):
    parked = a_parked(offset, subject=subject or f"s{offset}", **given)
    return replace(parked, connection_id=lane, key=lane.encode())


async def test_what_is_due_goes_into_its_lane_once_and_in_the_order_of_the_log(desk):
    await desk.given(row(1, subject="a"), row(2, subject="b"), row(3, subject="a"), row(4, until=NOW + HOUR))

    await desk.due.look()
    first = desk.taken()
    await desk.due.look()

    assert first == [("a", [1, 3]), ("b", [2])]
    assert desk.taken() == []


async def test_rows_that_wait_with_their_lane_do_not_hide_those_of_others(desk):
    stopped = row(0, until=NOW + HOUR, scope="connection")
    await desk.given(stopped, *(row(offset, scope="connection") for offset in range(1, 4 * PLACES)))
    await desk.given(row(9_999, subject="other", lane="beta"))

    for _ in range(2):
        await desk.due.look()

    assert desk.taken() == [("other", [9_999])]


async def test_rows_that_are_in_a_full_lane_already_do_not_hide_those_of_others(desk):
    await desk.given(*(row(offset) for offset in range(2 * PLACES)))
    for _ in range(2):
        await desk.due.look()
    await desk.given(row(9_999, subject="other", lane="beta"))

    for _ in range(2):
        await desk.due.look()

    assert desk.state.lanes.queued("acme") == LANE_MOST
    assert desk.state.lanes.queued("beta") == 1


async def test_a_lane_that_has_room_again_takes_the_next(desk):
    await desk.given(*(row(offset) for offset in range(LANE_MOST + 10)))
    for _ in range(3):
        await desk.due.look()
    desk.taken()

    for _ in range(4):
        await desk.due.look()

    assert [offsets for _, offsets in desk.taken()] == [[offset] for offset in range(LANE_MOST, LANE_MOST + 10)]


async def test_no_more_is_read_at_once_than_fits_but_always_one(desk, monkeypatch):
    monkeypatch.setattr(due, "MOST_BYTES", 1_000)
    await desk.given(*(replace(row(offset), value=b"x" * 2_000) for offset in range(3)))

    await desk.due.look()
    first = desk.state.lanes.events
    await desk.due.look()

    assert (first, desk.state.lanes.events) == (1, 2)


async def test_a_lane_that_a_person_set_free_goes_on_at_once(desk):
    rows = [row(1, until=NOW + HOUR, scope="connection"), row(2, until=NOW + HOUR, scope="connection")]
    await desk.given(*rows)
    await desk.due.look()
    before = desk.taken()

    await desk.parked.release(rows)
    for _ in range(2):
        await desk.due.look()

    assert before == []
    assert sorted(desk.taken()) == [("s1", [1]), ("s2", [2])]


async def test_a_subject_whose_first_row_somebody_discarded_goes_on(desk):
    first, behind = row(1, subject="a"), row(2, subject="a", until=NOW + timedelta(seconds=1))
    await desk.given(first, behind)
    await desk.parked.mark(first, ParkedState.DISCARDED)
    desk.clock.advance(2)

    for _ in range(6):
        await desk.due.look()

    assert desk.taken() == [("a", [2])]


async def test_a_row_that_was_put_off_in_the_database_is_not_taken_for_gone(desk):
    first, behind = row(1, subject="a"), row(2, subject="a")
    await desk.given(first, behind)
    await desk.parked.save([replace(first, not_before=NOW + HOUR)])

    for _ in range(6):
        await desk.due.look()

    assert desk.taken() == []
    assert len(desk.state.waiting) == 2


async def test_a_partition_that_is_leaving_gives_nothing_more(desk):
    await desk.given(row(1))
    desk.state.part_with([LIVE])

    await desk.due.look()

    assert desk.state.lanes.events == 0


async def test_a_clock_that_was_set_back_hides_no_row(desk):
    await desk.given(*(row(offset, until=NOW + timedelta(seconds=30)) for offset in range(PLACES + 5)))
    desk.clock.advance(60)
    for _ in range(2):
        await desk.due.look()
    desk.clock.advance(-45)

    for _ in range(4):
        await desk.due.look()
    known = len(desk.state.waiting)
    desk.clock.advance(60)
    desk.taken()
    for _ in range(4):
        await desk.due.look()

    assert known == PLACES + 5
    assert len(desk.taken()) == 5


async def test_a_slow_tenant_with_a_thousand_parked_events_delays_nobody_who_waits_too():
    never = asyncio.Event()

    async def answer(subject, _):
        if subject.connection.id == "slow":
            await never.wait()
        return Done()

    handler = Scripted(answer, connect=lambda event: a_connection(event.key), max_calls_per_lane=2)
    async with in_memory(handler) as rig:
        rows = [row(offset, lane="slow") for offset in range(1_000)] + [row(5_000, subject="quick", lane="beta")]
        await rig.database.settle([], rows, [])
        rig.reader.lose_unheard()
        await rig.pass_time(3)
        handed = [subject for subject, _ in handler.handed]
        never.set()
        await rig.pass_time(0)

    assert "quick" in handed
    assert len(handed) == 3
