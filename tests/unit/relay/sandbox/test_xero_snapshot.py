import json
from decimal import Decimal

from tests.givens.xero_sandbox import a_sandbox, an_invoice


def test_a_snapshot_is_plain_json_with_exact_amounts() -> None:
    sandbox = a_sandbox()
    books, tenant = sandbox.books, sandbox.tenant_id
    books.create_invoice(tenant, an_invoice(InvoiceNumber="A-1", Reference="r"))
    books.enter_payment(tenant, "A-1", Decimal(10))
    books.allocate_credit(tenant, "A-1", Decimal(5))
    books.tenants[tenant].add_history("document", "Seen")

    shown = json.loads(json.dumps(books.snapshot()))[tenant]

    (invoice,) = shown["invoices"]
    assert [invoice[key] for key in ("total", "amount_paid", "amount_credited", "amount_due", "total_tax")] == [
        "110.00",
        "10.00",
        "5.00",
        "95.00",
        "10.00",
    ]
    assert (invoice["number"], invoice["reference"], invoice["status"]) == ("A-1", "r", "AUTHORISED")
    assert [line["unit_amount"] for line in invoice["lines"]] == ["100.0000"]
    assert [payment["amount"] for payment in invoice["payments"]] == ["10.00"]
    assert [contact["name"] for contact in shown["contacts"]] == ["Sample Customer"]
    assert [(credit["total"], credit["remaining"]) for credit in shown["credits"]] == [("5.00", "0.00")]
    assert shown["history"] == {"document": ["Seen"]}
