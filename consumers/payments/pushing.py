"""HighLevel's transactions: refunds are told, new ones become payments in Xero (mapping.md 6, rule 5). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from consumers.payments.actions import AWAITED, Action, DeadLetter, PayInXero, Refund, Wait
from consumers.payments.book import Book
from consumers.payments.days import day_of
from consumers.payments.echoes import reference_of
from consumers.payments.view import View, net
from relay.store.ledger import Kind, LedgerRow, Origin, State
from schemas import ghl
from schemas.connection_settings import ConnectionSettings
from schemas.reasons import Reason

# first key of a transaction's `paymentMethod` -> key of `payment_account_map`
_METHODS: Final = {
    "card": "card",
    "us_bank_account": "bank_transfer",
    "sepa_debit": "bank_transfer",
    "bacs_debit": "bank_transfer",
    "au_becs_debit": "bank_transfer",
    "bank_transfer": "bank_transfer",
    "cash": "cash",
    "cheque": "cheque",
}
_NOT_APPROVED: Final = frozenset({"DRAFT", "SUBMITTED"})
_CLOSED: Final = frozenset({"VOIDED", "DELETED"})


def tell_refunds(book: Book, view: View) -> Sequence[Refund]:
    """Return the growth of refunds on transactions that a row knows; they are told, never booked."""
    told = []
    for transaction in (view.ghl.transactions if view.ghl else None) or ():
        row = book.row_of_transaction(transaction.id)
        if row is not None and row.state is not State.IGNORED and transaction.amount_refunded > row.refunded:
            told.append(Refund(transaction.id, transaction.amount_refunded - row.refunded))
            book.put(replace(row, refunded=transaction.amount_refunded))
    return told


def new_transactions(book: Book, view: View) -> Sequence[ghl.Transaction]:
    """Return the transactions that may go to Xero, by day, then id; none when some of them could not be read."""
    if not view.settings.push_payments or not view.ghl_in_full:
        return []
    found = [transaction for transaction in view.transactions if net(transaction) > 0 and book.is_new(transaction)]
    return sorted(found, key=lambda transaction: (transaction.fulfilled_at or "", transaction.id))


def push(book: Book, view: View) -> Sequence[Action]:
    """Put rows for new transactions into the book; return the steps that bring them to Xero."""
    if view.xero is None:
        return []
    actions: list[Action] = []
    due = view.xero.amount_due
    for transaction in new_transactions(book, view):
        step = _step(transaction, view, view.xero.status, due)
        actions.append(step)
        if isinstance(step, PayInXero):
            due -= step.amount
            book.put(_row(transaction, step.amount))
    return actions


def paying(transaction: ghl.Transaction, amount: Decimal, view: View) -> PayInXero | None:
    """Return the write of a transaction to Xero, None where no account is mapped for its method."""
    account = account_of(transaction, view.settings)
    if account is None:
        return None
    day = day_of(transaction.fulfilled_at or transaction.created_at, view.settings.timezone)
    return PayInXero(transaction.id, amount, account, day or view.today, reference_of(transaction.id))


def account_of(transaction: ghl.Transaction, settings: ConnectionSettings) -> str | None:
    """Return the Xero account for the way a transaction was paid."""
    accounts = settings.payment_account_map
    return accounts.get(method_of(transaction)) or accounts.get("default")


def method_of(transaction: ghl.Transaction) -> str:
    """Return how a transaction was paid, in the words of the settings. Whether manual ones say is not documented."""
    method: Any = transaction.payment_method
    first = next(iter(method), "") if isinstance(method, Mapping) else method
    return _METHODS.get(first, "other") if isinstance(first, str) else "other"


def _step(transaction: ghl.Transaction, view: View, status: str, due: Decimal) -> PayInXero | Wait | DeadLetter:
    if status in _NOT_APPROVED:
        return Wait(Reason.NOT_APPROVED, transaction.id)
    if status in _CLOSED:
        return DeadLetter(Reason.INVOICE_NOT_OPEN, transaction.id, f"{net(transaction)} for a document {status}")
    payment = paying(transaction, net(transaction), view)
    if payment is None:
        return DeadLetter(Reason.ACCOUNT_UNUSABLE, transaction.id, f"no account for {method_of(transaction)} payments")
    if payment.amount > due:
        return DeadLetter(Reason.PAYMENT_TOO_LARGE, transaction.id, f"{payment.amount} paid, {due} still owed in Xero")
    return payment


def _row(transaction: ghl.Transaction, amount: Decimal) -> LedgerRow:
    return LedgerRow(
        origin=Origin.GHL,
        kind=Kind.PAYMENT,
        external_id=transaction.id,
        amount=transaction.amount,
        recorded=amount,
        refunded=transaction.amount_refunded,
        state=State.APPLIED,
        twin=AWAITED,
    )
