"""The Xero document of an invoice: header and lines, in Xero's own keys (mapping.md 2, 3.5). Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from consumers.invoice_push import numbers, taxes
from consumers.invoice_push.lines import Line, read_lines, usable
from consumers.invoice_push.readings import Reading, explain
from consumers.invoice_push.taxes import Kind
from consumers.invoice_push.verdict import Document, Links, Unmappable
from consumers.invoice_push.writing import extra_line, money_line, text_line
from schemas import ghl
from schemas.connection_settings import ConnectionSettings
from schemas.reasons import Reason
from schemas.xero import Organisation

HEADER_OF_A_PAID_ONE: Final = ("InvoiceID", "DueDate", "Reference", "Url", "BrandingThemeID")
_RANK: Final = {"DRAFT": 0, "SUBMITTED": 1, "AUTHORISED": 2, "PAID": 3}
_SENT: Final = frozenset({"sent", "payment_processing", "partially_paid", "paid", "overdue"})


def document(
    invoice: ghl.Invoice, total: Decimal, settings: ConnectionSettings, organisation: Organisation, links: Links
) -> Document:
    """Return the whole document that stands for the invoice and comes to `total`.

    Raises:
        Unmappable: it has no place in these books.
    """
    status = _status(invoice, settings, links)
    kind, lines = _lines(invoice, total, settings, organisation, links)
    written: dict[str, Any] = {
        "Type": "ACCREC",
        "Contact": {"ContactID": links.contact_id},
        "Date": numbers.issue_day(invoice, settings).isoformat(),
        "DueDate": numbers.due_day(invoice, settings).isoformat(),
        "LineAmountTypes": kind.value,
        "InvoiceNumber": _number(invoice, settings, links),
        "Reference": invoice.id,
        "CurrencyCode": invoice.currency,
        "Status": status,
        "LineItems": lines,
    }
    if links.invoice:
        written["InvoiceID"] = links.invoice.invoice_id
    if url := _url(invoice, settings):
        written["Url"] = url
    if settings.branding_theme_id:
        written["BrandingThemeID"] = settings.branding_theme_id
    approved_before = links.invoice is not None and links.invoice.status in ("AUTHORISED", "PAID")
    if settings.mark_as_sent and status == "AUTHORISED" and not approved_before:
        written["SentToContact"] = True  # with the write that approves, never with another
    return written


def header(whole: Document) -> Document:
    """Return what may still change once money was applied to a document."""
    return {key: whole[key] for key in HEADER_OF_A_PAID_ONE if key in whole}


def _number(invoice: ghl.Invoice, settings: ConnectionSettings, links: Links) -> str:
    if links.invoice:
        return links.invoice.number  # given once
    return links.number or numbers.invoice_number(invoice, settings)


def _status(invoice: ghl.Invoice, settings: ConnectionSettings, links: Links) -> str:
    if invoice.status != "draft" and invoice.status not in _SENT:
        raise Unmappable(Reason.BAD_DOCUMENT, f"the status {invoice.status!r} is not known")
    wanted = "DRAFT" if invoice.status == "draft" else settings.invoice_status_on_sent
    current = links.invoice.status if links.invoice else wanted
    return max(wanted, current, key=lambda status: _RANK.get(status, -1))  # never backwards


def _url(invoice: ghl.Invoice, settings: ConnectionSettings) -> str | None:
    if not settings.source_url_template:
        return None
    url = settings.source_url_template.replace("{location_id}", invoice.alt_id).replace("{invoice_id}", invoice.id)
    return url if url.startswith("https://") and "xero" not in url.casefold() else None


def _lines(
    invoice: ghl.Invoice, total: Decimal, settings: ConnectionSettings, organisation: Organisation, links: Links
) -> tuple[Kind, Sequence[Document]]:
    lines = read_lines(invoice, settings, organisation)
    money = [line for line in lines if not line.is_text]
    untaxed = taxes.taxless([line.item for line in money], settings)
    kind = taxes.kind_of([line.tax for line in money], taxless=untaxed)
    reading = explain(invoice, lines, total, settings)
    known = links.invoice.line_item_ids if links.invoice else {}
    written = [_with_id(line, _written(line, money, reading, kind, settings), known) for line in lines]
    return kind, [*written, *_extra_lines(reading, kind, settings, organisation)]


def _written(line: Line, money: Sequence[Line], reading: Reading, kind: Kind, settings: ConnectionSettings) -> Document:
    if line.is_text:
        return text_line(line)
    return money_line(reading, money.index(line), kind, settings.discount_style)


def _with_id(line: Line, written: Document, known: Mapping[str, str]) -> Document:
    line_item_id = known.get(line.item.id or "")
    return {**written, "LineItemID": line_item_id} if line_item_id else written


def _extra_lines(
    reading: Reading, kind: Kind, settings: ConnectionSettings, organisation: Organisation
) -> Sequence[Document]:
    extra = settings.extra_charges_account_code
    wanted = [
        *((name or "Charge", amount, extra or settings.default_account_code) for name, amount in reading.charges),
        ("Discount", -reading.discount_after_tax, settings.discount_account_code or settings.default_account_code),
        ("Sales tax", reading.automatic_tax, settings.automatic_tax_account_code),
        ("Additional charges", reading.surplus, extra),
        ("Rounding", reading.rounding, settings.rounding_account_code),
    ]
    written = []
    for words, amount, code in wanted:
        if not amount:
            continue
        if words == "Sales tax" and not code:
            raise Unmappable(Reason.TAX_NOT_MAPPED, "HighLevel computed sales tax, and no account is set for it")
        account = usable(code, organisation, words)
        tax_type = None if kind is Kind.NO_TAX else taxes.zero_type(account, settings, organisation)
        written.append(extra_line(words, amount, account.code, tax_type))
    return written
