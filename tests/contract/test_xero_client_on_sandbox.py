"""What the Xero client sends is taken by the simulated Xero, and what that answers has its meaning."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind, Refusal
from relay.upstream.errors import KeyReused, NotFound, OutcomeUnknown, Unavailable
from relay.upstream.ports import ElementRefused
from tests.givens.joined_vendors import Joined, invoice, joined


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> AsyncIterator[Joined]:
    async with joined(**getattr(request, "param", {})) as one:
        yield one


async def test_invoices_are_created_read_found_and_voided(world: Joined) -> None:
    created = await world.xero.invoices.create([invoice("A-1"), invoice("A-2")], key="k1")
    again = await world.xero.invoices.create([invoice("A-3"), invoice("A-1")], key="k2")
    ids = [one.invoice_id for one in created]
    read = await world.xero.invoices.read([*ids, "11111111-1111-1111-1111-111111111111"])
    found = await world.xero.invoices.by_numbers(["A-2", "A-9"])
    [voided] = await world.xero.invoices.update([{"InvoiceID": ids[0], "Status": "VOIDED"}], key="k3")

    assert [(one.number, one.reference, one.total) for one in created] == [
        ("A-1", "ghl-A-1", Decimal("20.25")),
        ("A-2", "ghl-A-2", Decimal("20.25")),
    ]
    assert again[0].number == "A-3"
    assert isinstance(again[1], ElementRefused)
    assert "unique" in again[1].messages[0]
    assert {one.invoice_id for one in read} == set(ids)
    assert all(one.lines[0].unit_amount == Decimal("10.125") for one in read)
    assert [one.invoice_id for one in found] == [ids[1]]
    assert (voided.invoice_id, voided.status) == (ids[0], "VOIDED")


async def test_an_answer_that_was_lost_comes_with_the_same_request_and_key(world: Joined) -> None:
    world.fault(FaultKind.DROP_ANSWER, Vendor.XERO, "/Invoices")

    with pytest.raises(OutcomeUnknown):
        await world.xero.invoices.create([invoice("A-1")], key="k1")
    [first] = await world.xero.invoices.create([invoice("A-1")], key="k1")
    found = await world.xero.invoices.by_numbers(["A-1"])

    assert [one.invoice_id for one in found] == [first.invoice_id]


async def test_a_key_that_was_used_for_another_request_can_be_told(world: Joined) -> None:
    await world.xero.invoices.create([invoice("A-1")], key="k1")

    with pytest.raises(KeyReused):
        await world.xero.invoices.create([invoice("A-2")], key="k1")


@pytest.mark.parametrize("name", ["O'Neil & Söhne + Co, (UK)", 'The "Best" Bakery', "Plain"])
async def test_contacts_are_found_by_what_they_are_known_by(world: Joined, name: str) -> None:
    wanted = {"Name": name, "ContactNumber": "ghl/1+1", "EmailAddress": "a+b@example.com"}

    [made] = await world.xero.contacts.create([wanted], key="k1")
    [again] = await world.xero.contacts.create([{"Name": name, "ContactNumber": "ghl-2"}], key="k2")

    for found in (
        await world.xero.contacts.by_name(name),
        await world.xero.contacts.by_email("a+b@example.com"),
        await world.xero.contacts.by_contact_number("ghl/1+1"),
        await world.xero.contacts.read([made.contact_id]),
    ):
        assert [one.contact_id for one in found] == [made.contact_id]
    assert isinstance(again, ElementRefused)


async def test_an_archived_contact_is_found_by_its_number_and_id_alone(world: Joined) -> None:
    [made] = await world.xero.contacts.create([{"Name": "Ann", "ContactNumber": "ghl-1"}], key="k1")
    await world.xero.contacts.update([{"ContactID": made.contact_id, "ContactStatus": "ARCHIVED"}], key="k2")

    assert await world.xero.contacts.by_name("Ann") == []
    for found in (
        await world.xero.contacts.by_contact_number("ghl-1"),
        await world.xero.contacts.read([made.contact_id]),
    ):
        assert [one.status for one in found] == ["ARCHIVED"]


async def test_payments_are_made_and_read_with_their_invoice(world: Joined) -> None:
    [made] = await world.xero.invoices.create([invoice("A-1")], key="k1")
    payment = {"Invoice": {"InvoiceID": made.invoice_id}, "Account": {"Code": "090"}, "Date": "2026-11-03"}

    paid, refused = await world.xero.payments.create(
        [{**payment, "Amount": Decimal("20.00"), "Reference": "GHL txn-1"}, {**payment, "Amount": Decimal("9.00")}],
        key="k2",
    )
    read = await world.xero.payments.read(paid.payment_id)
    [after] = await world.xero.invoices.read([made.invoice_id])

    assert isinstance(refused, ElementRefused)
    assert (read.invoice_id, read.amount, read.reference) == (made.invoice_id, Decimal("20.00"), "GHL txn-1")
    assert (after.amount_due, [one.payment_id for one in after.payments]) == (Decimal("0.25"), [paid.payment_id])
    with pytest.raises(NotFound):
        await world.xero.payments.read("11111111-1111-1111-1111-111111111111")


async def test_the_organisation_is_one_snapshot(world: Joined) -> None:
    organisation = await world.xero.chart.organisation()

    assert organisation.base_currency in organisation.currencies
    assert {"200", "090"} <= {account.code for account in organisation.accounts}
    assert any(rate.can_apply_to_revenue for rate in organisation.tax_rates)


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        pytest.param(Refusal(503, {}, "The Organisation is offline"), Unavailable, id="offline: nothing was done"),
        pytest.param(Refusal(500, {}, "An unhandled error"), OutcomeUnknown, id="500: who knows"),
        pytest.param(Refusal(503, {}, ""), OutcomeUnknown, id="a 503 without words: who knows"),
    ],
)
async def test_a_failing_xero_is_not_taken_at_more_than_its_word(
    world: Joined, refusal: Refusal, error: type[Exception]
) -> None:
    world.fault(FaultKind.REFUSE, Vendor.XERO, "/Invoices", refusal=refusal)

    with pytest.raises(error):
        await world.xero.invoices.create([invoice("A-1")], key="k1")
