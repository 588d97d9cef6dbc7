"""New money in Xero: taken over from what is uncovered, recorded in HighLevel, or told (mapping.md 6, rule 3). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from consumers.payments.actions import AWAITED, Action, Note, RecordInGhl, Reuse
from consumers.payments.book import Book, uncovered
from consumers.payments.echoes import notes_of
from consumers.payments.receipts import Receipt, credits_of, live_payments, payment_receipt
from consumers.payments.view import View
from relay.store.ledger import Kind, LedgerRow, Origin, State
from schemas import xero
from schemas.connection_settings import ConnectionSettings
from schemas.money import ZERO
from schemas.reasons import Reason

XERO_OPEN: Final = frozenset({"AUTHORISED", "PAID"})


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """Money of Xero that no row knows: a payment, or the growth of a credit under an id of its own."""

    receipt: Receipt
    external_id: str
    amount: Decimal


def new_receipts(book: Book, invoice: xero.Invoice) -> Sequence[NewReceipt]:
    """Return what Xero holds and no row knows, by date, then id."""
    payments = [payment_receipt(payment) for payment in live_payments(invoice) if payment.amount > 0]
    found = [
        NewReceipt(receipt, receipt.document, receipt.amount)
        for receipt in payments
        if not book.knows_payment(receipt.document)
    ]
    for credit in credits_of(invoice):
        grown = credit.amount - sum((row.amount for row in book.live_of_document(credit.document)), ZERO)
        if grown > 0:
            found.append(NewReceipt(credit, book.free_id(credit.document, credit.amount), grown))
    return sorted(found, key=lambda new: (new.receipt.date or date.max, new.receipt.document))


def recording(
    receipt: Receipt, external_id: str, amount: Decimal, settings: ConnectionSettings, today: date
) -> RecordInGhl:
    """Return the write that shows this much of a receipt in HighLevel."""
    return RecordInGhl(
        kind=receipt.kind,
        external_id=external_id,
        amount=amount,
        mode=settings.payment_mode if receipt.kind is Kind.PAYMENT else "other",
        date=receipt.date or today,
        notes=notes_of(receipt.kind, external_id, receipt.label),
    )


def record(book: Book, view: View) -> Sequence[Action]:
    """Put rows for new money of Xero into the book; return the steps that show it."""
    if view.xero is None or view.ghl is None or not view.settings.pull_payments or view.xero.status not in XERO_OPEN:
        return []
    actions: list[Action] = []
    due = view.ghl.invoice.amount_due
    for new in new_receipts(book, view.xero):
        if not view.ghl_open:
            actions += _noted_until_open(book, new)
        elif new.receipt.kind is not Kind.PAYMENT and view.settings.record_credits == "note":
            book.put(_row(new, recorded=ZERO))
            actions.append(Note(Reason.CREDIT_NOTED, new.external_id, new.amount))
        else:
            taken = _taken_over(book, new)
            rest = new.amount - sum((reuse.amount for reuse in taken), ZERO)
            fits = max(min(rest, due), ZERO)
            due -= fits
            actions += [*taken, *_shown(book, new, rest=rest, fits=fits, view=view)]
    return actions


def _noted_until_open(book: Book, new: NewReceipt) -> Sequence[Action]:
    """Tell once that the invoice takes no payment; the void row remembers it until the invoice is open."""
    if book.get(Origin.XERO, new.external_id) is not None:
        return []
    book.put(replace(_row(new, recorded=ZERO), state=State.REVERSED))
    return [Note(Reason.INVOICE_NOT_OPEN, new.external_id, new.amount)]


def _taken_over(book: Book, new: NewReceipt) -> Sequence[Reuse]:
    """Move uncovered money to a new receipt, oldest row first: so an edited payment moves only its difference."""
    rest, taken = new.amount, []
    for row in book.rows:
        amount = min(rest, uncovered(row))
        if amount > 0:
            book.put(replace(row, recorded=row.recorded - amount))
            taken.append(Reuse(new.external_id, row.external_id, amount))
            rest -= amount
    return taken


def _shown(book: Book, new: NewReceipt, *, rest: Decimal, fits: Decimal, view: View) -> Sequence[Action]:
    actions: list[Action] = []
    if fits:
        actions.append(recording(new.receipt, new.external_id, fits, view.settings, view.today))
    if rest > fits:
        actions.append(Note(Reason.PAYMENT_TOO_LARGE, new.external_id, rest - fits))
    row = _row(new, recorded=new.amount - rest + fits)
    book.put(replace(row, twin=AWAITED) if fits else row)
    return actions


def _row(new: NewReceipt, *, recorded: Decimal) -> LedgerRow:
    return LedgerRow(
        origin=Origin.XERO,
        kind=new.receipt.kind,
        external_id=new.external_id,
        amount=new.amount,
        recorded=recorded,
        refunded=ZERO,
        state=State.APPLIED,
    )
