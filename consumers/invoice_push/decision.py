"""The decision about one invoice: which document, or why none (mapping.md 2). Pure; the checks go in its order."""

from decimal import Decimal
from typing import Final

from consumers.invoice_push import numbers, proof
from consumers.invoice_push.document import document, header
from consumers.invoice_push.verdict import (
    Create,
    Dead,
    Delete,
    Document,
    LinkedInvoice,
    Links,
    Skip,
    Unmappable,
    Update,
    Verdict,
    Void,
)
from schemas import ghl, money
from schemas.connection_settings import ConnectionSettings
from schemas.money import CENT
from schemas.reasons import Reason
from schemas.xero import Organisation

CLOSED: Final = frozenset({"VOIDED", "DELETED"})
GONE: Final = frozenset({"void", "delete"})  # as HighLevel says it
UNAPPROVED: Final = frozenset({"DRAFT", "SUBMITTED"})


def map_invoice(
    invoice: ghl.Invoice, settings: ConnectionSettings, organisation: Organisation, links: Links
) -> Verdict:
    """Return what to do in Xero about an invoice as HighLevel has it now.

    A document is only returned when Xero's arithmetic, asked apart from the mapping, comes to HighLevel's total.
    """
    try:
        if invoice.status in GONE:
            return _ended(invoice, settings, organisation, links)
        return _unwanted(invoice, settings, links) or _mapped(invoice, settings, organisation, links)
    except Unmappable as stop:
        return Dead(stop.reason, stop.detail)


def asked(invoice: ghl.Invoice) -> Decimal:
    """Return what the customer is asked for, in the currency's own digits.

    Raises:
        Unmappable: it cannot be read, or Xero cannot hold it.
    """
    total = money.rounded(numbers.exact(invoice.total, "the total"), money.unit(invoice.currency))
    if total % CENT:
        raise Unmappable(Reason.CURRENCY_PRECISION, f"Xero keeps two decimals, the total is {total} {invoice.currency}")
    return total.quantize(CENT)


def _ended(invoice: ghl.Invoice, settings: ConnectionSettings, organisation: Organisation, links: Links) -> Verdict:
    linked = links.invoice
    if linked is None:
        return Skip(Reason.NOTHING_TO_VOID)
    if linked.status in CLOSED:
        return Skip(Reason.ALREADY_IN_STEP)
    if linked.amount_paid or linked.amount_credited:
        return Dead(Reason.PAID_CANNOT_CHANGE, f"in Xero {_applied(linked)}: nothing with money on it can be voided")
    if linked.status in UNAPPROVED:
        return Delete({"InvoiceID": linked.invoice_id, "Status": "DELETED"})
    day = invoice.issue_date or invoice.created_at
    if linked.dated is not None:
        _check_lock(linked.dated.isoformat(), organisation)
    elif day:
        _check_lock(numbers.issue_day(invoice, settings).isoformat(), organisation)
    return Void({"InvoiceID": linked.invoice_id, "Status": "VOIDED"})


def _unwanted(invoice: ghl.Invoice, settings: ConnectionSettings, links: Links) -> Verdict | None:
    if not invoice.live_mode and not settings.push_test_invoices:
        return Skip(Reason.TEST_MODE)
    if invoice.status == "draft" and not settings.push_drafts and links.invoice is None:
        return Skip(Reason.DRAFT_NOT_WANTED)
    if links.invoice and links.invoice.status in CLOSED:
        if settings.edited_in_xero == "keep":
            return Skip(Reason.ALREADY_IN_STEP)
        return Dead(
            Reason.EDITED_IN_XERO,
            f"{links.invoice.number} is {links.invoice.status} in Xero and cannot be opened again,"
            f" HighLevel has it as {invoice.status}",
        )
    return None


def _mapped(invoice: ghl.Invoice, settings: ConnectionSettings, organisation: Organisation, links: Links) -> Verdict:
    total = _checked_total(invoice, organisation)
    whole = document(invoice, total, settings, organisation, links)
    _prove(whole, total, organisation)
    _check_lock(whole["Date"], organisation)
    linked = links.invoice
    if linked is None:
        return Create(whole, total)
    if not (linked.amount_paid or linked.amount_credited or linked.status == "PAID"):
        return Update(whole, total, whole)
    if linked.total != total:
        return Dead(
            Reason.PAID_CANNOT_CHANGE,
            f"in Xero {_applied(linked)} and the total is {linked.total:.2f}, HighLevel asks {total:.2f}",
        )
    return Update(header(whole), total, whole)


def _checked_total(invoice: ghl.Invoice, organisation: Organisation) -> Decimal:
    if not invoice.currency:
        raise Unmappable(Reason.BAD_DOCUMENT, "the invoice has no currency")
    odd = sorted({item.currency for item in invoice.items if item.currency and item.currency != invoice.currency})
    if odd:
        raise Unmappable(
            Reason.MIXED_CURRENCIES, f"the invoice is in {invoice.currency}, lines are in {', '.join(odd)}"
        )
    total = asked(invoice)
    if invoice.currency not in organisation.currencies:
        raise Unmappable(Reason.CURRENCY_NOT_SUBSCRIBED, f"add {invoice.currency} in Xero, under Settings, Currencies")
    if not invoice.items:
        raise Unmappable(Reason.NO_LINES, "the invoice has no lines")
    if total < 0:
        raise Unmappable(Reason.NEGATIVE_TOTAL, f"the total is {total:.2f}: Xero has credit notes for that")
    return total


def _prove(whole: Document, total: Decimal, organisation: Organisation) -> None:
    try:
        answered = proof.xero_total(whole, organisation)
    except proof.Unprovable as error:
        raise Unmappable(Reason.TOTAL_DIFFERS, f"HighLevel asks {total:.2f}; of Xero: {error}") from error
    if answered != total:
        raise Unmappable(Reason.TOTAL_DIFFERS, f"HighLevel asks {total:.2f}, Xero would make it {answered:.2f}")


def _check_lock(day: str, organisation: Organisation) -> None:
    locks = [lock for lock in (organisation.period_lock_date, organisation.end_of_year_lock_date) if lock]
    if locks and day <= max(locks).isoformat():
        raise Unmappable(Reason.PERIOD_LOCKED, f"dated {day}, the books are closed up to {max(locks).isoformat()}")


def _applied(linked: LinkedInvoice) -> str:
    return f"{linked.amount_paid:.2f} is paid and {linked.amount_credited:.2f} credited"
