from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.sandbox.ghl_books import InvoiceFilter, ManualPayment
from relay.sandbox.ghl_errors import Refusal
from relay.sandbox.ghl_invoices import Status
from tests.givens.ghl_sandbox import HighLevel, highlevel, item

CENTS = st.integers(1, 12_100).map(lambda cents: Decimal(cents) / 100)


def act(ghl: HighLevel, deed: str, invoice_id: str) -> None:
    books, here = ghl.sandbox.books, ghl.location.id
    deeds: dict[str, Callable[[], object]] = {
        "send": lambda: books.send_invoice(here, invoice_id),
        "edit": lambda: books.edit_invoice(here, invoice_id, {"name": "Other"}),
        "void": lambda: books.void_invoice(here, invoice_id),
        "delete": lambda: books.delete_invoice(here, invoice_id),
        "pay": lambda: books.pay(here, invoice_id),
        "part": lambda: books.pay(here, invoice_id, Decimal(21)),
        "record": lambda: books.record_payment(here, invoice_id, ManualPayment("cash", Decimal(21))),
    }
    deeds[deed]()


@pytest.mark.parametrize(
    ("deeds", "status", "event"),
    [
        ([], "draft", "InvoiceCreate"),
        (["edit"], "draft", "InvoiceUpdate"),
        (["send"], "sent", "InvoiceSent"),
        (["send", "send"], "sent", "InvoiceSent"),
        (["send", "edit"], "sent", "InvoiceUpdate"),
        (["send", "part"], "partially_paid", "InvoicePartiallyPaid"),
        (["send", "record", "edit"], "partially_paid", "InvoiceUpdate"),
        (["send", "pay"], "paid", "InvoicePaid"),
        (["send", "part", "pay"], "paid", "InvoicePaid"),
        (["send", "void"], "void", "InvoiceVoid"),
    ],
)
def test_what_people_do_moves_the_status_and_is_fired(deeds: list[str], status: str, event: str) -> None:
    ghl = highlevel()
    invoice_id = ghl.invoice(draft=True)

    for deed in deeds:
        act(ghl, deed, invoice_id)

    assert ghl.sandbox.books.invoice(ghl.location.id, invoice_id).status == status
    assert (ghl.fired.names[-1], ghl.fired.last["status"]) == (event, status)


@pytest.mark.parametrize(
    ("deeds", "refused", "words"),
    [
        ([], "void", "Can not void draft invoice. You can delete draft invoice!"),
        ([], "pay", "draft status"),
        (["send"], "delete", "Invoice status need to be draft to delete an invoice"),
        (["send", "pay"], "edit", "paid status"),
        (["send", "pay"], "pay", "paid status"),
        (["send", "pay"], "void", "needs to be refunded first"),
        (["send", "void"], "void", "already void"),
        (["send", "void"], "send", "Void"),
        (["send", "void"], "edit", "void status"),
        (["send", "void"], "record", "void status"),
        (["delete"], "void", "Unable to find an invoice with the given invoice id"),
        (["delete"], "edit", "Unable to find an invoice with the given invoice id"),
    ],
)
def test_what_highlevel_forbids_changes_and_fires_nothing(deeds: list[str], refused: str, words: str) -> None:
    ghl = highlevel()
    invoice_id = ghl.invoice(draft=True)
    for deed in deeds:
        act(ghl, deed, invoice_id)
    before, fired = ghl.sandbox.books.snapshot(), list(ghl.fired.names)

    with pytest.raises(Refusal, match=words):
        act(ghl, refused, invoice_id)

    assert (ghl.sandbox.books.snapshot(), ghl.fired.names) == (before, fired)


def test_a_delete_is_fired_with_a_status_of_its_own() -> None:
    ghl = highlevel()

    act(ghl, "delete", ghl.invoice(draft=True))

    assert (ghl.fired.names[-1], ghl.fired.last["status"]) == ("InvoiceDelete", "delete")
    assert ghl.sandbox.books.invoices(ghl.location.id) == []


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (Decimal("121.01"), "greater than the amount due"),
        (Decimal(0), "positive"),
        (Decimal(-1), "positive"),
        (Decimal("0.001"), "whole currency units"),
    ],
)
def test_an_amount_that_cannot_be_paid_is_refused(amount: Decimal, words: str) -> None:
    ghl = highlevel()
    invoice_id = ghl.invoice()

    with pytest.raises(Refusal, match=words) as refused:
        ghl.sandbox.books.record_payment(ghl.location.id, invoice_id, ManualPayment("cash", amount))

    assert refused.value.status == 422


@given(st.lists(CENTS, max_size=12))
def test_what_is_paid_and_what_is_due_always_add_up_to_the_total(amounts: list[Decimal]) -> None:
    ghl = highlevel()
    invoice = ghl.sandbox.books.invoice(ghl.location.id, ghl.invoice())

    for amount in amounts:
        if amount <= invoice.due:
            ghl.sandbox.books.record_payment(ghl.location.id, invoice.id, ManualPayment("cash", amount))

    answer = invoice.answer()
    rows = ghl.sandbox.books.transactions(ghl.location.id, entity_id=invoice.id)
    assert answer["amountPaid"] + answer["amountDue"] == answer["total"] == Decimal(121)
    assert sum((row.amount for row in rows), Decimal(0)) == answer["amountPaid"]
    assert (answer["status"] == "paid") == (answer["amountDue"] == 0)


def test_two_equal_payments_are_two_payments() -> None:
    ghl = highlevel()
    invoice_id, payment = ghl.invoice(), ManualPayment("cash", Decimal(21), meta={"xero_payment_id": "p-1"})

    for _ in range(2):
        ghl.sandbox.books.record_payment(ghl.location.id, invoice_id, payment)

    assert len(ghl.sandbox.books.transactions(ghl.location.id, entity_id=invoice_id)) == 2


def test_a_refund_is_seen_on_the_transaction_alone() -> None:
    ghl = highlevel()
    invoice_id = ghl.invoice()
    transaction, fired = ghl.sandbox.books.pay(ghl.location.id, invoice_id), list(ghl.fired.names)

    ghl.sandbox.books.refund(ghl.location.id, transaction.id, Decimal(20))
    with pytest.raises(Refusal):
        ghl.sandbox.books.refund(ghl.location.id, transaction.id, Decimal("101.01"))

    assert transaction.refunded == 20
    assert ghl.sandbox.books.invoice(ghl.location.id, invoice_id).status == "paid"
    assert ghl.fired.names == fired


def test_a_fully_refunded_invoice_can_be_voided() -> None:
    ghl = highlevel()
    invoice_id = ghl.invoice()
    transaction = ghl.sandbox.books.pay(ghl.location.id, invoice_id)

    ghl.sandbox.books.refund(ghl.location.id, transaction.id)
    invoice = ghl.sandbox.books.void_invoice(ghl.location.id, invoice_id)

    assert (invoice.status, invoice.due) == (Status.VOID, 0)


def test_an_edit_that_makes_it_cheaper_than_what_is_paid_makes_it_paid() -> None:
    ghl = highlevel()
    invoice_id = ghl.invoice()
    ghl.sandbox.books.pay(ghl.location.id, invoice_id, Decimal(50))

    invoice = ghl.sandbox.books.edit_invoice(ghl.location.id, invoice_id, {"invoiceItems": [item(amount=40)]})

    assert (invoice.status, invoice.totals.total, invoice.due) == (Status.PAID, 40, 0)


def test_numbers_count_up_by_location() -> None:
    ghl = highlevel()
    other = ghl.sandbox.add_location("Other", "company")

    made = [
        ghl.sandbox.books.create_invoice(place, ghl.invoice_body()) for place in (ghl.location.id,) * 2 + (other.id,)
    ]

    assert [invoice.fields["invoiceNumber"] for invoice in made] == ["1", "2", "1"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (InvoiceFilter(), ["roof", "b", "a"]),
        (InvoiceFilter(ascending=True), ["a", "b", "roof"]),
        (InvoiceFilter(status="sent"), ["a"]),
        (InvoiceFilter(start_at="2026-02-01", end_at="2026-02-28"), ["b"]),
        (InvoiceFilter(search="ROOF"), ["roof"]),
        (InvoiceFilter(search="ada@"), ["roof", "b", "a"]),
        (InvoiceFilter(live=False), ["roof"]),
        (InvoiceFilter(contact_id="nobody"), []),
    ],
)
def test_invoices_are_listed_by_issue_date_and_filter(wanted: InvoiceFilter, names: list[str]) -> None:
    ghl = highlevel()
    ghl.invoice(name="a", issueDate="2026-01-31")
    ghl.invoice(name="b", issueDate="2026-02-10", draft=True)
    ghl.invoice(name="roof", issueDate="2026-03-01", liveMode=False, draft=True)

    found = ghl.sandbox.books.invoices(ghl.location.id, wanted)

    assert [invoice.fields["name"] for invoice in found] == names


def test_the_snapshot_holds_both_money_and_people() -> None:
    ghl = highlevel()
    contact_id = ghl.contact(tags=["vip"])
    ghl.sandbox.books.contacts.add_note(ghl.location.id, contact_id, {"body": "hello"})
    ghl.sandbox.books.pay(ghl.location.id, ghl.invoice(contact_id=contact_id))

    snapshot = ghl.sandbox.books.snapshot()

    assert [(one["status"], one["amountPaid"]) for one in snapshot["invoices"]] == [("paid", Decimal(121))]
    assert [one["amount"] for one in snapshot["transactions"]] == [Decimal(121)]
    assert [(one["tags"], one["notes"][0]["body"]) for one in snapshot["contacts"]] == [(["vip"], "hello")]
