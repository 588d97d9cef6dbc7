from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.ghl import Contact, Invoice, Transaction
from schemas.money import loads
from tests.vendor_material import vendor_files

INVOICE = {"_id": "inv1", "status": "sent", "total": 10}


@pytest.mark.parametrize(
    ("sent", "read"),
    [("19", "19"), (19, "19"), (Decimal("19.0"), "19"), (Decimal("0019.50"), "19.5"), ("INV-0019", "INV-0019")],
)
def test_a_number_of_an_invoice_is_text_however_it_is_sent(sent: Any, read: str) -> None:
    assert Invoice.model_validate(INVOICE | {"invoiceNumber": sent}).invoice_number == read


def test_amounts_are_decimals_of_exactly_the_digits_sent() -> None:
    text = '{"_id":"i","status":"sent","total":0.1,"invoiceItems":[{"qty":3,"amount":999.99,"taxes":[{"rate":12.5}]}]}'

    invoice = Invoice.model_validate(loads(text))

    assert invoice.total == Decimal("0.1")
    assert (invoice.items[0].amount, invoice.items[0].qty) == (Decimal("999.99"), Decimal(3))
    assert invoice.items[0].taxes[0].rate == Decimal("12.5")


@pytest.mark.parametrize("missing", ["_id", "status", "total"])
def test_an_invoice_without_what_we_use_is_an_error(missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        Invoice.model_validate({name: value for name, value in INVOICE.items() if name != missing})


@pytest.mark.parametrize("address", ["9931 Beechwood, TX", {"city": "St. Houston"}, None])
def test_what_differs_between_webhook_and_api_is_accepted(address: Any) -> None:
    sent = INVOICE | {"contactDetails": {"id": "c", "address": address}, "unknown": {"deep": [1]}}

    assert Invoice.model_validate(sent).contact.address == address


def test_an_invoice_is_live_and_of_a_location_unless_it_says_otherwise() -> None:
    invoice = Invoice.model_validate(INVOICE)

    assert (invoice.live_mode, invoice.alt_type, invoice.items, invoice.amount_paid) == (True, "location", (), 0)


def test_a_contact_and_a_transaction_are_read_by_the_vendors_names() -> None:
    contact = Contact.model_validate({"id": "c", "locationId": "l", "firstName": "Ada", "tags": ["a"], "dnd": False})
    transaction = Transaction.model_validate({"_id": "t", "amount": 5, "status": "succeeded", "entityId": "inv1"})

    assert (contact.location_id, contact.first_name, contact.tags) == ("l", "Ada", ("a",))
    assert (transaction.entity_id, transaction.amount, transaction.amount_refunded) == ("inv1", 5, 0)


@pytest.mark.parametrize("path", vendor_files("payloads/ghl", "Invoice*.json"), ids=lambda path: path.stem)
def test_the_vendors_invoices_are_read(path: Any) -> None:
    assert Invoice.model_validate(loads(path.read_bytes())).total >= 0


@pytest.mark.parametrize("path", vendor_files("payloads/ghl", "Contact*.json"), ids=lambda path: path.stem)
def test_the_vendors_contacts_are_read(path: Any) -> None:
    assert Contact.model_validate(loads(path.read_bytes())).id
