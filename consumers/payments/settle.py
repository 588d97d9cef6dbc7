"""Writes whose outcome is not known: found, repeated or dropped before anything else (mapping.md 6, rule 0). Pure.

A row is intended from before its call until its answer. Without the time it was sent (`intended_at` None) it was
surely not: the vendor said so. An applied row that still has `planned` landed, but its twin's id is not known yet.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from consumers.payments.actions import (
    Action,
    Call,
    Confirm,
    DeadLetter,
    Drop,
    Note,
    Read,
    Repeat,
    Side,
)
from consumers.payments.book import Book
from consumers.payments.days import moment_of
from consumers.payments.echoes import marked_receipt, marked_transaction
from consumers.payments.pushing import paying
from consumers.payments.receipts import (
    LIVE,
    Receipt,
    credits_of,
    document_of,
    lacks_some,
    live_payments,
    payment_receipt,
)
from consumers.payments.recording import recording
from consumers.payments.view import SUCCEEDED, View, net
from relay.store.ledger import Kind, LedgerRow, Origin, State
from schemas import ghl
from schemas.money import ZERO
from schemas.reasons import Reason

EARLIEST: Final = timedelta(minutes=5)  # before the write: the vendors' clocks and ours differ


def settle(book: Book, view: View) -> Sequence[Action]:
    """Return the steps that settle every unknown outcome; none when there is none. Nothing else may be decided then."""
    pending = [row for row in book.rows if row.state is State.INTENDED]
    unread = {_target(row) for row in pending if not _read_in_full(_target(row), view)}
    if unread:
        return [Read(side) for side in Side if side in unread]
    actions: list[Action] = []
    landed_first = sorted(_pending(book), key=lambda row: row.state is State.INTENDED)
    for row in landed_first:
        step = _step(row, book, view)
        if any(isinstance(action, Read) for action in step):
            return step
        actions += step
    return actions


def dropped(row: LedgerRow) -> LedgerRow:
    """Return a row whose write did not land and must not: reversed when nothing of it is shown."""
    recorded = row.recorded - (row.planned or ZERO)
    state = State.APPLIED if recorded > 0 else State.REVERSED
    return replace(row, recorded=recorded, state=state, planned=None, intended_at=None)


def _pending(book: Book) -> Sequence[LedgerRow]:
    return [row for row in book.rows if row.planned is not None]


def _target(row: LedgerRow) -> Side:
    return Side.GHL if row.origin is Origin.XERO else Side.XERO


def _read_in_full(side: Side, view: View) -> bool:
    if side is Side.GHL:
        return view.ghl_in_full
    return view.xero is not None and not lacks_some(view.xero)


def _step(row: LedgerRow, book: Book, view: View) -> Sequence[Action]:
    hits = _hits_in_ghl(row, book, view) if row.origin is Origin.XERO else _hits_in_xero(row, book, view)
    if len(hits) > 1:
        return [
            DeadLetter(Reason.PAYMENT_UNCLEAR, row.external_id, f"{len(hits)} entries of {row.planned} look like it")
        ]
    if hits:
        book.put(replace(row, state=State.APPLIED, twin=hits[0], planned=None, intended_at=None))
        return [Confirm(row.origin, row.external_id, hits[0])]
    if row.state is not State.INTENDED:
        return []  # it landed, and HighLevel does not list it yet
    return _again_in_ghl(row, book, view) if row.origin is Origin.XERO else _again_in_xero(row, book, view)


def _hits_in_ghl(row: LedgerRow, book: Book, view: View) -> Sequence[str]:
    """Return the transactions that may be this write: those that carry its mark, else those of its amount.

    Of several of one amount the oldest stands for all, when there are no more of them than writes of that amount.
    """
    listed = (view.ghl.transactions if view.ghl else None) or ()
    free = [transaction for transaction in listed if book.row_of_transaction(transaction.id) is None]
    marked = [transaction.id for transaction in free if marked_receipt(transaction) == row.external_id]
    if marked or row.intended_at is None:
        return marked
    alike = [
        transaction
        for transaction in free
        if marked_receipt(transaction) is None
        and transaction.status == SUCCEEDED
        and transaction.amount == row.planned
        and _created_after(transaction, row.intended_at - EARLIEST)
    ]
    alike.sort(key=lambda transaction: transaction.created_at or "")
    rivals = [one for one in _pending(book) if one.origin is Origin.XERO and one.planned == row.planned]
    found = [transaction.id for transaction in alike]
    return found[:1] if len(found) <= len(rivals) else found


def _created_after(transaction: ghl.Transaction, earliest: datetime) -> bool:
    created = moment_of(transaction.created_at)
    return created is None or created >= earliest


def _hits_in_xero(row: LedgerRow, book: Book, view: View) -> Sequence[str]:
    """Return the payments that carry the mark of this write: those that stand, else the deleted ones."""
    marked = [
        payment
        for payment in (view.xero.payments if view.xero else ())
        if marked_transaction(payment) == row.external_id and not book.knows_payment(payment.payment_id)
    ]
    standing = [payment for payment in marked if payment.status == LIVE]
    return [payment.payment_id for payment in standing or marked]


def _again_in_ghl(row: LedgerRow, book: Book, view: View) -> Sequence[Action]:
    if view.xero is None:
        return [Read(Side.XERO)]
    receipt = _held(row, book, view)
    if receipt is None and lacks_some(view.xero):
        return [Read(Side.XERO)]
    planned = row.planned or ZERO
    if receipt is None or not view.settings.pull_payments:
        return _drop(row, book)
    if not view.ghl_open:
        return [*_drop(row, book), Note(Reason.INVOICE_NOT_OPEN, row.external_id, planned)]
    if planned > _due_in_ghl(view):
        partly = row.recorded > planned  # a row of which nothing stands is decided anew in the next round
        return [*_drop(row, book), *([Note(Reason.PAYMENT_TOO_LARGE, row.external_id, planned)] if partly else [])]
    return _repeat(row, recording(receipt, row.external_id, planned, view.settings, view.today))


def _again_in_xero(row: LedgerRow, book: Book, view: View) -> Sequence[Action]:
    if view.ghl is None:
        return [Read(Side.GHL)]
    own = next((one for one in view.transactions if one.id == row.external_id), None)
    if own is None and not view.ghl_in_full:
        return [Read(Side.GHL)]
    planned = row.planned or ZERO
    fits = view.xero is not None and view.xero.status == "AUTHORISED" and planned <= view.xero.amount_due
    if own is None or net(own) < planned or not fits or not view.settings.push_payments:
        return _drop(row, book)
    payment = paying(own, planned, view)
    return _repeat(row, payment) if payment else _drop(row, book)


def _held(row: LedgerRow, book: Book, view: View) -> Receipt | None:
    """Return the money in Xero that a row stands for, None when it is not there any more."""
    if view.xero is None:
        return None
    if row.kind is Kind.PAYMENT:
        standing = (payment for payment in live_payments(view.xero) if payment.payment_id == row.external_id)
        return next((payment_receipt(payment) for payment in standing), None)
    document = document_of(row.external_id)
    claimed = sum((one.amount for one in book.live_of_document(document)), ZERO)
    return next(
        (credit for credit in credits_of(view.xero) if credit.document == document and credit.amount >= claimed), None
    )


def _due_in_ghl(view: View) -> Decimal:
    return view.ghl.invoice.amount_due if view.ghl else ZERO


def _repeat(row: LedgerRow, call: Call) -> Sequence[Action]:
    return [Repeat(row.origin, row.external_id, call)]


def _drop(row: LedgerRow, book: Book) -> Sequence[Action]:
    book.put(dropped(row))
    return [Drop(row.origin, row.external_id)]
