import pytest

from schemas.routing import APP_PAGES, ghl_topic, xero_topic
from schemas.topics import LIVE

GHL = {
    "ghl.invoices": [
        "InvoiceCreate",
        "InvoiceUpdate",
        "InvoiceSent",
        "InvoicePaid",
        "InvoicePartiallyPaid",
        "InvoiceVoid",
        "InvoiceDelete",
    ],
    "ghl.contacts": ["ContactCreate", "ContactUpdate", "ContactDelete", "ContactDndUpdate", "ContactTagUpdate"],
    "ghl.apps": ["INSTALL", "UNINSTALL", "UPDATE", "PLAN_CHANGE", *APP_PAGES],
    "ghl.other": [
        "OpportunityCreate",
        "OrderCreate",
        "OrderStatusUpdate",
        "unknown",
        "",
        "invoice",
        "AppointmentCreate",
    ],
}
XERO = {
    "xero.invoices": ["INVOICE", "Invoice", "invoice"],
    "xero.payments": ["PAYMENT", "CREDITNOTE", "PREPAYMENT", "OVERPAYMENT", "CreditNote"],
    "xero.contacts": ["CONTACT"],
    "xero.other": ["SUBSCRIPTION", "ITEM", "", "unknown"],
}


@pytest.mark.parametrize(("topic", "kind"), [(topic, kind) for topic, kinds in GHL.items() for kind in kinds])
def test_a_highlevel_event_goes_to_the_topic_of_its_kind(topic: str, kind: str) -> None:
    assert ghl_topic(kind) == topic


@pytest.mark.parametrize(("topic", "category"), [(topic, name) for topic, names in XERO.items() for name in names])
def test_a_xero_event_goes_to_the_topic_of_its_category(topic: str, category: str) -> None:
    assert xero_topic(category) == topic


def test_every_live_topic_gets_something() -> None:
    assert {*GHL, *XERO} == set(LIVE)
