"""The one decision about money, for both directions (mapping.md 6 and 7). Pure."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from consumers.payments.actions import Action, Decision, GhlSide, Read, ShowStatus, Side
from consumers.payments.book import Book
from consumers.payments.pairing import pair
from consumers.payments.pushing import new_transactions, push, tell_refunds
from consumers.payments.recording import XERO_OPEN, new_receipts, record
from consumers.payments.reversals import reverse_gone, tell_uncovered
from consumers.payments.settle import settle
from consumers.payments.status import status_of
from consumers.payments.view import View
from relay.store.ledger import LedgerRow, Origin, State
from schemas import xero
from schemas.connection_settings import ConnectionSettings
from schemas.money import ZERO


def decide(  # noqa: PLR0917 - the six things of mapping.md 6, in its order
    ledger: Sequence[LedgerRow],
    xero_invoice: xero.Invoice | None,
    ghl_invoice: GhlSide | None,
    settings: ConnectionSettings,
    shown_status: str | None,
    today: date,
) -> Decision:
    """Return the next steps towards both sides showing the same money; none when they are in step.

    A side that was not read is None; a step that needs it asks to read it, and nothing else is decided in that round.
    The caller performs the steps, reads again and asks again until none is left: a run that died half-way needs no
    code of its own. `today` is the day in the connection's zone.
    """
    view = View(xero_invoice, ghl_invoice, settings, today)
    book = Book(ledger)
    if unsettled := settle(book, view):
        return Decision(unsettled, book.rows)
    if unread := _unread(ledger, view):
        return Decision(unread, tuple(ledger))
    gone = reverse_gone(book, xero_invoice) if xero_invoice else []
    actions: list[Action] = [*pair(book, view), *record(book, view), *tell_uncovered(book, gone)]
    actions += [*tell_refunds(book, view), *push(book, view)]
    status = status_of(view, book.rows)
    if status is not None and status != shown_status:
        if one_sided := [Read(side) for side, known in _sides(view) if not known]:
            return Decision(one_sided, tuple(ledger))
        actions.append(ShowStatus(status))
    return Decision(tuple(actions), book.rows)


def _sides(view: View) -> Sequence[tuple[Side, bool]]:
    return [(Side.XERO, view.xero is not None), (Side.GHL, view.ghl is not None)]


def _unread(ledger: Sequence[LedgerRow], view: View) -> Sequence[Read]:
    """Return the sides that must be read before anything can be decided."""
    if view.xero is None and view.ghl is None:
        return [Read(Side.XERO), Read(Side.GHL)]
    book = Book(ledger)
    if view.xero is None:
        return [Read(Side.XERO)] if new_transactions(book, view) else []
    gone = reverse_gone(book, view.xero)
    to_record = view.settings.pull_payments and view.xero.status in XERO_OPEN and new_receipts(book, view.xero)
    if view.ghl is None:
        return [Read(Side.GHL)] if gone or to_record else []
    return [Read(Side.GHL)] if to_record and _unexplained(ledger, view) > 0 else []


def _unexplained(ledger: Sequence[LedgerRow], view: View) -> Decimal:
    """Return what HighLevel says was paid beyond what is listed or known: it may be the money that is new in Xero."""
    if view.ghl is None or view.ghl_in_full:
        return ZERO
    book = Book(ledger)
    stranger = sum((one.amount for one in view.transactions if book.row_of_transaction(one.id) is None), ZERO)
    known = sum((_shown(row) for row in ledger), ZERO)
    return view.ghl.invoice.amount_paid - stranger - known


def _shown(row: LedgerRow) -> Decimal:
    """Return what HighLevel shows for a row, refunds included."""
    own = row.origin is Origin.GHL and row.state in (State.APPLIED, State.IGNORED)
    return row.amount if own else row.recorded
