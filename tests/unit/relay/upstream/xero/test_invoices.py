from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from relay.upstream.errors import KeyReused, OutcomeUnknown, Refused
from relay.upstream.ports import ElementRefused
from relay.upstream.xero.invoices import Invoices, create_request, update_request
from tests.givens.upstream import Script, answer, text, xero_caller


def held(number: str = "INV-1", **changes: Any) -> dict[str, Any]:
    """Return an invoice as Xero answers it."""
    return {
        "InvoiceID": f"id-{number}",
        "InvoiceNumber": number,
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": "contact-1"},
        "Date": "/Date(1552262400000+0000)/",
        "DueDate": None,
        "LineItems": [{"Description": None, "UnitAmount": 20.1250, "Quantity": 2.0}],
        "Total": 40.25,
        "Payments": [{"PaymentID": "pay-1", "Amount": 10.1}],
        "CreditNotes": [{"CreditNoteID": "credit-1", "AppliedAmount": 5.0}],
        "UpdatedDateUTC": "/Date(1552327126117+0000)/",
        "StatusAttributeString": "OK",
        **changes,
    }


def rejected(number: str, message: str) -> dict[str, Any]:
    return held(number, HasErrors=True, StatusAttributeString="ERROR", ValidationErrors=[{"Message": message}])


def invoices(*elements: dict[str, Any]) -> Any:
    return answer({"Id": "1", "Status": "OK", "Invoices": list(elements)})


async def test_invoices_are_read_forty_at_a_time_with_their_lines() -> None:
    vendor = Script(invoices(held()), invoices())

    found = await Invoices(xero_caller(vendor)).read([f"{number:036}" for number in range(41)])

    queries = [parse_qs(urlsplit(str(sent.url)).query) for sent in vendor.requests]
    assert [len(query.pop("IDs")[0].split(",")) for query in queries] == [40, 1]
    assert queries == [{"page": ["1"], "pageSize": ["100"], "unitdp": ["4"]}] * 2
    assert [invoice.invoice_id for invoice in found] == ["id-INV-1"]


async def test_an_invoice_is_read_with_contact_lines_payments_and_credits_to_the_digit() -> None:
    [invoice] = await Invoices(xero_caller(Script(invoices(held())))).read(["id-INV-1"])

    assert invoice.contact_id == "contact-1"
    assert (invoice.lines[0].unit_amount, invoice.total) == (Decimal("20.125"), Decimal("40.25"))
    assert (invoice.payments[0].amount, invoice.credit_notes[0].applied_amount) == (Decimal("10.1"), Decimal("5.0"))


async def test_nothing_asked_is_nothing_called() -> None:
    vendor = Script(invoices())
    client = Invoices(xero_caller(vendor))

    assert [*await client.read([]), *await client.create([], key="k"), *await client.update([], key="k")] == []
    assert vendor.requests == []


async def test_numbers_are_looked_up_in_one_list_but_for_those_with_a_comma() -> None:
    vendor = Script(invoices(held("INV-1")), invoices(held("2,5")))

    found = await Invoices(xero_caller(vendor)).by_numbers(["INV-1", "INV&2", "2,5"])

    queries = [parse_qs(urlsplit(str(sent.url)).query) for sent in vendor.requests]
    assert queries[0]["InvoiceNumbers"] == ["INV-1,INV&2"]
    assert queries[1]["where"] == ['InvoiceNumber=="2,5"']
    assert [invoice.number for invoice in found] == ["INV-1", "2,5"]


async def test_a_bill_with_the_same_number_is_not_ours() -> None:
    vendor = Script(invoices(held("INV-1", Type="ACCPAY"), held("INV-1", InvoiceID="ours")))

    found = await Invoices(xero_caller(vendor)).by_numbers(["INV-1"])

    assert [invoice.invoice_id for invoice in found] == ["ours"]


async def test_creating_never_overwrites_and_asks_for_an_answer_per_document() -> None:
    vendor = Script(invoices(held("INV-1"), rejected("INV-2", "Invoice # must be unique.")))
    documents = [{"InvoiceNumber": "INV-1", "Total": Decimal("40.250")}, {"InvoiceNumber": "INV-2"}]

    created, refused = await Invoices(xero_caller(vendor)).create(documents, key="key-1")

    assert vendor.paths == ["PUT /api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4"]
    assert vendor.requests[0].headers["idempotency-key"] == "key-1"
    assert b'"Total":40.250' in vendor.requests[0].content
    assert created.invoice_id == "id-INV-1"
    assert refused == ElementRefused(("Invoice # must be unique.",))


async def test_an_update_names_the_document_it_changes() -> None:
    vendor = Script(invoices(held(Status="VOIDED")))

    [voided] = await Invoices(xero_caller(vendor)).update([{"InvoiceID": "ID-inv-1", "Status": "VOIDED"}], key="k")

    assert vendor.paths == ["POST /api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4"]
    assert voided.status == "VOIDED"


def test_an_update_without_an_id_is_a_bug() -> None:
    with pytest.raises(ValueError, match="without InvoiceID"):
        update_request([{"InvoiceID": "1"}, {"InvoiceNumber": "INV-2"}], "k")


async def test_what_is_stored_to_be_sent_again_is_what_was_sent() -> None:
    vendor = Script(invoices(held("INV-1")))
    documents = [{"InvoiceNumber": "INV-1", "Total": Decimal("1.10")}]

    request = create_request(documents, "key-1")
    await Invoices(xero_caller(vendor)).create(documents, key="key-1")

    sent = vendor.requests[0]
    assert (request.method, request.body) == (sent.method, sent.content)
    assert vendor.paths == [f"PUT /api.xro/2.0{request.path}"]


@pytest.mark.parametrize(
    ("response", "error"),
    [
        pytest.param(invoices(), OutcomeUnknown, id="fewer answers than documents"),
        pytest.param(invoices(held("INV-9")), OutcomeUnknown, id="another document's answer"),
        pytest.param(invoices(held("INV-1", Total="forty")), OutcomeUnknown, id="an answer that cannot be read"),
        pytest.param(text("<html>", 200), OutcomeUnknown, id="no JSON"),
        pytest.param(
            answer({"ErrorNumber": 10, "Message": "Idempotency Key: k is used with a different request."}, 400),
            KeyReused,
            id="a used key",
        ),
        pytest.param(answer({"ErrorNumber": 17, "Message": "JSON for post data was invalid"}, 400), Refused, id="400"),
    ],
)
async def test_a_write_that_is_not_clearly_answered_is_not_taken_as_done(response: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        await Invoices(xero_caller(Script(response))).create([{"InvoiceNumber": "INV-1"}], key="k")
