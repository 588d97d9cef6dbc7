from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from consumers.invoice_push.deeds import Deeds
from consumers.invoice_push.linking import Standing
from consumers.invoice_push.recovery import Recovery
from consumers.invoice_push.sending import Sender
from consumers.invoice_push.verdict import Create
from consumers.runtime.outcome import Dead
from relay.store.links import LinkState
from relay.upstream.errors import NotFound
from schemas.reasons import Reason
from tests.givens.invoice_push import World, opened_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def deeds(world: World) -> Deeds:
    sender = Sender(world.writes, world.clock)
    return Deeds(world.links, sender, Recovery(sender, world.writes, world.clock), world.clock)


def a_verdict(world: World, invoice_id: str, **given: Any) -> Create:
    contact_id = world.sandbox.xero.books.create_contact(world.connection.tenant_id, "Sample")
    document = {
        "Type": "ACCREC",
        "Contact": {"ContactID": contact_id},
        "InvoiceNumber": "CRM-1",
        "Reference": invoice_id,
        "Status": "DRAFT",
        "LineItems": [{"Description": "x", "Quantity": 1, "UnitAmount": Decimal(5), "AccountCode": "200"}],
    }
    return Create(document | given, Decimal(5))


async def test_what_is_made_is_kept_in_its_link(world: World, deeds: Deeds) -> None:
    invoice_id = world.invoice()

    made = await deeds.create(await world.case(invoice_id), a_verdict(world, invoice_id), None)

    assert isinstance(made, Standing)
    assert made.link == await world.link(invoice_id)
    assert (made.link.state, made.link.number, made.adopted) == (LinkState.LINKED, "CRM-1", False)
    assert await world.writes.open_of(made.link.id) is None


async def test_a_refusal_leaves_the_link_intended_and_nothing_open(world: World, deeds: Deeds) -> None:
    invoice_id = world.invoice()
    verdict = a_verdict(world, invoice_id, CurrencyCode="EUR")

    made = await deeds.create(await world.case(invoice_id), verdict, None)

    link = await world.link(invoice_id)
    assert isinstance(made, Dead)
    assert (made.reason, made.link) == (Reason.CURRENCY_NOT_SUBSCRIBED, link.id)
    assert link.state is LinkState.INTENDED
    assert await world.writes.open_of(link.id) is None


@pytest.mark.parametrize("ours", [True, False])
async def test_a_number_that_exists_is_looked_up(world: World, deeds: Deeds, ours: bool) -> None:
    invoice_id = world.invoice()
    standing = world.entered("CRM-1", invoice_id if ours else "another")

    made = await deeds.create(await world.case(invoice_id), a_verdict(world, invoice_id), None)

    link = await world.link(invoice_id)
    assert link.xero_invoice_id == (standing if ours else None)
    assert isinstance(made, Standing if ours else Dead)
    assert len(world.sales) == 1


async def test_a_document_that_xero_does_not_show_puts_the_access_in_doubt(world: World, deeds: Deeds) -> None:
    invoice_id = world.invoice()
    made = await deeds.create(await world.case(invoice_id), a_verdict(world, invoice_id), None)
    assert isinstance(made, Standing)

    with pytest.raises(NotFound):
        await deeds.read(await world.case(invoice_id), replace(made.link, xero_invoice_id=world.sandbox.xero.tenant_id))
