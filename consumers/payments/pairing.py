"""The same money entered on both sides by people, or by us under a lost ledger (mapping.md 6, rule 2). Pure.

Two real payments taken for one leave a visible debt and heal with the next entry; one taken for two would hide one.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from consumers.payments.actions import Pair
from consumers.payments.book import Book
from consumers.payments.days import day_of
from consumers.payments.echoes import marked_receipt, marked_transaction
from consumers.payments.receipts import document_of, live_payments
from consumers.payments.recording import new_receipts
from consumers.payments.view import View, net
from relay.store.ledger import Kind, LedgerRow, Origin, State
from schemas import ghl, xero
from schemas.money import ZERO

NEAR_DAYS: Final = 5


def pair(book: Book, view: View) -> Sequence[Pair]:
    """Put rows for money that both sides hold already into the book; nothing is written to either."""
    if view.xero is None or view.ghl is None:
        return []
    return [*_pair_recorded(book, view, view.xero), *_pair_paid(book, view, view.xero), *_pair_equal(book, view)]


def _pair_recorded(book: Book, view: View, invoice: xero.Invoice) -> Iterator[Pair]:
    """Pair transactions that carry the mark of our record with the money they name, of any amount."""
    for transaction in view.transactions:
        mark = marked_receipt(transaction)
        if mark is None or book.row_of_transaction(transaction.id) is not None:
            continue
        named = [new for new in new_receipts(book, invoice) if new.receipt.document == document_of(mark)]
        row = book.get(Origin.XERO, mark)
        if not named or (row is not None and row.twin is not None):
            continue
        new = named[0]
        amount = new.amount if new.receipt.kind is Kind.PAYMENT else min(new.amount, transaction.amount)
        yield _paired(book, new.receipt.kind, mark, amount=amount, transaction=transaction)


def _pair_paid(book: Book, view: View, invoice: xero.Invoice) -> Iterator[Pair]:
    """Pair payments that carry the mark of our push with the transaction they name, of any amount."""
    for payment in live_payments(invoice):
        named = [
            transaction
            for transaction in view.transactions
            if transaction.id == marked_transaction(payment) and book.is_new(transaction)
        ]
        if named and not book.knows_payment(payment.payment_id):
            yield _paired(book, Kind.PAYMENT, payment.payment_id, amount=payment.amount, transaction=named[0])


def _pair_equal(book: Book, view: View) -> Iterator[Pair]:
    """Pair what people entered twice: equal amounts, nearest date first."""
    pairs = sorted(_equal(book, view), key=lambda one: (one[0], one[1].date or date.max, one[1].payment_id, one[2].id))
    for _, payment, transaction in pairs:
        if not book.knows_payment(payment.payment_id) and book.is_new(transaction):
            yield _paired(book, Kind.PAYMENT, payment.payment_id, amount=payment.amount, transaction=transaction)


def _equal(book: Book, view: View) -> Iterator[tuple[int, xero.Payment, ghl.Transaction]]:
    if view.xero is None or view.ghl is None:
        return
    for payment in live_payments(view.xero):
        if payment.amount <= 0 or book.knows_payment(payment.payment_id):
            continue
        owed = max(view.xero.amount_due, view.ghl.invoice.amount_due) >= payment.amount
        for transaction in view.transactions:
            if net(transaction) != payment.amount or not book.is_new(transaction):
                continue
            apart = _days_apart(payment, transaction, view.settings.timezone)
            if not view.settings.push_payments or apart <= NEAR_DAYS or not owed:
                yield apart, payment, transaction


def _days_apart(payment: xero.Payment, transaction: ghl.Transaction, timezone: str) -> int:
    """Return the distance of the two days; an unknown day counts as just near enough."""
    day = day_of(transaction.fulfilled_at or transaction.created_at, timezone)
    return abs((payment.date - day).days) if payment.date and day else NEAR_DAYS


def _paired(book: Book, kind: Kind, external_id: str, *, amount: Decimal, transaction: ghl.Transaction) -> Pair:
    """Remember the pair. Where the amount is what is left after refunds, these are no news; else they are told."""
    refunded = transaction.amount_refunded if amount == net(transaction) else ZERO
    book.put(
        LedgerRow(
            origin=Origin.XERO,
            kind=kind,
            external_id=external_id,
            amount=amount,
            recorded=min(transaction.amount, amount + transaction.amount_refunded),
            refunded=refunded,
            state=State.APPLIED,
            twin=transaction.id,
        )
    )
    return Pair(external_id, transaction.id, amount)
