from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.money import loads
from schemas.xero import Account, Contact, TaxRate, WebhookEvent, day, instant, read_invoice
from tests.vendor_material import vendor_files

MOMENT = datetime(2026, 6, 21, 1, 15, 39, 902000, UTC)
INVOICE = {"InvoiceID": "i1", "Status": "AUTHORISED"}


@pytest.mark.parametrize(
    ("spelling", "moment"),
    [
        ("2026-06-21T01:15:39.902", MOMENT),
        ("2026-06-21T01:15:39.902Z", MOMENT),
        ("2026-06-21T03:15:39.902+02:00", MOMENT),
        ("/Date(1782004539902+0000)/", MOMENT),
        ("/Date(1782004539902)/", MOMENT),
        (MOMENT, MOMENT),
        (MOMENT.replace(tzinfo=None), MOMENT),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_read_in_each_of_xeros_spellings_as_utc(spelling: Any, moment: datetime | None) -> None:
    assert instant(spelling) == moment


@pytest.mark.parametrize("spelling", ["yesterday", "/Date()/", 5, "2026-13-01"])
def test_a_time_in_no_known_spelling_is_an_error(spelling: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        instant(spelling)


@pytest.mark.parametrize(
    ("spelling", "result"),
    [
        ("2026-06-21", date(2026, 6, 21)),
        ("2026-06-21T00:00:00", date(2026, 6, 21)),
        ("/Date(1782000000000+0000)/", date(2026, 6, 21)),
        (date(2026, 6, 21), date(2026, 6, 21)),
        (None, None),
    ],
)
def test_a_date_is_read_in_each_of_xeros_spellings(spelling: Any, result: date | None) -> None:
    assert day(spelling) == result


def test_an_invoice_is_read_with_contact_payments_and_credits() -> None:
    answer = loads("""{"InvoiceID": "i1", "Status": "PAID", "Total": 110.10, "DueDate": null,
        "Contact": {"ContactID": "c1", "Name": "Ada"},
        "Payments": [{"PaymentID": "p1", "Amount": 100.05, "Date": "/Date(1782000000000+0000)/"}],
        "CreditNotes": [{"CreditNoteID": "n1", "CreditNoteNumber": "CN-1", "AppliedAmount": 10.05}],
        "Overpayments": [{"OverpaymentID": "o1"}], "Prepayments": null,
        "UpdatedDateUTC": "/Date(1782004539902+0000)/"}""")

    invoice = read_invoice(answer)

    assert (invoice.contact_id, invoice.total, invoice.due_date) == ("c1", Decimal("110.10"), None)
    assert [(payment.payment_id, payment.amount) for payment in invoice.payments] == [("p1", Decimal("100.05"))]
    assert [(credit.id, credit.applied_amount) for credit in invoice.credit_notes] == [("n1", Decimal("10.05"))]
    assert [credit.id for credit in invoice.overpayments] == ["o1"]
    assert (invoice.prepayments, invoice.updated_at) == ((), MOMENT)


@pytest.mark.parametrize("missing", ["InvoiceID", "Status"])
def test_an_invoice_without_what_we_use_is_an_error(missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        read_invoice({name: value for name, value in INVOICE.items() if name != missing})


def test_accounts_tax_rates_and_contacts_are_read_by_xeros_names() -> None:
    account = Account.model_validate({"Code": "200", "Class": "REVENUE", "EnablePaymentsToAccount": True, "New": 1})
    rate = TaxRate.model_validate({"Name": "GST", "TaxType": "OUTPUT", "EffectiveRate": Decimal("10.0")})
    contact = Contact.model_validate({"ContactID": "c", "MergedToContactID": "d", "ContactStatus": "ARCHIVED"})

    assert (account.code, account.account_class, account.enable_payments_to_account) == ("200", "REVENUE", True)
    assert (rate.tax_type, rate.effective_rate, rate.status) == ("OUTPUT", Decimal(10), "ACTIVE")
    assert (contact.merged_to, contact.status) == ("d", "ARCHIVED")


def test_a_webhook_event_of_a_kind_nobody_knows_is_read() -> None:
    read = WebhookEvent.model_validate({"eventCategory": "NEW", "eventType": "MERGE", "data": {"x": 1}})

    assert (read.category, read.type, read.resource_id, read.date) == ("NEW", "MERGE", "", None)


@pytest.mark.parametrize("path", vendor_files("payloads/xero", "*-*.json"), ids=lambda path: path.stem)
def test_the_vendors_webhook_events_are_read(path: Any) -> None:
    body = loads(path.read_bytes())

    assert all(WebhookEvent.model_validate(each).tenant_id for each in body.get("events", []))
