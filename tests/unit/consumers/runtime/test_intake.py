"""Which events go into a lane, and which must wait, on a real log and database; and who is never in the way of whom."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from consumers.runtime.intake import LANE_MOST, LONGEST_ID
from consumers.runtime.outcome import Done, Park
from relay.store.connections import ConnectionState
from relay.store.errors import Missing, SchemaOutdated, SettingsRejected, StoreUnavailable
from relay.store.parked import ParkedState
from schemas.reasons import Reason
from schemas.records import Record, TopicPartition
from tests.givens.consuming import Scripted, consuming, opened_rig
from tests.givens.memory import in_memory, turns
from tests.givens.runtime import NOW, a_connection, a_parked, an_event

LIVE = TopicPartition("ghl.invoices", 0)


async def test_an_event_nobody_connected_waits_and_is_not_handed_over(tmp_path):
    handler = Scripted(connection=None)

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(an_event("a"))
        await rig.until(lambda: rig.outcome(an_event("a")))
        waiting = await rig.waiting()

    assert waiting == [("a-0", "not_connected", "connection")]
    assert handler.handed == []


@pytest.mark.parametrize(
    ("state", "reason"), [("paused", "paused"), ("setting_up", "being_set_up"), ("disconnected", "not_connected")]
)
async def test_a_connection_that_is_halted_lets_its_events_wait(tmp_path, state, reason):
    handler = Scripted(connection=a_connection(state=ConnectionState(state)))

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(an_event("a"))
        await rig.until(lambda: rig.outcome(an_event("a")))
        waiting = await rig.waiting()

    assert waiting == [("a-0", reason, "connection")]


async def test_a_record_that_is_no_event_of_ours_becomes_a_letter_and_blocks_nothing(tmp_path):
    handler = Scripted()

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.log.publisher.publish([Record("ghl.invoices", b"loc-1", b"{}", ())])
        await rig.publish(an_event("a"))
        await rig.until(lambda: rig.is_done(an_event("a")))
        dead, letters = await rig.dead(), await rig.letters()

    assert dead == [("", "bad_document")]
    assert [letter.header("relay_origin") for letter in letters] == ["ghl.invoices/0/0"]


def with_header(name, value):
    record = an_event("odd").record()
    return replace(record, headers=tuple((key, value if key == name else had) for key, had in record.headers))


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(with_header("ce_receivedat", b"2026-11-24T12:00:00"), id="a time without a zone"),
        pytest.param(with_header("ce_time", b"2026-11-24T12:00:00"), id="a vendor's time without a zone"),
        pytest.param(with_header("ce_receivedat", b"0001-01-01T00:00:00+14:00"), id="a time before the year 1"),
        pytest.param(with_header("ce_id", b"\xff"), id="an id that is no text"),
        pytest.param(with_header("ce_id", b"a\0b"), id="a NUL, which PostgreSQL takes in no text"),
        pytest.param(with_header("ce_subject", b"x" * (LONGEST_ID + 1)), id="a subject too long for an index"),
        pytest.param(Record("ghl.invoices", b"", b"{}", an_event().record().headers), id="no key"),
        pytest.param(Record("ghl.invoices", b"\xff", b"{}", an_event().record().headers), id="a key that is no text"),
    ],
)
async def test_an_envelope_that_nobody_can_work_with_is_a_letter_at_once(record):
    async with in_memory(Scripted()) as rig:
        rig.log._append(record, LIVE)
        rig.log.put(an_event("fine", number=1))
        await rig.pass_time(3)

    assert [(row.reason, row.state) for row in rig.database.rows.values()] == [("bad_document", ParkedState.DEAD)]
    assert rig.outcome(an_event("fine", number=1)) == "done"
    assert rig.log.committed[LIVE] == 2


async def test_a_letter_that_is_being_stored_when_its_partition_leaves_ends_nothing():
    async with in_memory(Scripted()) as rig:
        rig.gate.close("settle")
        rig.log._append(Record("ghl.invoices", b"loc-1", b"{}", ()), LIVE)
        await rig.pass_time(1)
        await rig.reader.lose()
        rig.gate.open("settle")
        await rig.pass_time(3)

    assert rig.log.committed[LIVE] == 1


def failing_for(subject, error):
    def connect(event):
        if event.subject == subject:
            raise error
        return a_connection()

    return connect


@pytest.mark.parametrize("error", [KeyError("bug"), Missing("none"), SettingsRejected("x", "bad"), TimeoutError()])
async def test_a_look_for_its_connection_that_fails_for_good_stays_with_its_event(error):
    handler = Scripted(connect=failing_for("odd", error))

    async with in_memory(handler) as rig:
        rig.log.put(an_event("odd", number=0))
        rig.log.put(an_event("fine", number=1))
        await rig.pass_time(2)
        of_the_other = rig.outcome(an_event("fine", number=1))
        await rig.pass_time(30)

    assert of_the_other == "done"
    assert [(row.subject, row.reason, row.attempts, row.state) for row in rig.database.rows.values()] == [
        ("odd", "internal_error", 4, ParkedState.DEAD)
    ]


async def test_a_handler_that_cannot_name_a_subject_is_a_bug_that_stays_with_its_event():
    class Nameless(Scripted):
        def subject_of(self, event):
            return {"fine": "fine"}[event.subject]

    async with in_memory(Nameless()) as rig:
        rig.log.put(an_event("odd", number=0))
        rig.log.put(an_event("fine", number=1))
        await rig.pass_time(30)

    assert rig.outcome(an_event("fine", number=1)) == "done"
    assert [row.reason for row in rig.database.rows.values()] == ["internal_error"]


@pytest.mark.parametrize("error", [StoreUnavailable("away"), SchemaOutdated("old")])
async def test_while_the_database_is_away_events_are_asked_for_again_and_none_is_lost(error):
    errors = [error] * 3

    def connect(_):
        if errors:
            raise errors.pop()
        return a_connection()

    async with in_memory(Scripted(connect=connect)) as rig:
        events = [an_event(name, number=number) for number, name in enumerate("abc")]
        for event in events:
            rig.log.put(event)
        await rig.pass_time(10)

    assert [rig.outcome(event) for event in events] == ["done"] * 3
    assert rig.log.committed[LIVE] == 3


async def test_a_block_that_is_taken_in_while_its_partition_leaves_and_returns_skips_nothing():
    asked = asyncio.Event()
    first = True

    async def connect(event):
        nonlocal first
        if event.subject == "b" and first:
            first = False
            await asked.wait()
        return a_connection()

    handler = Scripted(connect=connect)
    async with in_memory(handler) as rig:
        for number, name in enumerate("abcd"):
            rig.log.put(an_event(name, number=number))
        await rig.pass_time(1)
        await rig.consumer.revoked([LIVE])
        await rig.consumer.assigned([replace(rig.reader.assignments()[LIVE], epoch=99, start=0)])
        asked.set()
        await turns()
        prefix = rig.consumer._state.prefixes[LIVE]

    assert (prefix.epoch, prefix.next, prefix.open) == (99, 0, 0)


async def test_events_of_a_partition_that_is_leaving_are_not_put_into_lanes():
    asked, handling = asyncio.Event(), asyncio.Event()

    async def connect(event):
        if event.subject == "b":
            await asked.wait()
        return a_connection()

    async def answer(*_):
        await handling.wait()
        return Done()

    async with in_memory(Scripted(answer, connect=connect)) as rig:
        for number, name in enumerate("abc"):
            rig.log.put(an_event(name, number=number))
        await rig.pass_time(1)
        leaving = asyncio.ensure_future(rig.consumer.revoked([LIVE]))
        await turns()
        asked.set()
        await turns()
        queued = rig.consumer._state.lanes.events
        handling.set()
        await leaving

    assert queued == 0
    assert [subject for subject, _ in rig.handler.handed] == ["a"]


async def test_a_parked_event_that_is_delivered_again_after_a_crash_is_not_parked_twice():
    until = NOW + timedelta(hours=1)
    row = replace(a_parked(0, subject="a", until=until), ce_id="a-0")
    handler = Scripted()

    async with in_memory(handler) as rig:
        await rig.database.settle([], [row], [])
        rig.log.put(an_event("a"))
        rig.reader.lose_unheard()
        await rig.pass_time(3)

    assert handler.handed == []
    assert rig.database.waiting() == [row]
    assert rig.log.committed[LIVE] == 1


async def test_later_events_wait_behind_parked_ones_also_when_the_location_is_connected_meanwhile():
    handler = Scripted(connection=None)

    async with in_memory(handler) as rig:
        rig.log.put(an_event("a", number=0))
        await rig.pass_time(2)
        handler.connection = a_connection()
        rig.log.put(an_event("a", number=1))
        rig.log.put(an_event("b", number=2))
        await rig.pass_time(5)
        before = list(handler.handed)
        await rig.pass_time(70)

    assert before == [("b", [2])]
    assert [offset for subject, offsets in handler.handed for offset in offsets if subject == "a"] == [0, 1]


async def test_many_events_that_nobody_connected_are_asked_for_once_a_minute_and_not_one_by_one():
    handler = Scripted(connection=None)

    async with in_memory(handler) as rig:
        for number in range(20):
            rig.log.put(an_event(f"a{number}", number=number))
        await rig.pass_time(10)
        rig.gate.reached.clear()
        await rig.pass_time(62)

    assert rig.gate.reached.count("settle") == 1


async def test_those_that_wait_come_to_their_turn_although_new_ones_keep_coming():
    handler = Scripted(connection=None)

    async with in_memory(handler) as rig:
        rig.log.put(an_event("a", number=0))
        await rig.pass_time(2)
        for number in range(70):
            rig.log.put(an_event(f"b{number}", number=number + 1))
            await rig.pass_time(1, step=1)
        first = min(rig.database.waiting(), key=lambda row: row.offset)

    assert first.not_before > rig.clock.now()  # it asked again a while ago
    assert first.first_failure < NOW + timedelta(seconds=5)


async def test_an_event_that_nobody_connects_for_thirty_days_is_a_letter_and_a_replay_of_old_ones_is_not():
    old = replace(an_event("old", number=1), received_at=datetime(2025, 1, 1, tzinfo=UTC))
    handler = Scripted(connection=None)

    async with in_memory(handler) as rig:
        rig.log.put(an_event("a", number=0))
        await rig.pass_time(2)
        rig.clock.advance(timedelta(days=31).total_seconds())
        rig.log.put(old)
        await rig.pass_time(5)

    assert [(row.subject, row.state) for _, row in sorted(rig.database.rows.items())] == [
        ("a", ParkedState.DEAD),
        ("old", ParkedState.PARKED),
    ]


async def test_waiting_for_a_connection_uses_up_no_tries():
    handler = Scripted(connection=a_connection(state=ConnectionState.PAUSED))
    tries = []
    handler.answer = lambda subject, _: tries.append(subject.newest.attempts) or Done()

    async with in_memory(handler) as rig:
        rig.log.put(an_event("a"))
        await rig.pass_time(60 * 10, step=5)
        handler.connection = a_connection()
        await rig.pass_time(70)

    assert tries == [0]


async def test_a_lane_with_more_in_the_database_takes_no_more_than_its_share_of_memory():
    never = asyncio.Event()

    async def answer(*_):
        await never.wait()
        return Done()

    async with in_memory(Scripted(answer, max_calls_per_lane=1)) as rig:
        for number in range(LANE_MOST + 20):
            rig.log.put(an_event(f"a{number}", number=number))
        await rig.pass_time(2)
        without_any_parked = rig.consumer._state.lanes.queued("acme")
        await rig.consumer._calls.spill("acme")
        for number in range(LANE_MOST + 20):
            rig.log.put(an_event(f"b{number}", number=number))
        await rig.pass_time(30)
        queued = rig.consumer._state.lanes.queued("acme")
        never.set()

    assert without_any_parked == LANE_MOST + 19
    assert queued == LANE_MOST


async def test_a_row_that_the_envelope_of_today_does_not_read_becomes_a_letter():
    unreadable = replace(a_parked(3), headers=())

    async with in_memory(Scripted()) as rig:
        await rig.database.settle([], [unreadable], [])
        rig.reader.lose_unheard()
        await rig.pass_time(3)

    [row] = rig.database.rows.values()
    assert (row.state, row.reason, row.offset, row.value) == (ParkedState.DEAD, "bad_document", 3, unreadable.value)


async def test_a_row_whose_new_connection_waits_waits_with_it():
    handler = Scripted(connection=None, max_calls_per_lane=1)
    handler.answer = lambda subject, _: (
        Park(NOW + timedelta(hours=1), Reason.MINUTE_LIMIT) if subject.id == "b" else Done()
    )

    async with in_memory(handler) as rig:
        rig.log.put(an_event("a", number=0))
        await rig.pass_time(2)
        halt = replace(a_parked(9, subject="c", until=NOW + timedelta(hours=1), scope="connection"), ce_id="c-9")
        await rig.database.settle([], [halt], [])
        rig.consumer._state.waiting.stored([halt.place])
        handler.connection = a_connection()
        await rig.pass_time(70)

    assert handler.handed == []
    assert [(row.subject, row.connection_id, row.not_before) for row in rig.database.waiting()] == [
        ("a", "acme", NOW + timedelta(hours=1)),
        ("c", "acme", NOW + timedelta(hours=1)),
    ]
