from relay.sandbox.xero_answers import (
    account_answer,
    contact_answer,
    credit_answer,
    history_answer,
    invoice_answer,
    invoice_head,
    invoice_unpaged,
    line_answer,
    payment_answer,
)
from relay.sandbox.xero_contact_rules import create_contact
from relay.sandbox.xero_invoice_rules import create_invoice
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_payment_rules import create_payment
from relay.sandbox.xero_rows import Invoice
from tests.givens.xero_sandbox import a_line, a_sandbox, an_invoice, some_books

PERSON = {"FirstName": "Kim", "LastName": "Sample", "EmailAddress": "kim@example.com", "IncludeInEmails": True}


def part_paid(ledger: Ledger) -> Invoice:
    invoice = create_invoice(ledger, an_invoice(a_line(UnitAmount="99.9999"), InvoiceNumber="A-1"), unit_decimals=4)
    create_payment(ledger, {"InvoiceNumber": "A-1", "Account": {"Code": "090"}, "Amount": 10, "Reference": "r"})
    return ledger.invoices[invoice.invoice_id]


def test_a_whole_invoice_shows_lines_and_payments() -> None:
    ledger = some_books()

    answer = invoice_answer(ledger, part_paid(ledger))

    assert [line["Description"] for line in answer["LineItems"]] == ["Work"]
    assert [(each["Amount"], each["Reference"]) for each in answer["Payments"]] == [(10, "r")]
    assert (answer["AmountPaid"], answer["AmountDue"], answer["Total"]) == (10, 100, 110)
    assert answer["UpdatedDateUTCString"].startswith("2026-11-24 12:00:00.")


def test_an_unpaged_invoice_hides_them_though_they_are_there() -> None:
    ledger = some_books()

    answer = invoice_unpaged(ledger, part_paid(ledger))

    assert (answer["LineItems"], answer["Payments"], answer["AmountPaid"]) == ([], [], 10)


def test_a_summary_has_not_even_the_keys() -> None:
    ledger = some_books()

    answer = invoice_head(ledger, part_paid(ledger))

    assert not {"LineItems", "Payments", "HasAttachments", "CISDeduction"}.intersection(answer)


def test_a_unit_amount_is_shown_with_two_decimals_unless_asked() -> None:
    line = part_paid(some_books()).lines[0]

    assert [str(line_answer(line, "Exclusive", decimals)["UnitAmount"]) for decimals in (2, 4)] == ["100.00", "99.9999"]


def test_a_line_without_tax_says_none() -> None:
    assert line_answer(part_paid(some_books()).lines[0], "NoTax")["TaxType"] == "NONE"


def test_credits_stand_in_the_invoice_by_their_kind() -> None:
    sandbox = a_sandbox()
    ledger = sandbox.books.tenants[sandbox.tenant_id]
    part_paid(ledger)
    for kind in ("CREDITNOTE", "OVERPAYMENT", "PREPAYMENT"):
        sandbox.books.allocate_credit(sandbox.tenant_id, "A-1", 20, kind=kind)

    answer = invoice_answer(ledger, ledger.invoices[ledger.numbers["A-1"]])

    applied = [answer[name][0]["AppliedAmount"] for name in ("CreditNotes", "Overpayments", "Prepayments")]
    assert (applied, answer["AmountCredited"], answer["AmountDue"]) == ([20, 20, 20], 60, 40)
    assert {"CreditNoteID", "CreditNoteNumber"} <= set(answer["CreditNotes"][0])
    (credit,) = (each for each in ledger.credits.values() if each.kind == "CREDITNOTE")
    assert credit_answer(ledger, credit)["Allocations"][0]["Invoice"]["InvoiceNumber"] == "A-1"


def test_a_payment_shows_its_invoice_and_account() -> None:
    ledger = some_books()
    part_paid(ledger)

    answer = payment_answer(ledger, next(iter(ledger.payments.values())))

    assert (answer["Invoice"]["AmountDue"], answer["Account"]["Code"]) == (100, "090")
    assert (answer["PaymentType"], answer["Status"]) == ("ACCRECPAYMENT", "AUTHORISED")


def test_a_contact_of_a_list_without_pages_hides_its_persons() -> None:
    ledger = some_books()
    contact = create_contact(ledger, {"Name": "Anna", "ContactPersons": [PERSON], "ContactNumber": "n-1"})

    assert contact_answer(contact)["ContactPersons"] == [PERSON]
    assert contact_answer(contact, whole=False)["ContactPersons"] == []
    assert contact_answer(contact)["ContactNumber"] == "n-1"
    assert [phone["PhoneType"] for phone in contact_answer(contact)["Phones"]][:2] == ["DEFAULT", "DDI"]


def test_accounts_and_history_read_as_xeros() -> None:
    ledger = some_books()
    account = ledger.account("614")
    assert account

    assert account_answer(account)["EnablePaymentsToAccount"] is True
    assert history_answer(ledger.add_history("document", "Seen"))["Details"] == "Seen"
