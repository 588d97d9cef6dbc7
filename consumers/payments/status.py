"""Which status the CRM shows for an invoice (mapping.md 7). Pure."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from consumers.payments.book import uncovered
from consumers.payments.days import day_of
from consumers.payments.view import View
from relay.store.ledger import Kind, LedgerRow
from schemas.connection_settings import Status
from schemas.money import ZERO

_XERO_VOID: Final = frozenset({"VOIDED", "DELETED"})
_GHL_VOID: Final = frozenset({"void", "delete", "deleted"})


def status_of(view: View, ledger: Sequence[LedgerRow]) -> Status | None:
    """Return the status to show, None for a draft. A side that was not read has no say."""
    xero, crm = view.xero, view.ghl.invoice if view.ghl else None
    if (xero and xero.status in _XERO_VOID) or (crm and crm.status in _GHL_VOID):
        return "void"
    if crm and crm.status == "draft":
        return None
    owed = _owed(view, ledger)
    if _refunded(view) or (owed == 0 and _only_credited(view, ledger)):
        return "refunded"
    if owed == 0:
        return "paid"
    due = _due_date(view)
    if due and view.today > due:
        return "overdue"
    return "partially_paid" if _something_paid(view, ledger) else "unpaid"


def _owed(view: View, ledger: Sequence[LedgerRow]) -> Decimal:
    """Return what is owed on the side that knows of more money."""
    sides = [view.xero.amount_due] if view.xero else []
    if view.ghl:
        sides.append(view.ghl.invoice.amount_due + _shown_too_much(ledger))
    return min(sides, default=ZERO)


def _shown_too_much(ledger: Sequence[LedgerRow]) -> Decimal:
    return sum((uncovered(row) for row in ledger), ZERO)


def _refunded(view: View) -> bool:
    transactions = [one for one in (view.ghl.transactions if view.ghl else None) or () if _came_in(one.status)]
    paid = sum((one.amount for one in transactions), ZERO)
    return paid > 0 and sum((one.amount_refunded for one in transactions), ZERO) >= paid


def _came_in(status: str) -> bool:
    """Whether money came in; whether a refunded transaction stays `succeeded` is not documented."""
    return status == "succeeded" or "refund" in status


def _only_credited(view: View, ledger: Sequence[LedgerRow]) -> bool:
    """Whether credits settled it all: what we recorded for them in HighLevel is no payment."""
    if view.xero is None or view.xero.amount_credited <= 0 or view.xero.amount_paid > 0:
        return False
    as_payments = sum((row.recorded for row in ledger if row.kind is not Kind.PAYMENT), ZERO)
    return view.ghl is None or view.ghl.invoice.amount_paid <= as_payments


def _due_date(view: View) -> date | None:
    if view.xero and view.xero.due_date:
        return view.xero.due_date
    return day_of(view.ghl.invoice.due_date, view.settings.timezone) if view.ghl else None


def _something_paid(view: View, ledger: Sequence[LedgerRow]) -> bool:
    in_xero = view.xero is not None and view.xero.amount_paid + view.xero.amount_credited > 0
    return in_xero or (view.ghl is not None and view.ghl.invoice.amount_paid > _shown_too_much(ledger))
