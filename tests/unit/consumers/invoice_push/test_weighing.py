from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consumers.invoice_push.customers import Customers
from consumers.invoice_push.sending import Sender
from consumers.invoice_push.snapshots import Snapshots
from consumers.invoice_push.verdict import Create, Dead
from consumers.invoice_push.weighing import Weighing
from schemas.reasons import Reason
from tests.givens.invoice_push import World, opened_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def weighing(world: World) -> Weighing:
    customers = Customers(world.rooms.contacts, Sender(world.writes, world.clock), world.leases)
    return Weighing(Snapshots(world.rooms.organisations, world.clock), customers, world.clock)


async def test_the_contact_of_a_new_document_is_found_and_then_known(world: World, weighing: Weighing) -> None:
    case = await world.case(world.invoice())

    first, second = await weighing.weighed(case, None, None), await weighing.weighed(case, None, None)

    assert (first.found_now, second.found_now) == (True, False)
    assert first.contact_id == second.contact_id
    assert isinstance(first.verdict, Create)
    assert first.verdict == second.verdict
    assert first.verdict.document["Contact"] == {"ContactID": first.contact_id}


@pytest.mark.parametrize(("seconds", "reads"), [(1, 1), (60, 2)], ids=["just read", "read a while ago"])
async def test_a_verdict_that_xero_may_have_mended_is_reached_on_a_fresh_snapshot(
    world: World, weighing: Weighing, seconds: int, reads: int
) -> None:
    await world.set(default_account_code="999")
    case = await world.case(world.invoice())
    await weighing.weighed(case, None, None)
    world.clock.advance(seconds)

    weighed = await weighing.weighed(case, None, None)

    assert isinstance(weighed.verdict, Dead)
    assert weighed.verdict.reason is Reason.ACCOUNT_UNUSABLE
    assert len(world.asked_of("GET /Accounts")) == reads


async def test_what_no_look_can_mend_is_told_at_once(world: World, weighing: Weighing) -> None:
    case = await world.case(world.invoice(total=50, items=[{"name": "x", "amount": 1, "currency": "USD"}]))
    await weighing.weighed(case, None, None)
    world.clock.advance(60)

    weighed = await weighing.weighed(case, None, None)

    assert weighed.verdict == Dead(Reason.MIXED_CURRENCIES, "the invoice is in AUD, lines are in USD")
    assert len(world.asked_of("GET /Accounts")) == 1
