from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_invoice_rules import (
    create_invoice,
    save_in_classic_editor,
    save_invoice,
    update_invoice,
)
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_payment_rules import create_payment
from relay.sandbox.xero_rows import Invoice
from tests.givens.xero_sandbox import a_line, an_invoice, some_books


@pytest.fixture
def ledger() -> Ledger:
    return some_books()


def created(ledger: Ledger, *lines: dict[str, Any], **fields: Any) -> Invoice:
    return create_invoice(ledger, an_invoice(*lines, **fields), unit_decimals=4)


def updated(ledger: Ledger, invoice: Invoice, **fields: Any) -> Invoice:
    return update_invoice(ledger, ledger.invoices[invoice.invoice_id], fields, unit_decimals=4)


def pay(ledger: Ledger, invoice: Invoice, amount: int) -> None:
    create_payment(ledger, {"Invoice": {"InvoiceID": invoice.invoice_id}, "Account": {"Code": "090"}, "Amount": amount})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Type": "SALE"}, "Type must be"),
        ({"Contact": None}, "A Contact must be specified"),
        ({"LineItems": None}, "One or more line items must be specified"),
        ({"Status": "PAID"}, "PAID cannot be given to a new invoice"),
        ({"DueDate": None}, "DueDate must be given to approve"),
        ({"CurrencyCode": "EUR"}, "Organisation is not subscribed to currency EUR"),
        ({"LineAmountTypes": "Gross"}, "LineAmountTypes Gross is not valid"),
        ({"Reference": "x" * 256}, "255 characters"),
        ({"Url": "https://go.xero.com/x"}, "must not contain 'xero'"),
        ({"Url": "no address"}, "must be a web address"),
        ({"BrandingThemeID": "none"}, "branding theme none does not exist"),
        ({"Status": "DRAFT", "SentToContact": True}, "only be set on an approved"),
        ({"LineItems": [a_line(UnitAmount=-1)]}, "total must not be negative"),
        ({"Date": "2026-06-30"}, "cannot be before the period lock date, currently set at 30 June 2026"),
    ],
)
def test_a_new_invoice_is_refused(ledger: Ledger, fields: dict[str, Any], words: str) -> None:
    ledger.organisation = replace(ledger.organisation, period_lock_date=date(2026, 6, 30))
    element = {key: value for key, value in (an_invoice() | fields).items() if value is not None}

    with pytest.raises(Invalid, match=words):
        create_invoice(ledger, element, unit_decimals=4)


def test_a_draft_needs_neither_due_date_nor_an_open_period(ledger: Ledger) -> None:
    ledger.organisation = replace(ledger.organisation, period_lock_date=date(2026, 12, 31))

    assert created(ledger, Status=None, DueDate=None).status == "DRAFT"


def test_a_number_is_unique_among_sales_even_when_voided(ledger: Ledger) -> None:
    first = created(ledger, InvoiceNumber="A-1")
    updated(ledger, first, Status="VOIDED")

    with pytest.raises(Invalid, match="Invoice # must be unique"):
        created(ledger, InvoiceNumber="A-1")
    bill = a_line(AccountCode="404", TaxType="INPUT")
    assert created(ledger, bill, Type="ACCPAY", InvoiceNumber="A-1").number == "A-1"


def test_a_missing_number_is_given(ledger: Ledger) -> None:
    created(ledger, InvoiceNumber="INV-0002")

    assert [created(ledger).number, created(ledger).number] == ["INV-0003", "INV-0004"]


def test_nothing_owed_is_paid_at_once(ledger: Ledger) -> None:
    assert created(ledger, a_line(UnitAmount=0)).status == "PAID"


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("DRAFT", "SUBMITTED", True),
        ("DRAFT", "AUTHORISED", True),
        ("DRAFT", "DELETED", True),
        ("DRAFT", "VOIDED", False),
        ("SUBMITTED", "DRAFT", True),
        ("AUTHORISED", "VOIDED", True),
        ("AUTHORISED", "DRAFT", False),
        ("AUTHORISED", "DELETED", False),
        ("AUTHORISED", "PAID", False),
    ],
)
def test_a_status_goes_only_where_xero_lets_it(ledger: Ledger, before: str, after: str, allowed: bool) -> None:
    invoice = created(ledger, Status=before)

    if allowed:
        assert updated(ledger, invoice, Status=after).status == after
    else:
        with pytest.raises(Invalid, match="Invoice not of valid status for modification"):
            updated(ledger, invoice, Status=after)


def test_a_voided_invoice_takes_nothing_more(ledger: Ledger) -> None:
    invoice = updated(ledger, created(ledger), Status="VOIDED")

    with pytest.raises(Invalid, match="not of valid status"):
        updated(ledger, invoice, Reference="late")


@pytest.mark.parametrize("amount", [10, 110])
@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"Reference": "r"}, True),
        ({"DueDate": "2026-12-24"}, True),
        ({"InvoiceNumber": "A-2"}, True),
        ({"Url": "https://example.com/1"}, True),
        ({"Contact": {"Name": "Other"}}, True),
        ({"Date": "2026-11-03"}, False),
        ({"LineItems": [a_line()]}, False),
        ({"LineAmountTypes": "Inclusive"}, False),
        ({"CurrencyCode": "NZD"}, False),
        ({"Status": "VOIDED"}, False),
    ],
)
def test_money_on_an_invoice_freezes_most_of_it(
    ledger: Ledger, amount: int, fields: dict[str, Any], allowed: bool
) -> None:
    invoice = created(ledger, InvoiceNumber="A-1")
    pay(ledger, invoice, amount)

    try:
        updated(ledger, invoice, **fields)
    except Invalid:
        assert not allowed
    else:
        assert allowed


def test_the_text_of_a_paid_line_may_change(ledger: Ledger) -> None:
    invoice = created(ledger)
    pay(ledger, invoice, 110)
    same = a_line(LineItemID=invoice.lines[0].line_item_id, Description="Better words", AccountCode="210")

    changed = updated(ledger, invoice, LineItems=[same])

    assert (changed.status, changed.lines[0].description) == ("PAID", "Better words")


def test_lines_are_replaced_and_those_with_an_id_stay_the_same(ledger: Ledger) -> None:
    invoice = created(ledger, a_line(), a_line(Description="Goes"))
    kept = invoice.lines[0].line_item_id

    changed = updated(ledger, invoice, LineItems=[a_line(LineItemID=kept, UnitAmount=50), a_line(Description="New")])

    assert [line.description for line in changed.lines] == ["Work", "New"]
    assert (changed.lines[0].line_item_id, str(changed.total)) == (kept, "165.00")
    assert changed.lines[1].line_item_id not in {line.line_item_id for line in invoice.lines}


def test_a_header_alone_keeps_the_lines(ledger: Ledger) -> None:
    invoice = created(ledger, a_line(TaxAmount=9))

    changed = updated(ledger, invoice, Reference="r")

    assert (changed.lines, changed.total) == (invoice.lines, invoice.total)


def test_a_closed_period_takes_no_change_and_no_void(ledger: Ledger) -> None:
    invoice = created(ledger)
    ledger.organisation = replace(ledger.organisation, end_of_year_lock_date=date(2026, 11, 2))

    for fields in ({"Status": "VOIDED"}, {"Reference": "r"}):
        with pytest.raises(Invalid, match="period lock date"):
            updated(ledger, invoice, **fields)


def test_the_type_stays(ledger: Ledger) -> None:
    with pytest.raises(Invalid, match="Type of an invoice cannot be changed"):
        updated(ledger, created(ledger), Type="ACCPAY")


def test_a_post_with_a_known_number_overwrites_that_invoice(ledger: Ledger) -> None:
    first = created(ledger, InvoiceNumber="A-1", Reference="mine")

    second = save_invoice(ledger, an_invoice(InvoiceNumber="A-1", Reference="yours"), unit_decimals=4)

    assert (second.invoice_id, second.reference, len(ledger.invoices)) == (first.invoice_id, "yours", 1)


def test_a_post_creates_what_it_does_not_find_but_no_unknown_id(ledger: Ledger) -> None:
    save_invoice(ledger, an_invoice(InvoiceNumber="A-1"), unit_decimals=4)

    with pytest.raises(Invalid, match="does not exist"):
        save_invoice(ledger, an_invoice(InvoiceID="none", InvoiceNumber="A-1"), unit_decimals=4)
    assert len(ledger.invoices) == 1


def test_a_renumbered_invoice_frees_its_number(ledger: Ledger) -> None:
    updated(ledger, created(ledger, InvoiceNumber="A-1"), InvoiceNumber="A-2")

    assert created(ledger, InvoiceNumber="A-1").number == "A-1"


def test_an_invoice_of_nothing_opens_when_something_is_owed_and_can_be_voided(ledger: Ledger) -> None:
    invoice = created(ledger, a_line(UnitAmount=0))

    owing = updated(ledger, invoice, LineItems=[a_line()])

    assert (invoice.status, owing.status, owing.fully_paid_on) == ("PAID", "AUTHORISED", None)
    assert updated(ledger, created(ledger, a_line(UnitAmount=0)), Status="VOIDED").status == "VOIDED"


def test_a_small_plan_approves_only_so_many_a_month(ledger: Ledger) -> None:
    ledger.organisation = replace(ledger.organisation, approvals_a_month=1)
    first, draft = created(ledger), created(ledger, Status="DRAFT")

    updated(ledger, first, Reference="no approval again")
    with pytest.raises(Invalid, match="You have reached the limit of invoices you can approve"):
        updated(ledger, draft, Status="AUTHORISED")


def test_the_classic_editor_turns_discounts_into_percentages(ledger: Ledger) -> None:
    invoice = created(ledger, a_line(UnitAmount="333.33", DiscountAmount=10))

    saved = save_in_classic_editor(ledger, invoice)

    assert (str(invoice.sub_total), str(saved.sub_total), saved.lines[0].discount_amount) == ("323.33", "323.33", None)
    assert str(saved.lines[0].discount_rate) == "3.00"


def test_the_classic_editor_does_not_open_what_is_paid(ledger: Ledger) -> None:
    invoice = created(ledger)
    pay(ledger, invoice, 10)

    with pytest.raises(Invalid, match="not of valid status"):
        save_in_classic_editor(ledger, invoice)


def test_changes_are_told_and_times_grow(ledger: Ledger) -> None:
    invoice = created(ledger)
    changed = updated(ledger, invoice, Reference="r")

    told = [(change.category, change.type, change.at) for change in ledger.changes]
    assert told[1:] == [("INVOICE", "CREATE", invoice.updated), ("INVOICE", "UPDATE", changed.updated)]
    assert changed.updated > invoice.updated
