"""The HighLevel client on the simulated HighLevel, whichever way that behaves where its documentation is silent."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus

import pytest

from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind
from relay.sandbox.ghl_behaviour import RecordPayment
from relay.upstream.errors import NotFound, OutcomeUnknown
from tests.givens.joined_vendors import Joined, customer, joined, sold


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> AsyncIterator[Joined]:
    async with joined(**getattr(request, "param", {})) as one:
        yield one


@pytest.mark.parametrize(
    ("world", "full_shape"),
    [
        ({"record_payment": RecordPayment.DESCRIPTION}, True),
        ({"record_payment": RecordPayment.COMMUNITY}, True),
        ({"record_payment": RecordPayment.COMMUNITY}, False),
    ],
    indirect=["world"],
)
async def test_a_payment_is_recorded_in_highlevel_and_found_again(world: Joined, full_shape: bool) -> None:
    invoice_id = sold(world, customer(world))

    paid = await world.ghl.invoices.record_payment(
        invoice_id,
        amount=Decimal("40.05"),
        mode="bank_transfer",
        notes="Xero payment pay-1",
        meta={"xero_payment_id": "pay-1"},
        fulfilled_at=datetime(2026, 11, 3, 1, tzinfo=UTC),
        full_shape=full_shape,
    )
    read = await world.ghl.invoices.read(invoice_id)
    [transaction] = await world.ghl.transactions.of_invoice(invoice_id)

    assert (paid.status, paid.amount_paid) == ("partially_paid", Decimal("40.05"))
    assert (read.total, read.amount_due) == (Decimal("100.10"), Decimal("60.05"))
    assert (transaction.amount, transaction.status) == (Decimal("40.05"), "succeeded")


async def test_a_payment_whose_answer_was_lost_is_found_by_looking(world: Joined) -> None:
    invoice_id = sold(world, customer(world))
    world.fault(FaultKind.DROP_ANSWER, Vendor.GHL, "record-payment")

    with pytest.raises(OutcomeUnknown):
        await world.ghl.invoices.record_payment(
            invoice_id,
            amount=Decimal(1),
            mode="cash",
            notes="n",
            meta={},
            fulfilled_at=datetime(2026, 11, 3, tzinfo=UTC),
            full_shape=True,
        )

    assert len(await world.ghl.transactions.of_invoice(invoice_id)) == 1


async def test_all_transactions_of_one_invoice_and_no_others_are_listed(world: Joined) -> None:
    contact = customer(world)
    ours, theirs = sold(world, contact, "500"), sold(world, contact)
    for _ in range(120):
        world.sandbox.people.do("invoices/record-payment", {"id": ours, "amount": Decimal(1)})
    world.sandbox.people.do("invoices/record-payment", {"id": theirs, "amount": Decimal(1)})

    found = await world.ghl.transactions.of_invoice(ours)

    assert len({transaction.id for transaction in found}) == 120


async def test_invoices_of_highlevel_are_listed_in_pages(world: Joined) -> None:
    contact = customer(world)
    made = {sold(world, contact) for _ in range(5)}

    pages = [await world.ghl.invoices.listed(limit=2, offset=offset) for offset in (0, 2, 4, 6)]

    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert {one.id for page in pages for one in page} == made


async def test_contacts_of_highlevel_are_tagged_and_noted_on(world: Joined) -> None:
    contact_id = customer(world)

    await world.ghl.contacts.add_tags(contact_id, ["invoice paid", "vip"])
    await world.ghl.contacts.remove_tags(contact_id, ["vip"])
    await world.ghl.contacts.add_note(contact_id, "Payment pay-1 was reversed in Xero")
    contact = await world.ghl.contacts.read(contact_id)

    assert (contact.first_name, contact.tags) == ("Ada", ("invoice paid",))


@pytest.mark.parametrize("world", [{"missing": HTTPStatus(status)} for status in (404, 400)], indirect=True)
async def test_what_highlevel_does_not_hold_is_not_found(world: Joined) -> None:
    with pytest.raises(NotFound):
        await world.ghl.invoices.read("6578278e879ad2646715ba9c")
    with pytest.raises(NotFound):
        await world.ghl.contacts.read("6578278e879ad2646715ba9c")
