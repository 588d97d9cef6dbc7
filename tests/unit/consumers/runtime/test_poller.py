"""The consumer on a real log and database: what a restart repeats, and what it does not."""

from collections import Counter
from datetime import timedelta

from consumers.runtime.outcome import Done, Park
from relay.clock import SystemClock
from relay.store.parked import ParkedState
from schemas.reasons import Reason
from tests.givens.consuming import Scripted, consuming, opened_rig
from tests.givens.runtime import an_event

SOON = timedelta(seconds=1)


async def test_what_is_done_is_reported_and_not_handled_again_after_a_restart(tmp_path):
    handler = Scripted()
    events = [an_event("a", number=0), an_event("b", number=1)]

    async with opened_rig(tmp_path, handler) as rig:
        await rig.publish(*events)
        async with consuming(rig):
            await rig.until(lambda: len(handler.handed) == 2)
            await rig.until(lambda: rig.outcome(events[1]))
        async with consuming(rig):
            await rig.publish(an_event("c", number=2))
            await rig.until(lambda: any(subject == "c" for subject, _ in handler.handed))
        outcomes = [await rig.outcome(event) for event in events]

    assert outcomes == [("done", None), ("done", None)]
    assert Counter(subject for subject, _ in handler.handed) == {"a": 1, "b": 1, "c": 1}


async def test_a_parked_subject_keeps_its_order_across_a_restart_and_holds_back_nobody(tmp_path):
    clock = SystemClock()
    handler = Scripted(
        lambda subject, times: (
            Park(clock.now() + SOON, Reason.VENDOR_AWAY) if subject.id == "a" and times == 1 else Done()
        )
    )

    async with opened_rig(tmp_path, handler) as rig:
        await rig.publish(an_event("a", number=0))
        async with consuming(rig):
            await rig.until(lambda: rig.outcome(an_event("a", number=0)))
            await rig.publish(an_event("a", number=1), an_event("b", number=2))
            await rig.until(lambda: rig.outcome(an_event("b", number=2)))
            waiting = await rig.parked.listed(ParkedState.PARKED)
        async with consuming(rig):
            await rig.until(lambda: rig.outcome(an_event("a", number=1)))
            await rig.until(lambda: _is_done(rig, an_event("a", number=1)))
        left = await rig.parked.listed(ParkedState.PARKED)

    offsets = [offset for subject, handed in handler.handed if subject == "a" for offset in handed]
    assert [row.offset for row in waiting] == [0, 1]
    assert offsets[-2:] == [0, 1]
    assert left == []


async def _is_done(rig, event):
    return await rig.outcome(event) == ("done", None)
