from typing import Any

import pytest

from consumers.payments.actions import Action, DeadLetter, PayInXero, Refund, Wait
from consumers.payments.book import Book
from consumers.payments.pushing import account_of, method_of, push, tell_refunds
from consumers.payments.view import View
from relay.store.ledger import Origin, State
from schemas.reasons import Reason
from tests.givens.payments import PUSHING, TODAY, ghl_side, row, settings, transaction, uuid, xero_invoice


def pushed(book: Book, xero: Any, crm: Any, **chosen: Any) -> list[Action]:
    return list(push(book, View(xero, crm, settings(**{**PUSHING, **chosen}), TODAY)))


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ({"card": {"brand": "visa"}}, "card"),
        ({"us_bank_account": {}}, "bank_transfer"),
        ({"sepa_debit": {}}, "bank_transfer"),
        ({"cheque": {"number": ""}}, "cheque"),
        ("cash", "cash"),
        ({"klarna": {}}, "other"),
        ({}, "other"),
        (None, "other"),
        ([1], "other"),
    ],
)
def test_the_method_is_the_first_key_we_know(method: Any, name: str) -> None:
    assert method_of(transaction(paymentMethod=method)) == name


def test_a_method_without_an_account_takes_the_default() -> None:
    chosen = settings(payment_account_map={"card": None, "default": "090"})

    assert account_of(transaction(), chosen) == "090"


def test_new_transactions_go_to_xero_after_refunds_and_by_day() -> None:
    crm = ghl_side(transaction("t1", 60, amountRefunded=20), transaction("t2", 30, fulfilledAt="2026-11-01T00:00:00Z"))
    book = Book([])

    actions = pushed(book, xero_invoice(), crm)

    assert [(one.external_id, one.amount) for one in actions if isinstance(one, PayInXero)] == [("t2", 30), ("t1", 40)]
    assert [(one.amount, one.recorded, one.refunded) for one in book.rows] == [(30, 30, 0), (60, 40, 20)]
    assert tell_refunds(book, View(None, crm, settings(), TODAY)) == []


@pytest.mark.parametrize(
    ("xero", "chosen", "step", "reason"),
    [
        pytest.param(xero_invoice(status="DRAFT"), {}, Wait, Reason.NOT_APPROVED, id="a draft"),
        pytest.param(xero_invoice(status="SUBMITTED"), {}, Wait, Reason.NOT_APPROVED, id="not approved"),
        pytest.param(xero_invoice(status="VOIDED"), {}, DeadLetter, Reason.INVOICE_NOT_OPEN, id="void"),
        pytest.param(
            xero_invoice(), {"payment_account_map": {}}, DeadLetter, Reason.ACCOUNT_UNUSABLE, id="no account is chosen"
        ),
        pytest.param(xero_invoice(total=100), {}, DeadLetter, Reason.PAYMENT_TOO_LARGE, id="more than is owed"),
    ],
)
def test_what_cannot_be_pushed_says_why(xero: Any, chosen: dict[str, Any], step: type, reason: Reason) -> None:
    book = Book([])

    (action,) = pushed(book, xero, ghl_side(transaction(amount=110)), **chosen)

    assert isinstance(action, step)
    assert getattr(action, "reason", None) is reason
    assert book.rows == ()


def test_one_round_never_pays_more_than_is_owed() -> None:
    crm = ghl_side(transaction("t1", 80), transaction("t2", 50), total=130)

    first, second = pushed(Book([]), xero_invoice(), crm)

    assert isinstance(first, PayInXero)
    assert isinstance(second, DeadLetter)


@pytest.mark.parametrize(
    ("crm", "chosen"),
    [
        pytest.param(ghl_side(transaction()), {"push_payments": False}, id="switched off"),
        pytest.param(ghl_side(readable=False, amountPaid=110), {}, id="transactions cannot be read"),
        pytest.param(ghl_side(transaction(amount=50), amountPaid=110), {}, id="more is paid than is listed"),
        pytest.param(ghl_side(transaction(status="pending")), {}, id="not succeeded"),
        pytest.param(ghl_side(transaction(amountRefunded=110)), {}, id="refunded altogether"),
        pytest.param(ghl_side(transaction(meta={"xero_payment_id": uuid(1)})), {}, id="our own record"),
    ],
)
def test_nothing_is_pushed_when(crm: Any, chosen: dict[str, Any]) -> None:
    assert pushed(Book([]), xero_invoice(), crm, **chosen) == []


def test_a_discarded_transaction_is_never_asked_about_again() -> None:
    book = Book([row("t1", origin=Origin.GHL, state=State.IGNORED)])
    crm = ghl_side(transaction(amount=500, amountRefunded=10))

    assert pushed(book, xero_invoice(), crm) == []
    assert tell_refunds(book, View(None, crm, settings(), TODAY)) == []


def test_the_growth_of_a_refund_is_told_once() -> None:
    book = Book([row("t1", origin=Origin.GHL, twin=uuid(9), refunded=10)])
    view = View(None, ghl_side(transaction(amountRefunded=30)), settings(), TODAY)

    assert list(tell_refunds(book, view)) == [Refund("t1", 20)]
    assert list(tell_refunds(book, view)) == []
