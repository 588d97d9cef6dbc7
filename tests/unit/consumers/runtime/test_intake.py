"""Which events go into a lane, and which must wait, on a real log and database."""

from datetime import timedelta

import pytest

from relay.store.parked import ParkedState
from schemas.records import Record
from tests.givens.consuming import Scripted, consuming, opened_rig
from tests.givens.runtime import a_connection, an_event

SOON = timedelta(seconds=1)


async def test_an_event_nobody_connected_waits_and_is_not_handed_over(tmp_path):
    handler = Scripted(connection=None)

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(an_event("a"))
        await rig.until(lambda: rig.outcome(an_event("a")))
        waiting = await rig.parked.listed(ParkedState.PARKED)

    assert [row.reason for row in waiting] == ["not_connected"]
    assert handler.handed == []


@pytest.mark.parametrize(
    ("state", "reason"), [("paused", "paused"), ("setting_up", "being_set_up"), ("disconnected", "not_connected")]
)
async def test_a_connection_that_is_halted_lets_its_events_wait(tmp_path, state, reason):
    handler = Scripted(connection=a_connection(state=state))

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(an_event("a"))
        await rig.until(lambda: rig.outcome(an_event("a")))
        waiting = await rig.parked.listed(ParkedState.PARKED)

    assert [(row.reason, row.scope) for row in waiting] == [(reason, "connection")]


async def test_a_record_that_is_no_event_of_ours_becomes_a_letter_and_blocks_nothing(tmp_path):
    handler = Scripted()

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.log.publisher.publish([Record("ghl.invoices", b"loc-1", b"{}", ())])
        await rig.publish(an_event("a"))
        await rig.until(lambda: _is_done(rig, an_event("a")))
        dead = await rig.parked.listed(ParkedState.DEAD)

    assert [row.reason for row in dead] == ["bad_document"]


async def _is_done(rig, event):
    return await rig.outcome(event) == ("done", None)
