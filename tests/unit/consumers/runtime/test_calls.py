"""What each outcome comes to, on a real log and database."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from consumers.runtime.outcome import Dead, Done, Park, Retry, Scope, Skipped
from relay.clock import SystemClock
from relay.store.parked import ParkedState
from schemas.reasons import Reason
from schemas.records import TopicPartition
from tests.givens.consuming import Scripted, consuming, opened_rig
from tests.givens.runtime import an_event

SOON = timedelta(seconds=1)


def first_then_done(outcome):
    return lambda subject, times: outcome if times == 1 else Done()


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
        await rig.until(lambda: _is_done(rig, events[0]))
        await rig.until(lambda: _is_done(rig, events[2]))

    assert [subject for subject, _ in handler.handed] == ["a", "a", "b", "c"]


async def test_a_dead_letter_stands_on_its_topic_and_a_newer_event_of_its_subject_closes_it(tmp_path):
    handler = Scripted(first_then_done(Dead(Reason.TAX_NOT_MAPPED, "GST 12 %")))
    letter, newer = an_event("a", number=0), an_event("a", number=1)

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(letter)
        await rig.until(lambda: rig.outcome(letter))
        dead = await rig.parked.listed(ParkedState.DEAD)
        bounds = await rig.log.scanner.bounds("ghl.invoices.dlq")
        blocks = [
            block async for block in rig.log.scanner.scan(TopicPartition("ghl.invoices.dlq", 0), 0, bounds[0].end)
        ]
        await rig.publish(newer)
        await rig.until(lambda: _none_dead(rig))
        closed = await rig.parked.find("a")

    assert [(row.reason, row.detail, row.attempts) for row in dead] == [("tax_not_mapped", "GST 12 %", 1)]
    assert [record.header("relay_reason") for block in blocks for record in block] == ["tax_not_mapped"]
    assert [row.state for row in closed] == [ParkedState.SUPERSEDED]


async def test_a_bug_in_a_handler_is_retried_and_never_stops_the_loop(tmp_path):
    def broken(subject, times):
        if subject.id == "a" and times == 1:
            raise ZeroDivisionError
        return Done()

    handler = Scripted(broken)

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(an_event("a", number=0), an_event("b", number=1))
        await rig.until(lambda: _is_done(rig, an_event("b", number=1)))
        await rig.until(lambda: _is_done(rig, an_event("a", number=0)))

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


async def _is_done(rig, event):
    return await rig.outcome(event) == ("done", None)


async def _none_dead(rig):
    return not await rig.parked.listed(ParkedState.DEAD)
