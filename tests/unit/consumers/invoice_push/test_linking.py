from dataclasses import replace
from decimal import Decimal
from typing import Any

from consumers.invoice_push import linking
from relay.store.links import InvoiceLink, LinkState
from schemas import ghl, xero
from tests.givens.mapping import an_invoice, an_item
from tests.givens.store import connection, link

LINKED = link(state=LinkState.LINKED, xero_invoice_id="document-1", line_item_ids={"item-1": "line-1", "old": "line-2"})


def an_answer(*line_ids: str, **given: Any) -> xero.Invoice:
    values = {
        "InvoiceID": "document-1",
        "InvoiceNumber": "CRM-19",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": "contact-x"},
        "LineItems": [{"LineItemID": line_id} for line_id in line_ids],
        "Total": Decimal("110.00"),
        "AmountPaid": Decimal("10.00"),
    }
    return xero.read_invoice(values | given)


def test_a_link_is_intended_under_the_number_of_its_document() -> None:
    document = {"InvoiceNumber": "CRM-19", "Contact": {"ContactID": "contact-x"}}

    found = linking.intended(connection(), an_invoice(an_item(), total=100), document)

    assert (found.state, found.number, found.xero_contact_id) == (LinkState.INTENDED, "CRM-19", "contact-x")
    assert found.id == linking.link_id("connection-1", "invoice-1") != linking.link_id("connection-2", "invoice-1")
    assert linking.linked_invoice(found) is None


def test_what_was_written_is_kept_with_its_lines_in_order() -> None:
    invoice = an_invoice(an_item(), an_item(_id="item-2"), total=110)

    found = linking.written(link(), invoice, an_answer("line-1", "line-2", "rounding"), content={"Date": "2026-11-20"})

    assert (found.state, found.xero_invoice_id, found.number) == (LinkState.LINKED, "document-1", "CRM-19")
    assert (found.total, found.amount_paid) == (Decimal("110.00"), Decimal("10.00"))
    assert found.line_item_ids == {"item-1": "line-1", "item-2": "line-2"}
    assert found.digest
    assert (found.xero_updated_at, found.ghl_read_at) == (None, None)


def test_a_read_forgets_lines_that_are_gone_and_keeps_what_it_was_not_told() -> None:
    assert linking.read(LINKED, an_answer("line-1")).line_item_ids == {"item-1": "line-1"}
    assert linking.read(LINKED, an_answer()).line_item_ids == LINKED.line_item_ids
    assert linking.read(LINKED, an_answer("line-1")).digest == LINKED.digest


def test_an_answer_without_lines_leaves_them_as_they_were() -> None:
    gone = ghl.Invoice.model_validate({"_id": "invoice-1", "status": "delete", "total": 0})

    found = linking.written(LINKED, gone, an_answer(), content=None)

    assert found.line_item_ids == LINKED.line_item_ids


def test_fewer_lines_than_items_are_matched_to_nothing() -> None:
    items = an_invoice(an_item(), an_item(_id="item-2"), total=0).items

    assert linking.line_item_ids(items, an_answer("line-1").lines) == {}


def test_the_mapping_is_told_of_a_linked_document() -> None:
    given: InvoiceLink = replace(LINKED, xero_status="AUTHORISED", total=Decimal(5))

    found = linking.linked_invoice(given, an_answer(Date="2026-11-20"))

    assert found is not None
    assert (found.invoice_id, found.status, found.total, str(found.dated)) == (
        "document-1",
        "AUTHORISED",
        Decimal(5),
        "2026-11-20",
    )
