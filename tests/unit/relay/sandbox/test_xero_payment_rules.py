from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from relay.sandbox.xero_credit_rules import create_credit
from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_invoice_rules import create_invoice, update_invoice
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_payment_rules import allocate, create_payment, delete_payment, remove_allocation
from relay.sandbox.xero_rows import Credit, Invoice, Payment
from tests.givens.xero_sandbox import a_line, an_invoice, some_books


@pytest.fixture
def ledger() -> Ledger:
    return some_books()


@pytest.fixture
def invoice(ledger: Ledger) -> Invoice:
    return create_invoice(ledger, an_invoice(InvoiceNumber="A-1"), unit_decimals=4)


def paid(ledger: Ledger, **fields: Any) -> Payment:
    element = {"Invoice": {"InvoiceNumber": "A-1"}, "Account": {"Code": "090"}, "Amount": 110, "Date": "2026-11-20"}
    return create_payment(ledger, element | fields)


def credited(ledger: Ledger, invoice: Invoice, amount: int) -> Credit:
    line = a_line(UnitAmount=amount, TaxType="EXEMPTOUTPUT")
    element = {"Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": invoice.contact_id}}
    return create_credit(ledger, element | {"LineItems": [line]})


@pytest.mark.usefixtures("invoice")
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Invoice": {"InvoiceID": "none"}}, "does not exist"),
        ({"Account": {"Code": "200"}}, "no bank account"),
        ({"Account": {"Code": "999"}}, "does not exist"),
        ({"Amount": 0}, "must be positive"),
        ({"Amount": Decimal("1.001")}, "at most two decimals"),
        ({"Amount": Decimal("110.01")}, "Payment amount exceeds the amount outstanding on this document"),
        ({"Date": "2026-06-30"}, "period lock date"),
    ],
)
def test_a_payment_is_refused(ledger: Ledger, fields: dict[str, Any], words: str) -> None:
    ledger.organisation = replace(ledger.organisation, period_lock_date=date(2026, 6, 30))

    with pytest.raises(Invalid, match=words):
        paid(ledger, **fields)


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_only_an_approved_document_takes_payments(ledger: Ledger, status: str) -> None:
    create_invoice(ledger, an_invoice(InvoiceNumber="A-1", Status=status), unit_decimals=4)

    with pytest.raises(Invalid, match="Payments can only be made against Authorised documents"):
        paid(ledger)


def test_the_last_payment_makes_it_paid(ledger: Ledger, invoice: Invoice) -> None:
    paid(ledger, Amount=10)
    after_part = ledger.invoices[invoice.invoice_id]
    paid(ledger, Amount=100, Account={"Code": "614"})
    after_all = ledger.invoices[invoice.invoice_id]

    assert (after_part.status, after_all.status, after_all.fully_paid_on) == ("AUTHORISED", "PAID", date(2026, 11, 20))
    assert after_part.fully_paid_on is None
    assert invoice.updated < after_part.updated < after_all.updated


def test_a_deleted_payment_opens_the_invoice_again(ledger: Ledger, invoice: Invoice) -> None:
    payment = paid(ledger)

    deleted = delete_payment(ledger, payment)

    assert (deleted.status, ledger.invoices[invoice.invoice_id].status) == ("DELETED", "AUTHORISED")
    assert ledger.due(ledger.invoices[invoice.invoice_id]) == 110
    with pytest.raises(Invalid, match="deleted already"):
        delete_payment(ledger, deleted)


@pytest.mark.usefixtures("invoice")
def test_a_reconciled_payment_stays(ledger: Ledger) -> None:
    with pytest.raises(Invalid, match="reconciled"):
        delete_payment(ledger, paid(ledger, IsReconciled=True))


def test_a_payment_tells_of_itself_and_of_its_invoice(ledger: Ledger, invoice: Invoice) -> None:
    payment = paid(ledger)
    delete_payment(ledger, payment)

    told = [(change.category, change.type, change.resource_id) for change in ledger.changes[2:]]
    assert told == [
        ("PAYMENT", "CREATE", payment.payment_id),
        ("INVOICE", "UPDATE", invoice.invoice_id),
        ("PAYMENT", "UPDATE", payment.payment_id),
        ("INVOICE", "UPDATE", invoice.invoice_id),
    ]


def test_a_credit_is_applied_and_taken_back(ledger: Ledger, invoice: Invoice) -> None:
    credit = credited(ledger, invoice, 110)

    allocation = allocate(ledger, credit, {"Invoice": {"InvoiceID": invoice.invoice_id}, "Amount": 110})
    assert (ledger.invoices[invoice.invoice_id].status, ledger.credits[credit.credit_id].status) == ("PAID", "PAID")
    assert (ledger.credited(invoice), ledger.remaining(credit)) == (110, 0)

    remove_allocation(ledger, allocation)
    assert ledger.invoices[invoice.invoice_id].status == "AUTHORISED"
    assert (ledger.credited(invoice), ledger.remaining(credit)) == (0, 110)


@pytest.mark.parametrize(
    ("amount", "words"),
    [(60, "exceeds the credit that remains"), (0, "must be positive")],
)
def test_an_allocation_is_refused(ledger: Ledger, invoice: Invoice, amount: int, words: str) -> None:
    credit = credited(ledger, invoice, 50)

    with pytest.raises(Invalid, match=words):
        allocate(ledger, credit, {"Invoice": {"InvoiceID": invoice.invoice_id}, "Amount": amount})


def test_a_credit_never_exceeds_what_is_owed(ledger: Ledger, invoice: Invoice) -> None:
    credit = credited(ledger, invoice, 200)

    with pytest.raises(Invalid, match="exceeds the amount outstanding"):
        allocate(ledger, credit, {"Invoice": {"InvoiceID": invoice.invoice_id}, "Amount": 111})


def test_a_credit_is_for_its_own_contact(ledger: Ledger, invoice: Invoice) -> None:
    credit = replace(credited(ledger, invoice, 50), contact_id="someone else")

    with pytest.raises(Invalid, match="of its contact"):
        allocate(ledger, credit, {"Invoice": {"InvoiceID": invoice.invoice_id}, "Amount": 5})


def test_an_unknown_invoice_takes_no_credit(ledger: Ledger, invoice: Invoice) -> None:
    with pytest.raises(Invalid, match="does not exist"):
        allocate(ledger, credited(ledger, invoice, 50), {"Invoice": {"InvoiceID": "none"}, "Amount": 5})


def test_credits_keep_an_invoice_from_being_voided(ledger: Ledger, invoice: Invoice) -> None:
    allocate(ledger, credited(ledger, invoice, 50), {"Invoice": {"InvoiceID": invoice.invoice_id}, "Amount": 5})

    with pytest.raises(Invalid, match="has a payment or credit note"):
        update_invoice(ledger, ledger.invoices[invoice.invoice_id], {"Status": "VOIDED"}, unit_decimals=4)
