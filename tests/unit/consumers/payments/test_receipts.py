from decimal import Decimal

import pytest

from consumers.payments.receipts import (
    credits_of,
    document_of,
    lacks_some,
    listed_in_full,
    live_payments,
    payment_receipt,
)
from relay.store.ledger import Kind
from tests.givens.payments import uuid, xero_credit, xero_invoice, xero_payment


def test_only_payments_that_stand_count() -> None:
    deleted = xero_payment(uuid(2), 10, Status="DELETED")

    assert [one.payment_id for one in live_payments(xero_invoice(xero_payment(uuid(1), 50), deleted))] == [uuid(1)]


def test_credits_of_every_kind_are_money() -> None:
    invoice = xero_invoice(
        total=100,
        credits_=[xero_credit(uuid(1), 10)],
        overpayments=(xero_credit(uuid(2), 20, ""),),
        prepayments=(xero_credit(uuid(3), 30, ""),),
    )

    assert [(one.kind, one.document, one.amount, one.label) for one in credits_of(invoice)] == [
        (Kind.CREDIT_NOTE, uuid(1), Decimal(10), "CN-1"),
        (Kind.OVERPAYMENT, uuid(2), Decimal(20), ""),
        (Kind.PREPAYMENT, uuid(3), Decimal(30), ""),
    ]


def test_a_credit_applied_in_parts_is_one_money() -> None:
    invoice = xero_invoice(total=100, credits_=[xero_credit(uuid(1), 20), xero_credit(uuid(1), 10)])

    assert [(one.document, one.amount) for one in credits_of(invoice)] == [(uuid(1), Decimal(30))]


@pytest.mark.parametrize(
    ("paid", "credited", "full", "lacks"),
    [
        pytest.param(50, 20, True, False, id="adds up"),
        pytest.param(60, 20, False, True, id="a payment is not listed"),
        pytest.param(50, 30, False, True, id="a credit is not listed"),
        pytest.param(40, 20, False, False, id="more is listed than paid"),
        pytest.param(40, 30, False, True, id="one too many, one too few"),
    ],
)
def test_a_list_is_compared_with_what_the_document_says(paid: int, credited: int, full: bool, lacks: bool) -> None:
    invoice = xero_invoice(
        xero_payment(amount=50), credits_=[xero_credit()], amount_paid=Decimal(paid), amount_credited=Decimal(credited)
    )

    assert (listed_in_full(invoice), lacks_some(invoice)) == (full, lacks)


def test_the_growth_of_a_credit_belongs_to_its_document() -> None:
    assert (document_of(f"{uuid(1)}:30.00"), document_of(uuid(1))) == (uuid(1), uuid(1))


def test_a_payment_is_labelled_by_its_reference() -> None:
    assert payment_receipt(xero_payment(Reference=" Deposit 4711 ")).label == "Deposit 4711"
