from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from consumers.runtime.outcome import Dead, Done, Skipped
from relay.store.links import LinkState
from schemas import money
from schemas.reasons import Reason
from tests.givens.invoice_push import World, opened_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as opened:
        yield opened


def number_of(world: World, invoice_id: str) -> str:
    invoice = world.sandbox.ghl.books.invoice(world.connection.location_id, invoice_id)
    return str(invoice.answer()["invoiceNumber"])


async def test_money_in_xero_forbids_a_new_total(world: World) -> None:
    invoice_id = world.invoice()
    await world.handle(invoice_id)
    [sale] = world.sales
    world.sandbox.xero.books.enter_payment(world.connection.tenant_id, sale.invoice_id, Decimal(50))
    world.do("edit", invoice_id, items=[{"name": "Consulting", "amount": 300}])

    outcome = await world.handle(invoice_id)

    link = await world.link(invoice_id)
    assert isinstance(outcome, Dead)
    assert (outcome.reason, outcome.link) == (Reason.PAID_CANNOT_CHANGE, link.id)
    assert "50.00 is paid" in outcome.detail
    assert "300.00" in outcome.detail


@pytest.mark.parametrize(
    ("policy", "kind", "total"),
    [("ask", Dead, "77.00"), ("keep", Skipped, "77.00"), ("overwrite", Done, "200.00")],
)
async def test_an_edit_in_xero_is_treated_as_the_admin_chose(world: World, policy: str, kind: type, total: str) -> None:
    await world.set(edited_in_xero=policy)
    invoice_id = world.invoice()
    await world.handle(invoice_id)
    [sale] = world.sales
    changed = {"LineItems": [{"Description": "Agreed", "Quantity": 1, "UnitAmount": 70, "AccountCode": "200"}]}
    world.sandbox.xero.books.edit_invoice(world.connection.tenant_id, sale.invoice_id, changed)
    world.do("edit", invoice_id, items=[{"name": "Consulting", "amount": 200}])

    outcome = await world.handle(invoice_id)

    assert isinstance(outcome, kind)
    assert [str(one.total) for one in world.sales] == [total]


async def test_payments_and_status_are_no_edits(world: World) -> None:
    invoice_id = world.invoice(send=False)
    await world.handle(invoice_id)
    [sale] = world.sales
    world.sandbox.xero.books.approve_invoice(world.connection.tenant_id, sale.invoice_id)
    world.do("edit", invoice_id, items=[{"name": "Consulting", "amount": 200}])

    outcome = await world.handle(invoice_id)

    assert isinstance(outcome, Done)
    assert [(one.status, str(one.total)) for one in world.sales] == [("AUTHORISED", "200.00")]


async def test_a_number_of_somebody_elses_is_a_dead_letter_until_the_prefix_is_changed(world: World) -> None:
    invoice_id = world.invoice()
    world.entered(number_of(world, invoice_id))

    first = await world.handle(invoice_id)
    still = await world.handle(invoice_id)
    await world.set(invoice_number_prefix="CRM-")
    mended = await world.handle(invoice_id)

    assert [isinstance(one, Dead) and one.reason for one in (first, still)] == [Reason.NUMBER_TAKEN] * 2
    assert isinstance(mended, Done)
    assert [sale.number for sale in world.sales if sale.reference == invoice_id] == [
        f"CRM-{number_of(world, invoice_id)}"
    ]


async def test_a_total_that_xero_makes_otherwise_is_told_with_both_figures(world: World) -> None:
    def one_cent_more(asked: str, body: bytes) -> bytes:
        return body.replace(b'"Total":110.00', b'"Total":110.01') if asked == "PUT /Invoices" else body

    world.network.bent = one_cent_more
    invoice_id = world.invoice()

    outcome = await world.handle(invoice_id)

    link = await world.link(invoice_id)
    detail = "HighLevel asks 110.00, Xero made it 110.01"
    assert outcome == Dead(Reason.TOTAL_DIFFERS, detail, link.id)
    assert (link.state, link.ghl_read_at) == (LinkState.LINKED, None)
    assert world.till.settled == []
    assert [sale.status for sale in world.sales] == ["AUTHORISED"]


async def test_a_refusal_carries_the_words_of_xero(world: World) -> None:
    refused = [{"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": "You have reached the limit of "
               "invoices you can approve"}]}]  # fmt: skip

    def refusing(asked: str, body: bytes) -> bytes:
        return money.dumps({"Invoices": refused}) if asked == "PUT /Invoices" else body

    world.network.bent = refusing

    outcome = await world.handle(world.invoice())

    assert isinstance(outcome, Dead)
    assert outcome.reason is Reason.APPROVAL_LIMIT
    assert "limit of invoices" in outcome.detail
