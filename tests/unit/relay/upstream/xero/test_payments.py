from decimal import Decimal
from typing import Any

import pytest

from relay.upstream.errors import NotFound, OutcomeUnknown
from relay.upstream.ports import ElementRefused
from relay.upstream.xero.payments import Payments
from tests.givens.upstream import Script, answer, text, xero_caller


def held(**changes: Any) -> dict[str, Any]:
    return {
        "PaymentID": "pay-1",
        "Date": "/Date(1552348800000+0000)/",
        "Amount": 10.5,
        "Status": "AUTHORISED",
        "Reference": None,
        "Invoice": {"InvoiceID": "invoice-1"},
        **changes,
    }


def payments(*elements: dict[str, Any]) -> Any:
    return answer({"Payments": list(elements)})


def wanted(invoice_id: str = "invoice-1") -> dict[str, Any]:
    return {"Invoice": {"InvoiceID": invoice_id}, "Account": {"Code": "090"}, "Amount": Decimal("10.50")}


async def test_a_payment_is_read_with_the_invoice_it_pays() -> None:
    vendor = Script(payments(held(Status="DELETED")))

    payment = await Payments(xero_caller(vendor)).read("pay/1")

    assert vendor.paths == ["GET /api.xro/2.0/Payments/pay%2F1"]
    assert (payment.invoice_id, payment.amount, payment.status) == ("invoice-1", Decimal("10.5"), "DELETED")


@pytest.mark.parametrize("response", [text("The resource you're looking for cannot be found", 404), payments()])
async def test_a_payment_that_is_not_there_is_not_found(response: Any) -> None:
    with pytest.raises(NotFound):
        await Payments(xero_caller(Script(response))).read("pay-1")


async def test_payments_are_created_in_a_batch_with_an_answer_each() -> None:
    too_large = held(HasValidationErrors=True, ValidationErrors=[{"Message": "exceeds"}])
    vendor = Script(payments(held(), too_large))

    created, refused = await Payments(xero_caller(vendor)).create([wanted(), wanted("invoice-2")], key="k")

    assert vendor.paths == ["PUT /api.xro/2.0/Payments?summarizeErrors=false"]
    assert b'"Amount":10.50' in vendor.requests[0].content
    assert (created.payment_id, refused) == ("pay-1", ElementRefused(("exceeds",)))


async def test_a_payment_of_another_invoice_is_no_answer() -> None:
    with pytest.raises(OutcomeUnknown):
        await Payments(xero_caller(Script(payments(held())))).create([wanted("invoice-2")], key="k")


async def test_nothing_to_pay_calls_nobody() -> None:
    vendor = Script(payments())

    assert await Payments(xero_caller(vendor)).create([], key="k") == []
    assert vendor.requests == []
