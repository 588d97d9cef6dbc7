from decimal import Decimal
from typing import Any

import pytest

from relay.sandbox.ghl_deeds import DeedFailed, HighLevelDeeds
from relay.sandbox.ghl_errors import Refusal
from tests.givens.ghl_sandbox import COMPANY, HighLevel, highlevel
from tests.givens.vendor_hooks import senders

LINES = [{"name": "Design", "amount": 110, "taxes": [{"_id": "gst", "name": "GST", "rate": 10}]}]


async def told(ghl: HighLevel, *deeds: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Do deeds one after the other; `"$"` as id is the id of what the deed before left."""
    left: list[dict[str, Any]] = []
    async with senders() as sending:
        people = HighLevelDeeds(clock=ghl.clock, ghl=ghl.sandbox, deliveries=sending.deliveries)
        for name, body in deeds:
            last = left[-1] if left else {}
            known = {key: last.get("_id") or last.get("id") if value == "$" else value for key, value in body.items()}
            left.append(people.do(name, known))
    return left


async def test_a_person_needs_to_say_little_to_send_an_invoice() -> None:
    ghl = highlevel()
    person = {"firstName": "Ada", "email": "ada@example.com", "phone": "+61255501234", "city": "Perth"}

    _, invoice = await told(ghl, ("contacts", person), ("invoices", {"contact_id": "$", "items": LINES, "send": True}))

    assert (invoice["status"], invoice["total"], invoice["currency"]) == ("sent", 121, "AUD")
    assert invoice["contactDetails"]["address"] == {"city": "Perth"}
    assert invoice["contactDetails"]["email"] == "ada@example.com"
    assert (invoice["issueDate"], invoice["invoiceItems"][0]["qty"]) == ("2026-11-24", 1)
    assert ghl.fired.names == ["ContactCreate", "InvoiceCreate", "InvoiceSent"]


@pytest.mark.parametrize(
    ("deeds", "event"),
    [
        ([("invoices/send", {"id": "$"})], "InvoiceSent"),
        ([("invoices/edit", {"id": "$", "items": [{"name": "Other", "amount": 50}]})], "InvoiceUpdate"),
        ([("invoices/delete", {"id": "$"})], "InvoiceDelete"),
        ([("invoices/send", {"id": "$"}), ("invoices/void", {"id": "$"})], "InvoiceVoid"),
        ([("invoices/send", {"id": "$"}), ("invoices/pay", {"id": "$"})], "InvoicePaid"),
        ([("invoices/send", {"id": "$"}), ("invoices/pay", {"id": "$", "amount": "21.5"})], "InvoicePartiallyPaid"),
        (
            [("invoices/send", {"id": "$"}), ("invoices/record-payment", {"id": "$", "amount": 1})],
            "InvoicePartiallyPaid",
        ),
    ],
)
async def test_each_deed_does_what_the_app_does(deeds: list[tuple[str, dict[str, Any]]], event: str) -> None:
    ghl = highlevel()
    start = ("invoices", {"contact_id": ghl.contact(), "items": LINES})

    await told(ghl, start, *deeds)

    assert ghl.fired.names[-1] == event


async def test_contacts_are_edited_tagged_and_deleted() -> None:
    ghl = highlevel()

    left = await told(
        ghl,
        ("contacts", {"firstName": "Ada"}),
        ("contacts/edit", {"id": "$", "city": "Perth"}),
        ("contacts/tag", {"id": "$", "tags": ["vip"]}),
        ("contacts/untag", {"id": "$", "tags": ["vip"]}),
        ("contacts/delete", {"id": "$"}),
    )

    assert (left[1]["city"], left[2]["tags"], left[3]["tags"]) == ("Perth", ["vip"], [])
    assert ghl.fired.names[-1] == "ContactDelete"


async def test_money_can_be_given_back() -> None:
    ghl = highlevel()

    *_, refunded = await told(
        ghl, ("invoices/pay", {"id": ghl.invoice()}), ("transactions/refund", {"id": "$", "amount": 21})
    )

    assert (refunded["amount"], refunded["amountRefunded"]) == (121, Decimal(21))


async def test_an_app_is_installed_with_tokens_and_uninstalled_without() -> None:
    ghl = highlevel()

    installed, uninstalled = await told(ghl, ("install", {}), ("uninstall", {}))

    assert (installed["locationId"], installed["companyId"]) == (ghl.location.id, COMPANY)
    assert uninstalled == {"locationId": ghl.location.id}
    with pytest.raises(Refusal):
        ghl.sandbox.access.bearer(f"Bearer {installed['access_token']}", "contacts.readonly")


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("invoices/frame", {}, "no deed invoices/frame"),
        ("invoices", {}, "invoices needs contact_id"),
        ("contacts/tag", {"id": "x"}, "contacts/tag needs tags"),
        ("contacts", {"location_id": "nowhere"}, "no location nowhere"),
    ],
)
async def test_what_cannot_be_done_as_told_says_why(name: str, body: dict[str, Any], words: str) -> None:
    with pytest.raises(DeedFailed, match=words):
        await told(highlevel(), (name, body))
