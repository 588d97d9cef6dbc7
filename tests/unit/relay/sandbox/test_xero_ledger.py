from datetime import date
from decimal import Decimal

import pytest

from relay.sandbox.xero_contact_rules import create_contact
from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_invoice_rules import create_invoice
from relay.sandbox.xero_payment_rules import create_payment
from tests.givens.xero_sandbox import a_line, an_invoice, some_books


def test_no_two_changes_share_a_time() -> None:
    ledger = some_books()

    stamps = [ledger.stamp() for _ in range(5)]

    assert stamps == sorted(set(stamps))
    assert all(stamp.microsecond % 1000 == 0 for stamp in stamps)


def test_what_fails_leaves_nothing_behind() -> None:
    ledger = some_books()

    def fail() -> None:
        with ledger.whole():
            create_contact(ledger, {"Name": "Ghost"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert (ledger.contacts, ledger.changes) == ({}, [])


def test_an_inner_failure_keeps_what_the_outer_block_did() -> None:
    ledger = some_books()

    with ledger.whole():
        create_contact(ledger, {"Name": "Stays"})
        with pytest.raises(Invalid), ledger.whole():
            create_contact(ledger, {"Name": "Stays"})

    assert [contact.name for contact in ledger.contacts.values()] == ["Stays"]


def test_what_is_owed_follows_from_payments() -> None:
    ledger = some_books()
    invoice = create_invoice(ledger, an_invoice(a_line(TaxType="EXEMPTOUTPUT")), unit_decimals=2)

    create_payment(ledger, {"InvoiceNumber": invoice.number, "Account": {"Code": "090"}, "Amount": 40})

    assert (ledger.paid(invoice), ledger.due(invoice)) == (Decimal(40), Decimal(60))


def test_an_invoice_is_found_by_id_and_number() -> None:
    ledger = some_books()
    invoice = create_invoice(ledger, an_invoice(InvoiceNumber="A-1"), unit_decimals=2)

    assert ledger.find_invoice("A-1") == ledger.find_invoice(invoice.invoice_id.upper()) == invoice
    assert ledger.find_invoice("A-2") is ledger.find_invoice(None) is None


@pytest.mark.parametrize(("day", "is_open"), [(date(2026, 9, 30), False), (date(2026, 10, 1), True)])
def test_a_lock_date_locks_its_own_day(day: date, is_open: bool) -> None:
    ledger = some_books()
    ledger.organisation = type(ledger.organisation)("tenant", "Name", period_lock_date=date(2026, 9, 30))

    if is_open:
        ledger.require_open_period(day)
    else:
        with pytest.raises(Invalid, match="period lock date, currently set at 30 September 2026"):
            ledger.require_open_period(day)


def test_history_is_kept_in_order() -> None:
    ledger = some_books()

    ledger.add_history("document", "first")
    ledger.add_history("document", "second")

    assert [record.details for record in ledger.history["document"]] == ["first", "second"]
