from decimal import Decimal

import pytest

from consumers.payments.actions import Reverse
from consumers.payments.book import Book
from consumers.payments.reversals import reverse_gone, tell_uncovered
from relay.store.ledger import Kind, LedgerRow, Origin, State
from schemas import xero
from tests.givens.payments import row, uuid, xero_credit, xero_invoice, xero_payment

CREDIT = row(uuid(500), 20, kind=Kind.CREDIT_NOTE, twin="t1")
GROWN = row(f"{uuid(500)}:50.00", 30, kind=Kind.CREDIT_NOTE, twin="t2")
OURS = row("t1", origin=Origin.GHL, twin=uuid(9))


@pytest.mark.parametrize(
    ("ledger", "invoice", "told"),
    [
        pytest.param([row()], xero_invoice(xero_payment()), [], id="what stands"),
        pytest.param([row()], xero_invoice(), [(uuid(1), 110)], id="what is not listed any more"),
        pytest.param([row()], xero_invoice(xero_payment(Status="DELETED")), [(uuid(1), 110)], id="what is deleted"),
        pytest.param([OURS], xero_invoice(), [("t1", 110)], id="our own payment"),
        pytest.param([row(recorded=0)], xero_invoice(), [], id="what was never recorded"),
        pytest.param([CREDIT, GROWN], xero_invoice(credits_=[xero_credit(applied=50)]), [], id="credits that stand"),
        pytest.param(
            [CREDIT, GROWN],
            xero_invoice(credits_=[xero_credit(applied=40)]),
            [(f"{uuid(500)}:50.00", 10)],
            id="a credit lowered: the latest row first",
        ),
        pytest.param(
            [CREDIT, GROWN],
            xero_invoice(credits_=[xero_credit(applied=5)]),
            [(uuid(500), 15), (f"{uuid(500)}:50.00", 30)],
            id="a credit lowered by more than its latest row",
        ),
        pytest.param(
            [row()], xero_invoice(amount_paid=Decimal(110)), [], id="a list that does not add up proves nothing"
        ),
        pytest.param([row(state=State.IGNORED)], xero_invoice(), [], id="what a person discarded"),
    ],
)
def test_what_is_gone_from_xero_and_still_shown_is_told(
    ledger: list[LedgerRow], invoice: xero.Invoice, told: list[tuple[str, int]]
) -> None:
    book = Book(ledger)

    reverses = tell_uncovered(book, reverse_gone(book, invoice))

    assert [(one.external_id, one.amount) for one in reverses] == told


def test_it_is_told_in_the_round_it_is_seen_and_not_again() -> None:
    book = Book([row()])
    reverse_gone(book, xero_invoice())

    assert book.rows[0].state is State.REVERSED
    assert tell_uncovered(book, reverse_gone(book, xero_invoice())) == []


def test_a_lowered_credit_keeps_the_rest() -> None:
    book = Book([CREDIT])
    keys = reverse_gone(book, xero_invoice(credits_=[xero_credit(applied=12)]))

    assert tell_uncovered(book, keys) == [Reverse(Origin.XERO, uuid(500), Decimal(8))]
    assert (book.rows[0].amount, book.rows[0].state) == (12, State.APPLIED)
