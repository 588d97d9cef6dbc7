from decimal import Decimal
from typing import Any

import pytest

from relay.sandbox.ghl_ids import Ids
from relay.sandbox.ghl_invoices import items
from tests.givens.ghl_sandbox import HighLevel, highlevel


def shown(ghl: HighLevel, invoice_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    invoice = ghl.sandbox.books.invoice(ghl.location.id, invoice_id)
    return invoice.answer(), invoice.hook()


@pytest.mark.parametrize(
    ("number", "in_rest"),
    [
        pytest.param("19", 19, id="digits are a number in REST"),
        pytest.param("0019", "0019", id="leading zeros would be lost"),
        pytest.param("INV-19", "INV-19", id="letters stay text"),
    ],
)
def test_the_invoice_number_drifts_between_rest_and_webhook(number: str, in_rest: object) -> None:
    ghl = highlevel()

    rest, hook = shown(ghl, ghl.invoice(invoiceNumber=number))

    assert (rest["invoiceNumber"], hook["invoiceNumber"]) == (in_rest, number)


def test_the_webhook_knows_less_than_rest() -> None:
    ghl = highlevel()

    rest, hook = shown(ghl, ghl.invoice(invoiceNumberPrefix="AC-"))

    assert rest["totalSummary"] == {"subTotal": 110, "discount": 0, "tax": 11}
    assert hook["totalSummary"] == {"subTotal": 110, "discount": 0}
    assert rest["invoiceNumberPrefix"] == "AC-"
    assert "invoiceNumberPrefix" not in hook


def test_the_businesss_address_drifts_between_rest_and_webhook() -> None:
    ghl = highlevel()

    rest, hook = shown(ghl, ghl.invoice())

    assert rest["businessDetails"]["address"] == {"addressLine1": "1 High St", "city": "Perth"}
    assert hook["businessDetails"]["address"] == "1 High St, Perth"


def test_a_line_keeps_its_id_only_where_it_is_known() -> None:
    known = [{"_id": "line-1", "name": "A"}]

    kept = items([{"_id": "line-1", "name": "B"}, {"_id": "stranger", "name": "C"}, {"name": "D"}], known, Ids(1))

    assert kept[0]["_id"] == "line-1"
    assert len({line["_id"] for line in kept} | {"stranger"}) == 4


def test_a_transaction_gives_its_marks_back_or_not() -> None:
    ghl = highlevel()
    transaction = ghl.sandbox.books.pay(ghl.location.id, ghl.invoice(), Decimal(21))
    transaction.meta, transaction.notes = {"xero_payment_id": "p-1"}, "p-1"

    with_marks, without = transaction.row(marks=True), transaction.answer(marks=False)

    assert (with_marks["meta"], with_marks["notes"]) == ({"xero_payment_id": "p-1"}, "p-1")
    assert not {"meta", "notes"} & without.keys()
    assert without["invoiceId"] == with_marks["entityId"] == transaction.invoice.id
