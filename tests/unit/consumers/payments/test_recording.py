from decimal import Decimal
from typing import Any

import pytest

from consumers.payments.actions import Action, Note, RecordInGhl, Reuse
from consumers.payments.book import Book
from consumers.payments.recording import new_receipts, record
from consumers.payments.view import View
from relay.store.ledger import Kind, LedgerRow, State
from schemas.reasons import Reason
from tests.givens.payments import (
    TODAY,
    ghl_side,
    row,
    settings,
    transaction,
    uuid,
    xero_credit,
    xero_invoice,
    xero_payment,
)


def recorded(book: Book, xero: Any, crm: Any, **chosen: Any) -> list[Action]:
    return list(record(book, View(xero, crm, settings(**chosen), TODAY)))


def short(actions: list[Action]) -> list[tuple[Any, ...]]:
    kinds = {RecordInGhl: "record", Note: "note", Reuse: "reuse"}
    return [
        (kinds[type(one)], one.external_id, one.amount)
        for one in actions
        if isinstance(one, RecordInGhl | Note | Reuse)
    ]


def test_payments_come_by_date_then_id() -> None:
    payments = [xero_payment(uuid(3), 10), xero_payment(uuid(1), 10), xero_payment(uuid(2), 10, Date="2026-11-01")]

    assert [one.external_id for one in new_receipts(Book([]), xero_invoice(*payments))] == [uuid(2), uuid(1), uuid(3)]


def test_no_more_is_recorded_than_highlevel_is_owed_and_the_rest_is_told() -> None:
    xero = xero_invoice(xero_payment(uuid(1), 60), xero_payment(uuid(2), 50))
    book = Book([])

    actions = recorded(book, xero, ghl_side(transaction(amount=40)))

    assert short(actions) == [("record", uuid(1), 60), ("record", uuid(2), 10), ("note", uuid(2), 40)]
    assert [(one.amount, one.recorded) for one in book.rows] == [(60, 60), (50, 10)]


def test_a_payment_that_does_not_fit_at_all_is_told_once() -> None:
    xero, crm = xero_invoice(xero_payment()), ghl_side(transaction(amount=110))
    book = Book([])

    assert short(recorded(book, xero, crm)) == [("note", uuid(1), 110)]
    assert recorded(book, xero, crm) == []


def test_uncovered_money_is_taken_over_oldest_first() -> None:
    gone = [row(uuid(8), 30, state=State.REVERSED), row(uuid(9), 30, state=State.REVERSED)]
    book = Book(gone)

    actions = recorded(book, xero_invoice(xero_payment(amount=50)), ghl_side(transaction(amount=60)))

    assert [(one.source, one.amount) for one in actions if isinstance(one, Reuse)] == [(uuid(8), 30), (uuid(9), 20)]
    assert [one.recorded for one in book.rows] == [0, 10, 50]


@pytest.mark.parametrize("status", ["draft", "void"])
def test_an_invoice_that_takes_no_payment_is_told_once(status: str) -> None:
    xero, crm = xero_invoice(xero_payment()), ghl_side(status=status)
    book = Book([])

    actions = recorded(book, xero, crm)

    assert actions == [Note(Reason.INVOICE_NOT_OPEN, uuid(1), Decimal(110))]
    assert recorded(book, xero, crm) == []


def test_a_payment_told_of_while_it_was_a_draft_is_recorded_once_it_is_sent() -> None:
    xero = xero_invoice(xero_payment())
    book = Book([])
    recorded(book, xero, ghl_side(status="draft"))

    assert short(recorded(book, xero, ghl_side())) == [("record", uuid(1), 110)]


def test_a_credit_is_recorded_with_mode_other() -> None:
    (action,) = recorded(Book([]), xero_invoice(credits_=[xero_credit()]), ghl_side(), payment_mode="cash")

    assert isinstance(action, RecordInGhl)
    assert (action.kind, action.mode, action.notes) == (
        Kind.CREDIT_NOTE,
        "other",
        f"Xero credit note {uuid(500)} (CN-1)",
    )


def test_the_growth_of_a_credit_is_a_row_of_its_own() -> None:
    first = row(uuid(500), 20, kind=Kind.CREDIT_NOTE, twin="t1")
    book = Book([first])

    actions = recorded(book, xero_invoice(credits_=[xero_credit(applied=30)]), ghl_side(transaction(amount=20)))

    assert short(actions) == [("record", f"{uuid(500)}:30.00", 10)]
    assert [one.amount for one in book.rows] == [20, 10]


def test_credits_are_only_told_when_so_chosen() -> None:
    book = Book([])
    xero = xero_invoice(credits_=[xero_credit()])

    assert recorded(book, xero, ghl_side(), record_credits="note") == [
        Note(Reason.CREDIT_NOTED, uuid(500), Decimal(20))
    ]
    assert recorded(book, xero, ghl_side(), record_credits="note") == []


@pytest.mark.parametrize(
    ("xero", "chosen"),
    [
        pytest.param(xero_invoice(xero_payment()), {"pull_payments": False}, id="switched off"),
        pytest.param(xero_invoice(xero_payment(), status="VOIDED"), {}, id="a void document"),
        pytest.param(xero_invoice(xero_payment(Status="DELETED")), {}, id="a deleted payment"),
    ],
)
def test_nothing_is_recorded_for(xero: Any, chosen: dict[str, Any]) -> None:
    assert recorded(Book([]), xero, ghl_side(), **chosen) == []


@pytest.mark.parametrize("known", [row(), row("t9", origin=row().origin.GHL, twin=uuid(1))])
def test_a_payment_known_by_id_or_twin_is_not_new(known: LedgerRow) -> None:
    assert recorded(Book([known]), xero_invoice(xero_payment()), ghl_side()) == []
