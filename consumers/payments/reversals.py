"""Money that is gone from Xero, and what HighLevel still shows of it (mapping.md 6, rules 1 and 4). Pure."""

from collections.abc import Sequence
from dataclasses import replace

from consumers.payments.actions import Reverse
from consumers.payments.book import Book, Key, uncovered
from consumers.payments.receipts import credits_of, document_of, listed_in_full, live_payments
from relay.store.ledger import Kind, LedgerRow, Origin, State
from schemas import xero
from schemas.money import ZERO


def reverse_gone(book: Book, invoice: xero.Invoice) -> Sequence[Key]:
    """Lower or reverse the rows whose money is gone from Xero; return their keys, in the ledger's order.

    A document whose list does not add up says nothing about what is missing.
    """
    if not listed_in_full(invoice):
        return []
    before = {(row.origin, row.external_id): row for row in book.rows}
    live = {payment.payment_id for payment in live_payments(invoice)}
    for row in before.values():
        if row.state is State.APPLIED and _payment_of(row) is not None and _payment_of(row) not in live:
            book.put(replace(row, state=State.REVERSED))
    _lower_credits(book, invoice)
    return [key for key, row in before.items() if book.get(*key) != row]


def tell_uncovered(book: Book, keys: Sequence[Key]) -> Sequence[Reverse]:
    """Return what is still uncovered of the rows that were lowered or reversed in this round."""
    rows = [row for key in keys if (row := book.get(*key)) is not None]
    return [Reverse(row.origin, row.external_id, uncovered(row)) for row in rows if uncovered(row) > 0]


def _payment_of(row: LedgerRow) -> str | None:
    """Return the Xero payment that a row stands for; None for credits and what was never written to Xero."""
    if row.kind is not Kind.PAYMENT:
        return None
    return row.external_id if row.origin is Origin.XERO else row.twin


def _lower_credits(book: Book, invoice: xero.Invoice) -> None:
    applied = {credit.document: credit.amount for credit in credits_of(invoice)}
    documents = {document_of(row.external_id) for row in book.rows if row.kind is not Kind.PAYMENT}
    for document in sorted(documents):
        rows = book.live_of_document(document)
        excess = sum((row.amount for row in rows), ZERO) - applied.get(document, ZERO)
        for row in reversed(rows):
            if excess <= 0:
                break
            if row.state is not State.APPLIED:
                continue
            cut = min(excess, row.amount)
            excess -= cut
            left = row.amount - cut
            book.put(replace(row, amount=left) if left else replace(row, state=State.REVERSED))
