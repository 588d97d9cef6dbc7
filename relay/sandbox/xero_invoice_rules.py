"""What may become of an invoice: creation, the transitions of its status, and what is editable once money is on it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal
from urllib.parse import urlsplit

from relay.sandbox.xero_arithmetic import KINDS, totals
from relay.sandbox.xero_contact_rules import contact_of_document
from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_lines import in_percent, read_lines, recomputed, require_approvable
from relay.sandbox.xero_rows import OPEN, Invoice, Line
from relay.sandbox.xero_wire import Element, amount, day, flag, nested, rows, text

LONGEST_NUMBER: Final = 255
NOT_MODIFIABLE: Final = "Invoice not of valid status for modification"
HAS_MONEY: Final = "This document cannot be edited as it has a payment or credit note allocated to it."
TRANSITIONS: Final = {
    "DRAFT": frozenset({"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"}),
    "SUBMITTED": frozenset({"SUBMITTED", "AUTHORISED", "DRAFT", "DELETED"}),
    "AUTHORISED": frozenset({"AUTHORISED", "VOIDED"}),
    "PAID": frozenset({"PAID", "AUTHORISED", "VOIDED"}),  # voided where nothing was ever owed
}
CLOSING: Final = frozenset({"VOIDED", "DELETED"})
APPROVED: Final = frozenset({"AUTHORISED", "PAID"})


def create_invoice(ledger: Ledger, element: Element, *, unit_decimals: int) -> Invoice:
    """Insert an invoice (PUT).

    Raises:
        Invalid: with Xero's words.
    """
    kind = text(element, "Type")
    if kind not in {"ACCREC", "ACCPAY"}:
        raise Invalid("Type must be ACCREC or ACCPAY")
    number = text(element, "InvoiceNumber") or (_next_number(ledger) if kind == "ACCREC" else "")
    contact = contact_of_document(ledger, nested(element, "Contact"))
    dated = day(element, "Date") or ledger.stamp().date()
    blank = Invoice(
        invoice_id=ledger.new_id(),
        type=kind,
        number=number,
        contact_id=contact.contact_id,
        day=dated,
        due_date=None,
        status=text(element, "Status") or "DRAFT",
        line_amount_types="Exclusive",
        lines=(),
        currency=ledger.organisation.base_currency,
        updated=ledger.stamp(),
    )
    if blank.status not in OPEN:
        raise Invalid(f"The status {blank.status} cannot be given to a new invoice")
    invoice = _with_fields(ledger, blank, element)
    invoice = _with_lines(ledger, invoice, element, unit_decimals)
    if not invoice.lines:
        raise Invalid("One or more line items must be specified")
    _require_standing(ledger, invoice)
    return _stored(ledger, invoice, "CREATE")


def update_invoice(ledger: Ledger, before: Invoice, element: Element, *, unit_decimals: int) -> Invoice:
    """Change an invoice (POST).

    Raises:
        Invalid: with Xero's words.
    """
    status = text(element, "Status") or before.status
    if status not in TRANSITIONS.get(before.status, ()):
        raise Invalid(NOT_MODIFIABLE)
    if text(element, "Type") not in {None, before.type}:
        raise Invalid("The Type of an invoice cannot be changed")
    paid, credited = ledger.paid(before), ledger.credited(before)
    if before.status in APPROVED:
        ledger.require_open_period(before.day)
    if status in CLOSING:
        if paid or credited:
            raise Invalid(HAS_MONEY)
        return _stored(ledger, replace(before, status=status), "UPDATE")
    invoice = replace(before, status=before.status if before.status == "PAID" else status)
    sent_contact = nested(element, "Contact")
    if sent_contact:
        contact = contact_of_document(ledger, sent_contact)
        invoice = replace(invoice, contact_id=contact.contact_id)
    invoice = _with_fields(ledger, invoice, element)
    invoice = _with_lines(ledger, invoice, element, unit_decimals)
    if not invoice.lines:
        raise Invalid("One or more line items must be specified")
    if (paid or credited) and _frozen(invoice, credited=bool(credited)) != _frozen(before, credited=bool(credited)):
        raise Invalid(HAS_MONEY)
    _require_standing(ledger, invoice)
    return _stored(ledger, invoice, "UPDATE")


def save_in_classic_editor(ledger: Ledger, before: Invoice) -> Invoice:
    """Save an invoice as the classic editor does though nothing was typed: discounts become percentages.

    Raises:
        Invalid: it is closed, or has money on it.
    """
    if before.status not in OPEN or ledger.paid(before) or ledger.credited(before):
        raise Invalid(NOT_MODIFIABLE)
    lines = in_percent(ledger, before.lines, before.line_amount_types)
    sums = totals(lines, before.line_amount_types)
    return _stored(
        ledger,
        replace(before, lines=lines, sub_total=sums.sub_total, total_tax=sums.total_tax, total=sums.total),
        "UPDATE",
    )


def save_invoice(ledger: Ledger, element: Element, *, unit_decimals: int) -> Invoice:
    """Update the invoice with that InvoiceID or, for ACCREC, InvoiceNumber: it is overwritten; else insert (POST).

    Raises:
        Invalid: as `create_invoice` and `update_invoice`.
    """
    invoice_id, number = text(element, "InvoiceID"), text(element, "InvoiceNumber")
    if invoice_id:
        found = ledger.invoices.get(invoice_id.lower())
        if found is None:
            raise Invalid(f"The invoice {invoice_id} does not exist")
    else:
        found = ledger.find_invoice(number) if text(element, "Type") != "ACCPAY" else None
    if found is None:
        return create_invoice(ledger, element, unit_decimals=unit_decimals)
    return update_invoice(ledger, found, element, unit_decimals=unit_decimals)


def _next_number(ledger: Ledger) -> str:
    count = len(ledger.numbers) + 1
    while f"INV-{count:04d}" in ledger.numbers:
        count += 1
    return f"INV-{count:04d}"


def _with_fields(ledger: Ledger, invoice: Invoice, element: Element) -> Invoice:
    organisation = ledger.organisation
    kind = text(element, "LineAmountTypes") or invoice.line_amount_types
    if kind not in KINDS:
        raise Invalid(f"LineAmountTypes {kind} is not valid")
    currency = text(element, "CurrencyCode") or invoice.currency
    if currency not in organisation.currencies:
        raise Invalid(f"Organisation is not subscribed to currency {currency}")
    theme = text(element, "BrandingThemeID")
    if theme and theme not in (organisation.branding_themes or {}):
        raise Invalid(f"The branding theme {theme} does not exist")
    sent_to_contact = flag(element, "SentToContact")
    reference = text(element, "Reference")
    return replace(
        invoice,
        number=text(element, "InvoiceNumber") or invoice.number,
        reference=invoice.reference if reference is None else reference,
        day=day(element, "Date") or invoice.day,
        due_date=day(element, "DueDate") or invoice.due_date,
        url=text(element, "Url") or invoice.url,
        branding_theme_id=theme or invoice.branding_theme_id,
        currency=currency,
        currency_rate=amount(element, "CurrencyRate") or invoice.currency_rate,
        line_amount_types=kind,
        sent_to_contact=invoice.sent_to_contact if sent_to_contact is None else sent_to_contact,
    )


def _with_lines(ledger: Ledger, invoice: Invoice, element: Element, unit_decimals: int) -> Invoice:
    sent, before = rows(element, "LineItems"), ledger.invoices.get(invoice.invoice_id)
    lines: Sequence[Line]
    if sent is not None:
        lines = read_lines(
            ledger,
            sent,
            known=invoice.lines,
            document=invoice.type,
            kind=invoice.line_amount_types,
            unit_decimals=unit_decimals,
        )
    elif before and before.line_amount_types != invoice.line_amount_types:
        lines = recomputed(ledger, invoice.lines, invoice.line_amount_types)
    else:
        lines = invoice.lines
    sums = totals(lines, invoice.line_amount_types)
    return replace(invoice, lines=tuple(lines), sub_total=sums.sub_total, total_tax=sums.total_tax, total=sums.total)


def _require_standing(ledger: Ledger, invoice: Invoice) -> None:
    """Refuse what no invoice may be, and what an approved one may not be."""
    known = ledger.numbers.get(invoice.number)
    if invoice.type == "ACCREC" and known not in {None, invoice.invoice_id}:
        raise Invalid("Invoice # must be unique.")
    if len(invoice.number) > LONGEST_NUMBER or len(invoice.reference) > LONGEST_NUMBER:
        raise Invalid("InvoiceNumber and Reference must not be longer than 255 characters")
    if invoice.url and (not urlsplit(invoice.url).netloc or "xero" in invoice.url.lower()):
        raise Invalid("Url must be a web address and must not contain 'xero'")
    if invoice.total < 0:
        raise Invalid("The document total must not be negative")
    if invoice.status in {"DRAFT", "SUBMITTED"}:
        if invoice.sent_to_contact:
            raise Invalid("SentToContact can only be set on an approved invoice")
        return
    if invoice.due_date is None:
        raise Invalid("DueDate must be given to approve an invoice")
    ledger.require_open_period(invoice.day)
    require_approvable(invoice.lines)


def _frozen(invoice: Invoice, *, credited: bool) -> tuple[object, ...]:
    """Return what may not change while there is money on an invoice (developer.xero.com, Invoices)."""
    lines = [replace(line, description="", account_code=None, tracking=()) for line in invoice.lines]
    contact = invoice.contact_id if credited else None
    return (invoice.day, invoice.currency, invoice.currency_rate, invoice.line_amount_types, contact, lines)


def _stored(ledger: Ledger, invoice: Invoice, kind: Literal["CREATE", "UPDATE"]) -> Invoice:
    before = ledger.invoices.get(invoice.invoice_id)
    invoice = replace(invoice, updated=ledger.stamp())
    if invoice.status in APPROVED:
        if invoice.type == "ACCREC" and (before is None or before.status not in APPROVED):
            ledger.count_approval(invoice.updated)
        # nothing is owed: Xero may answer PAID at once
        owed = ledger.due(invoice)
        paid_on = None if owed else invoice.fully_paid_on or invoice.day
        invoice = replace(invoice, status="AUTHORISED" if owed else "PAID", fully_paid_on=paid_on)
    ledger.put_invoice(invoice)
    ledger.changed("INVOICE", kind, invoice.invoice_id, invoice.updated)
    return invoice
