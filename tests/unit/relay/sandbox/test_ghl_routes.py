from decimal import Decimal
from typing import Any

import pytest

from relay.sandbox.ghl_json import loads
from tests.givens.ghl_sandbox import highlevel


async def test_an_invoice_is_created_read_sent_and_listed() -> None:
    ghl = highlevel()

    created = await ghl.ask("POST", "/invoices/", ghl.invoice_body(name="Website"))
    invoice_id = created.json()["_id"]
    sending = {**ghl.alt, "userId": "u-1", "action": "email", "liveMode": True}
    sent = await ghl.ask("POST", f"/invoices/{invoice_id}/send", sending)
    read = await ghl.get(f"/invoices/{invoice_id}")
    listed = await ghl.get("/invoices/", limit="10", offset="0")

    assert (created.status_code, created.json()["status"], created.json()["total"]) == (200, "draft", 121)
    assert sent.json()["invoice"]["status"] == read["status"] == "sent"
    assert read["invoiceItems"][0]["taxes"][0]["rate"] == 10
    assert (listed["total"], [one["_id"] for one in listed["invoices"]]) == (1, [invoice_id])


async def test_an_update_replaces_the_lines() -> None:
    ghl = highlevel()
    body = ghl.invoice_body()
    lines = [*body["items"], {"name": "Hosting", "currency": "AUD", "qty": 12, "amount": Decimal("9.95")}]
    update = {**ghl.alt, "name": "Website", "currency": "AUD", "invoiceItems": lines}

    answer = await ghl.ask(
        "PUT", f"/invoices/{ghl.invoice()}", update | {"issueDate": "2026-11-20", "dueDate": "2026-12-20"}
    )

    assert loads(answer.content)["total"] == Decimal("240.4")
    assert answer.json()["dueDate"] == "2026-12-20"


async def test_drafts_are_deleted_and_others_voided() -> None:
    ghl = highlevel()
    draft, sent = ghl.invoice(draft=True), ghl.invoice()

    deleted = await ghl.ask("DELETE", f"/invoices/{draft}", params=ghl.alt)
    voided = await ghl.ask("POST", f"/invoices/{sent}/void", ghl.alt)
    refused = await ghl.ask("DELETE", f"/invoices/{sent}", params=ghl.alt)

    assert (deleted.status_code, voided.json()["status"], refused.status_code) == (200, "void", 400)
    assert (await ghl.ask("GET", f"/invoices/{draft}", params=ghl.alt)).status_code == 404


async def test_a_recorded_payment_becomes_a_transaction_with_its_marks() -> None:
    ghl = highlevel()
    invoice_id = ghl.invoice()
    body = ghl.payment_body(
        amount=Decimal("20.5"),
        mode="card",
        card={"brand": "amex", "last4": "0005"},
        meta={"xero_payment_id": "p-1"},
        fulfilledAt="2026-11-20T12:00:00.000Z",
    )

    answer = await ghl.ask("POST", f"/invoices/{invoice_id}/record-payment", body)
    listed = await ghl.get("/payments/transactions", entityId=invoice_id)

    (row,) = listed["data"]
    assert answer.json()["success"] is True
    assert answer.json()["invoice"]["status"] == "partially_paid"
    assert (row["amount"], row["status"], row["fulfilledAt"]) == (
        Decimal("20.5"),
        "succeeded",
        "2026-11-20T12:00:00.000Z",
    )
    assert row["paymentMethod"] == {"card": {"brand": "amex", "last4": "0005"}}
    assert (row["meta"], row["notes"]) == ({"xero_payment_id": "p-1"}, "paid in Xero")
    assert await ghl.get(f"/payments/transactions/{row['_id']}") == {**_of_one(row), "invoiceId": invoice_id}
    assert ghl.fired.names[-1] == "InvoicePartiallyPaid"


def _of_one(row: dict[str, Any]) -> dict[str, Any]:
    listed_only = {"contactName", "contactEmail", "paymentProviderType"}
    shared = {key: value for key, value in row.items() if key not in listed_only and not key.startswith("entitySource")}
    source = {"type": "invoice", "id": row["entityId"], "name": "Website"}
    return {**shared, "entitySource": source, "paymentProvider": {"type": "manual"}, "qboSynced": False}


async def test_marks_are_not_given_back_where_the_behaviour_says_so() -> None:
    ghl = highlevel(returns_marks=False)
    invoice_id = ghl.invoice()
    await ghl.ask("POST", f"/invoices/{invoice_id}/record-payment", ghl.payment_body(meta={"xero_payment_id": "p"}))

    (row,) = (await ghl.get("/payments/transactions", entityId=invoice_id))["data"]

    assert not {"meta", "notes"} & row.keys()


@pytest.mark.parametrize(
    "change", [{"amount": 122}, {"amount": 0}, {"fulfilledAt": "yesterday"}, {"notes": None}, {"mode": "bitcoin"}]
)
async def test_a_payment_that_does_not_fit_is_422_and_leaves_nothing(change: dict[str, Any]) -> None:
    ghl = highlevel()
    invoice_id = ghl.invoice()

    answer = await ghl.ask("POST", f"/invoices/{invoice_id}/record-payment", ghl.payment_body(**change))

    assert answer.status_code == 422
    assert (await ghl.get("/payments/transactions", entityId=invoice_id))["totalCount"] == 0


async def test_transactions_come_in_tens_unless_asked_otherwise() -> None:
    ghl = highlevel()
    invoice_id = ghl.invoice()
    for _ in range(12):
        await ghl.ask("POST", f"/invoices/{invoice_id}/record-payment", ghl.payment_body(amount=1))

    first = await ghl.get("/payments/transactions", entityId=invoice_id)
    rest = await ghl.get("/payments/transactions", entityId=invoice_id, offset="10")
    none = await ghl.get("/payments/transactions", entityId="another")

    assert (len(first["data"]), first["totalCount"], len(rest["data"]), none["data"]) == (10, 12, 2, [])
    assert len({row["_id"] for row in first["data"] + rest["data"]}) == 12


@pytest.mark.parametrize("query", [{"limit": "ten"}, {"offset": "-1"}])
async def test_a_page_that_is_no_number_is_422(query: dict[str, str]) -> None:
    ghl = highlevel()

    answer = await ghl.ask("GET", "/payments/transactions", params=ghl.alt | query)

    assert answer.status_code == 422


async def test_a_contact_is_made_read_changed_tagged_and_noted() -> None:
    ghl = highlevel()

    made = await ghl.ask("POST", "/contacts/", {"locationId": ghl.location.id, "firstName": "Ada", "tags": ["vip"]})
    path = f"/contacts/{made.json()['contact']['id']}"
    changed = await ghl.ask("PUT", path, {"email": "ada@example.com"})
    tagged = await ghl.ask("POST", f"{path}/tags", {"tags": ["paid"]})
    untagged = await ghl.ask("DELETE", f"{path}/tags", {"tags": ["vip"]})
    noted = await ghl.ask("POST", f"{path}/notes", {"body": "hello"})
    notes = await ghl.ask("GET", f"{path}/notes")
    read = await ghl.ask("GET", path)

    assert (made.status_code, tagged.status_code, noted.status_code) == (201, 201, 201)
    assert changed.json()["succeded"] is True
    assert (tagged.json(), untagged.json()) == ({"tags": ["vip", "paid"]}, {"tags": ["paid"]})
    assert notes.json()["notes"] == [noted.json()["note"]]
    assert (read.json()["contact"]["email"], read.json()["contact"]["tags"]) == ("ada@example.com", ["paid"])
    assert (await ghl.ask("DELETE", path)).json() == {"succeded": True}
    assert (await ghl.ask("GET", path)).status_code == 404


async def test_an_invoice_for_nobody_is_refused() -> None:
    ghl = highlevel()

    answer = await ghl.ask("POST", "/invoices/", ghl.invoice_body(contact_id="nobody"))

    assert answer.status_code == 404
    assert ghl.fired.names == []
