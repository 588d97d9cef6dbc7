from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from relay.upstream.errors import NotFound, OutcomeUnknown, Unavailable
from relay.upstream.ghl.invoices import Invoices
from schemas import ghl
from tests.givens.upstream import Script, answer, ghl_caller


def held(**changes: Any) -> dict[str, Any]:
    return {
        "_id": "inv-1",
        "altId": "loc-1",
        "altType": "location",
        "status": "sent",
        "invoiceNumber": 19,
        "dueDate": None,
        "total": 150.1,
        "invoiceItems": [{"_id": "item", "name": "x", "qty": 1, "amount": 150.1, "description": None}],
        **changes,
    }


def client(vendor: Script) -> Invoices:
    return Invoices(ghl_caller(vendor), "loc-1")


async def record(vendor: Script, *, full_shape: bool = True) -> ghl.Invoice:
    return await client(vendor).record_payment(
        "inv-1",
        amount=Decimal("10.50"),
        mode="bank_transfer",
        notes="Xero payment pay-1",
        meta={"xero_payment_id": "pay-1"},
        fulfilled_at=datetime(2026, 11, 24, 1, tzinfo=UTC),
        full_shape=full_shape,
    )


async def test_an_invoice_is_read_from_its_location() -> None:
    vendor = Script(answer(held()))

    invoice = await client(vendor).read("inv/1")

    assert vendor.paths == ["GET /invoices/inv%2F1?altId=loc-1&altType=location"]
    assert (invoice.invoice_number, invoice.total) == ("19", Decimal("150.1"))


async def test_an_invoice_that_is_gone_is_not_found() -> None:
    with pytest.raises(NotFound):
        await client(Script(answer({"message": "Invoice not found"}, 404))).read("inv-1")


async def test_invoices_are_listed_a_page_at_a_time() -> None:
    vendor = Script(answer({"invoices": [held(), held(_id="inv-2")], "total": 40}))

    found = await client(vendor).listed(limit=2, offset=4)

    query = "altId=loc-1&altType=location&limit=2&offset=4&sortField=issueDate&sortOrder=descend"
    assert vendor.paths == [f"GET /invoices/?{query}"]
    assert [invoice.id for invoice in found] == ["inv-1", "inv-2"]


async def test_a_payment_is_recorded_to_the_digit_with_its_origin() -> None:
    vendor = Script(answer({"success": True, "invoice": held(status="partially_paid", amountPaid=10.5)}))

    invoice = await record(vendor)

    assert vendor.paths == ["POST /invoices/inv-1/record-payment"]
    assert b'"amount":10.50' in vendor.requests[0].content
    assert vendor.body() == {
        "altId": "loc-1",
        "altType": "location",
        "mode": "bank_transfer",
        "amount": 10.5,
        "notes": "Xero payment pay-1",
        "meta": {"xero_payment_id": "pay-1"},
        "fulfilledAt": "2026-11-24T01:00:00.000Z",
        "card": {"brand": "other", "last4": ""},
        "cheque": {"number": ""},
    }
    assert (invoice.status, invoice.amount_paid) == ("partially_paid", Decimal("10.5"))


async def test_card_and_cheque_can_be_left_out() -> None:
    vendor = Script(answer({"success": True, "invoice": held()}))

    await record(vendor, full_shape=False)

    assert not {"card", "cheque"} & vendor.body().keys()


@pytest.mark.parametrize(
    "response",
    [answer({"success": False}), answer({"success": True}), answer({"success": True, "invoice": {}}), answer([])],
    ids=["no success", "no invoice", "half an invoice", "something else"],
)
async def test_a_payment_that_is_not_clearly_recorded_must_be_looked_for(response: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        await record(Script(response))


async def test_a_list_that_cannot_be_read_is_no_empty_list() -> None:
    with pytest.raises(Unavailable):
        await client(Script(answer({"data": []}))).listed(limit=10)
