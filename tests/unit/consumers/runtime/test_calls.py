"""What each outcome comes to, on a real log and database; what comes between, in memory on a clock of the test."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from consumers.runtime import calls
from consumers.runtime.outcome import Dead, Done, Park, Retry, Scope, Skipped
from relay.clock import SystemClock
from relay.store.connections import ConnectionState
from relay.store.parked import ParkedState
from schemas.reasons import Reason
from schemas.records import TopicPartition
from tests.givens.consuming import Scripted, consuming, opened_rig
from tests.givens.memory import in_memory, turns
from tests.givens.runtime import NOW, a_connection, a_parked, an_event

SOON = timedelta(seconds=1)


def first_then_done(outcome):
    return lambda subject, times: outcome if times == 1 else Done()


def waits_for(gate, outcome=None):
    """Answer the first call once the gate is opened, each later one at once."""

    async def answer(_, times):
        if times == 1:
            await gate.wait()
            return outcome or Done()
        return Done()

    return answer


async def test_a_short_retry_goes_on_in_place_and_in_order(tmp_path):
    handler = Scripted(first_then_done(Retry(timedelta(milliseconds=50), Reason.VENDOR_AWAY)))

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(an_event("a", number=0), an_event("a", number=1))
        await rig.until(lambda: rig.outcome(an_event("a", number=1)))

    offsets = [offset for _, handed in handler.handed[1:] for offset in handed]
    assert offsets == sorted(offsets)
    assert offsets[-1] == 1


async def test_a_connection_that_parks_stops_as_a_whole_and_goes_on_by_itself(tmp_path):
    clock = SystemClock()
    handler = Scripted(
        lambda subject, times: (
            Park(clock.now() + SOON, Reason.MINUTE_LIMIT, scope=Scope.CONNECTION)
            if subject.id == "a" and times == 1
            else Done()
        ),
        max_calls_per_lane=1,
    )
    events = [an_event(name, number=number) for number, name in enumerate("abc")]

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(*events)
        await rig.until(lambda: rig.is_done(*events))

    assert [subject for subject, _ in handler.handed] == ["a", "a", "b", "c"]


async def test_what_is_pulled_out_behind_a_park_is_reported_as_parked_too(tmp_path):
    until = SystemClock().now() + timedelta(hours=1)
    handler = Scripted(lambda *_: Park(until, Reason.MINUTE_LIMIT, scope=Scope.CONNECTION), max_calls_per_lane=1)
    events = [an_event(name, number=number) for number, name in enumerate("abc")]

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(*events)
        await rig.until(lambda: rig.outcome(events[2]))
        outcomes = [await rig.outcome(event) for event in events]
        await rig.until(lambda: _committed(rig, 3))

    assert outcomes == [("park", "minute_limit")] * 3


async def test_a_dead_letter_stands_on_its_topic_and_a_newer_event_of_its_subject_closes_it(tmp_path):
    handler = Scripted(first_then_done(Dead(Reason.TAX_NOT_MAPPED, "GST 12 %")))
    letter, newer = an_event("a", number=0), an_event("a", number=1)

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(letter)
        await rig.until(lambda: rig.outcome(letter))
        dead = await rig.parked.listed(ParkedState.DEAD)
        letters = await rig.letters()
        await rig.publish(newer)
        await rig.until(lambda: _none_dead(rig))
        closed = await rig.parked.find("a")

    assert [(row.reason, row.detail, row.attempts) for row in dead] == [("tax_not_mapped", "GST 12 %", 1)]
    assert [record.header("relay_reason") for record in letters] == ["tax_not_mapped"]
    assert [row.state for row in closed] == [ParkedState.SUPERSEDED]


async def test_a_bug_in_a_handler_is_retried_and_never_stops_the_loop(tmp_path):
    def broken(subject, times):
        if subject.id == "a" and times == 1:
            raise ZeroDivisionError
        return Done()

    handler = Scripted(broken)
    events = [an_event("a", number=0), an_event("b", number=1)]

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(*events)
        await rig.until(lambda: rig.is_done(*events))

    assert Counter(subject for subject, _ in handler.handed) == {"a": 2, "b": 1}


async def test_skips_are_reported_with_their_reason(tmp_path):
    handler = Scripted(lambda subject, times: Skipped(Reason.ALREADY_IN_STEP))

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(replace(an_event("a"), id="only"))
        await rig.until(lambda: rig.outcomes.find("only"))
        [row] = await rig.outcomes.find("only")

    assert (row.outcome, row.reason, row.consumer, row.settings_version) == (
        "skipped",
        "already_in_step",
        "invoice-push",
        1,
    )


class Odd(Scripted):
    """A handler whose answer to subject `odd` is none."""

    async def handle(self, batch):
        outcomes = await super().handle(batch)
        return self.odd_answer if batch[0].id == "odd" else outcomes


@pytest.mark.parametrize(
    "odd_answer",
    [
        pytest.param([], id="no outcome"),
        pytest.param([Done(), Done()], id="too many"),
        pytest.param(None, id="nothing at all"),
        pytest.param([None], id="no outcome in it"),
        pytest.param([Park(datetime(2026, 1, 1), Reason.PAUSED)], id="a time without a zone"),  # noqa: DTZ001 - the point
        pytest.param([Retry(None, Reason.VENDOR_AWAY)], id="no time"),
    ],
)
async def test_an_impossible_answer_is_a_bug_that_stays_with_its_subject(odd_answer):
    handler = Odd()
    handler.odd_answer = odd_answer
    odd, fine = an_event("odd", number=0), an_event("fine", number=1)

    async with in_memory(handler) as rig:
        rig.log.put(odd)
        rig.log.put(fine)
        await rig.pass_time(2)
        of_the_other = rig.outcome(fine)
        await rig.pass_time(20)

    assert of_the_other == "done"
    assert [(row.subject, row.reason, row.state) for row in rig.database.rows.values()] == [
        ("odd", "internal_error", ParkedState.DEAD)
    ]
    assert rig.log.committed[TopicPartition("ghl.invoices", 0)] == 2


async def test_a_cancellation_that_a_library_lets_escape_is_a_bug_like_any_other():
    def answer(_, times):
        if times == 1:
            raise asyncio.CancelledError
        return Done()

    async with in_memory(Scripted(answer)) as rig:
        rig.log.put(an_event("a"))
        await rig.pass_time(5)

    assert rig.outcome(an_event("a")) == "done"


async def test_a_handler_that_hangs_is_cut_off_and_its_lane_goes_on(monkeypatch):
    monkeypatch.setattr(calls, "HANDLE_S", 0.02)

    async def answer(subject, times):
        if subject.id == "hangs" and times == 1:
            await asyncio.Event().wait()
        return Done()

    async with in_memory(Scripted(answer, max_calls_per_lane=1)) as rig:
        rig.log.put(an_event("hangs", number=0))
        rig.log.put(an_event("other", number=1))
        async with asyncio.timeout(10):
            while rig.outcome(an_event("other", number=1)) is None:
                await rig.pass_time(0.25)
                await asyncio.sleep(0.01)
        await rig.pass_time(5)

    assert rig.outcome(an_event("hangs", number=0)) == "done"


@pytest.mark.parametrize("after", [timedelta(0), timedelta(days=-1), timedelta.max])
async def test_a_retry_after_an_odd_time_neither_spins_nor_breaks(after):
    handler = Scripted(first_then_done(Retry(after, Reason.VENDOR_AWAY)))

    async with in_memory(handler) as rig:
        rig.log.put(an_event("a"))
        await rig.pass_time(1)
        at_once = len(handler.handed)
        await rig.pass_time(2)

    assert at_once == 1
    assert len(handler.handed) == (1 if after == timedelta.max else 2)


async def test_retries_become_a_park_after_half_a_minute_and_start_afresh_when_it_comes_back():
    retries = []

    def answer(subject, times):
        retries.append(subject.newest.attempts)
        return Retry(timedelta(seconds=8), Reason.VENDOR_AWAY) if times < 9 else Done()

    async with in_memory(Scripted(answer)) as rig:
        rig.log.put(an_event("a"))
        await rig.pass_time(24)
        in_place = len(rig.database.waiting())
        await rig.pass_time(2)
        parked = len(rig.database.waiting())
        await rig.pass_time(60)

    assert (in_place, parked) == (0, 1)
    assert retries == list(range(9))
    assert rig.outcome(an_event("a")) == "done"


async def test_an_event_that_comes_while_a_park_is_being_stored_waits_behind_it():
    clock = NOW + timedelta(seconds=30)
    handler = Scripted(first_then_done(Park(clock, Reason.ACCESS_IN_DOUBT)))

    async with in_memory(handler) as rig:
        rig.gate.close("settle")
        rig.log.put(an_event("a", number=0))
        await rig.pass_time(1)
        rig.log.put(an_event("a", number=1))
        await rig.pass_time(2)
        rig.gate.open("settle")
        await rig.pass_time(5)
        before_its_time = list(handler.handed)
        await rig.pass_time(40)

    assert before_its_time == [("a", [0])]
    assert handler.handed[1:] == [("a", [0, 1])]


async def test_an_event_of_a_connection_that_is_just_parking_waits_with_it():
    handler = Scripted(first_then_done(Park(NOW + timedelta(seconds=30), Reason.MINUTE_LIMIT, scope=Scope.CONNECTION)))

    async with in_memory(handler) as rig:
        rig.gate.close("settle")
        rig.log.put(an_event("a", number=0))
        await rig.pass_time(1)
        rig.log.put(an_event("b", number=1))
        await rig.pass_time(2)
        rig.gate.open("settle")
        await rig.pass_time(5)

    assert [subject for subject, _ in handler.handed] == ["a"]
    assert [row.reason for row in rig.database.waiting()] == ["minute_limit", "minute_limit"]


async def test_what_left_while_it_was_handled_is_dropped_and_done_again():
    gate = asyncio.Event()
    handler = Scripted(waits_for(gate, Dead(Reason.REFUSED)))

    async with in_memory(handler) as rig:
        rig.log.put(an_event("a"))
        await rig.pass_time(1)
        rig.reader.lose_unheard()
        await rig.pass_time(2)
        gate.set()
        await rig.pass_time(2)

    assert [subject for subject, _ in handler.handed] == ["a", "a"]
    assert handler.overlaps == []
    assert rig.database.rows == {}
    assert rig.outcome(an_event("a")) == "done"


async def test_an_answer_for_what_was_lost_holds_nobody_up():
    gate = asyncio.Event()
    park = Park(NOW + timedelta(hours=1), Reason.MINUTE_LIMIT, scope=Scope.CONNECTION)
    answer = waits_for(gate, park)
    handler = Scripted(lambda subject, times: answer(subject, times) if subject.id == "a" else Done())
    handler.max_calls_per_lane = 1

    async with in_memory(handler) as rig:
        rig.log.put(an_event("a", number=0))
        await rig.pass_time(1)
        rig.reader.lose_unheard()
        rig.log.put(an_event("b", number=1))
        await rig.pass_time(2)
        gate.set()
        await rig.pass_time(2)

    assert rig.database.waiting() == []
    assert [subject for subject, _ in handler.handed] == ["a", "a", "b"]


async def test_a_parked_row_whose_call_was_dropped_is_taken_up_again():
    gate = asyncio.Event()
    row = replace(a_parked(0), ce_id="inv-1-0")
    handler = Scripted(waits_for(gate))

    async with in_memory(handler) as rig:
        await rig.database.settle([], [row], [])
        rig.reader.lose_unheard()
        await rig.pass_time(2)
        rig.reader.lose_unheard()
        await rig.pass_time(2)
        gate.set()
        await rig.pass_time(2)

    assert [subject for subject, _ in handler.handed] == ["inv-1", "inv-1"]
    assert handler.overlaps == []
    assert rig.database.rows == {}


async def test_a_retry_of_what_is_leaving_is_left_to_its_new_owner():
    gate = asyncio.Event()
    handler = Scripted(waits_for(gate, Retry(SOON, Reason.VENDOR_AWAY)))

    async with in_memory(handler) as rig:
        rig.log.put(an_event("a"))
        await rig.pass_time(1)
        losing = asyncio.ensure_future(rig.reader.lose(again=False))
        await turns()
        gate.set()
        await losing
        await rig.pass_time(5)

    assert [subject for subject, _ in handler.handed] == ["a"]
    assert rig.consumer._state.lanes.events == 0


async def test_what_ends_while_its_partition_leaves_is_stored_and_committed():
    gate = asyncio.Event()

    async with in_memory(Scripted(waits_for(gate))) as rig:
        rig.log.put(an_event("a"))
        await rig.pass_time(1)
        losing = asyncio.ensure_future(rig.reader.lose(again=False))
        await turns()
        gate.set()
        await losing

    assert rig.log.committed == {TopicPartition("ghl.invoices", 0): 1}


async def test_a_row_of_a_topic_made_anew_does_not_mark_another_event_at_its_offset_as_done():
    gate = asyncio.Event()
    before = replace(a_parked(0, subject="of old"), ce_id="of old")

    async def answer(subject, _):
        if subject.id == "a":
            await gate.wait()
        return Done()

    async with in_memory(Scripted(answer)) as rig:
        rig.log.put(an_event("a"))
        await rig.pass_time(1)
        await rig.database.settle([], [before], [])
        await rig.pass_time(3)
        handled, committed = list(rig.database.rows), dict(rig.log.committed)
        gate.set()

    assert (handled, committed) == ([], {})


async def test_events_that_are_queued_already_wait_once_their_connection_is_paused():
    gate = asyncio.Event()
    handler = Scripted(waits_for(gate), max_calls_per_lane=1)

    async with in_memory(handler) as rig:
        for number, name in enumerate("abc"):
            rig.log.put(an_event(name, number=number))
        await rig.pass_time(1)
        handler.connection = a_connection(state=ConnectionState.PAUSED)
        await rig.pass_time(10)
        gate.set()
        await rig.pass_time(1)

    assert [subject for subject, _ in handler.handed] == ["a"]
    assert [(row.subject, row.reason, row.attempts) for row in rig.database.waiting()] == [
        ("b", "paused", 0),
        ("c", "paused", 0),
    ]


async def test_a_handler_gets_the_connection_as_it_is_now_not_as_it_was_when_the_event_was_queued():
    gate = asyncio.Event()
    seen = []

    async def answer(subject, times):
        seen.append(subject.connection.tenant_id)
        return await waits_for(gate)(subject, times) if subject.id == "a" else Done()

    handler = Scripted(answer, max_calls_per_lane=1)

    async with in_memory(handler) as rig:
        rig.log.put(an_event("a", number=0))
        rig.log.put(an_event("b", number=1))
        await rig.pass_time(1)
        handler.connection = replace(a_connection(), tenant_id="another organisation")
        await rig.pass_time(10)
        gate.set()
        await rig.pass_time(1)

    assert seen == ["tenant-acme", "another organisation"]


async def test_a_lane_that_is_spilled_goes_on_from_the_database_in_order(logs):
    gate = asyncio.Event()
    handler = Scripted(waits_for(gate), max_calls_per_lane=1)

    async with in_memory(handler) as rig:
        rig.log.put(an_event("a", number=0))
        await rig.pass_time(1)
        for number, name in enumerate("bab"):
            rig.log.put(an_event(name, number=number + 1))
        await rig.pass_time(1)
        await rig.consumer._calls.spill("acme")
        stored = [(row.offset, row.reason, row.attempts) for row in rig.database.waiting()]
        gate.set()
        await rig.pass_time(5)

    assert [one["event"] for one in logs if one["event"] == "lane.spilled"] == ["lane.spilled"]
    assert stored == [(1, "queued_behind", 0), (2, "queued_behind", 0), (3, "queued_behind", 0)]
    assert handler.handed == [("a", [0]), ("b", [1, 3]), ("a", [2])]


async def _committed(rig, number):
    return await rig.committed() == number


async def _none_dead(rig):
    return not await rig.parked.listed(ParkedState.DEAD)
