"""Invoices, settings and organisations as the mapping is handed them, with valid defaults."""

from decimal import Decimal
from typing import Any

from consumers.invoice_push.lines import Line, read_lines
from consumers.invoice_push.verdict import LinkedInvoice, Links
from schemas import ghl, xero
from schemas.connection_settings import ConnectionSettings, settings_from

GST = {"_id": "gst", "name": "GST", "rate": 10, "calculation": "exclusive"}


def a_rate(tax_type: str, rate: object, name: str = "", **given: Any) -> dict[str, Any]:
    return {"TaxType": tax_type, "Name": name or tax_type, "EffectiveRate": rate, "CanApplyToRevenue": True, **given}


def an_account(code: str, **given: Any) -> dict[str, Any]:
    return {"Code": code, "Name": code, "Type": "REVENUE", "Class": "REVENUE", "TaxType": "OUTPUT", **given}


def an_organisation(**given: Any) -> xero.Organisation:
    values: dict[str, Any] = {
        "Name": "Example Pty Ltd",
        "BaseCurrency": "AUD",
        "Currencies": ["AUD", "USD", "JPY", "KWD"],
        "TaxRates": [
            a_rate("OUTPUT", 10, "GST on Income"),
            a_rate("EXEMPTOUTPUT", 0, "GST Free Income"),
            a_rate("BASEXCLUDED", 0, CanApplyToExpenses=True, CanApplyToAssets=True),
        ],
        "Accounts": [
            an_account("200"),
            an_account("210"),
            an_account("860", Type="EXPENSE", Class="EXPENSE", TaxType="BASEXCLUDED"),
        ],
    }
    return xero.Organisation.model_validate(values | given)


def an_item(amount: object = 100, qty: object = 1, **given: Any) -> dict[str, Any]:
    return {"_id": "item-1", "name": "Consulting", "qty": qty, "amount": amount, "taxes": [], **given}


def an_invoice(*items: dict[str, Any], total: object, **given: Any) -> ghl.Invoice:
    values: dict[str, Any] = {
        "_id": "invoice-1",
        "altId": "location-1",
        "status": "sent",
        "invoiceNumber": "19",
        "currency": "AUD",
        "contactDetails": {"id": "contact-1", "name": "Sample Customer"},
        "issueDate": "2026-11-20",
        "dueDate": "2026-12-04",
        "invoiceItems": list(items),
        "total": total,
    }
    return ghl.Invoice.model_validate(values | given)


def settings(**given: Any) -> ConnectionSettings:
    return settings_from({"default_account_code": "200", **given})


def lines(*items: dict[str, Any], **given: Any) -> list[Line]:
    """Return the lines of an invoice with these items."""
    return list(read_lines(an_invoice(*items, total=0), settings(**given), an_organisation()))


def linked(**given: Any) -> Links:
    values: dict[str, Any] = {
        "invoice_id": "document-1",
        "number": "19",
        "status": "AUTHORISED",
        "total": Decimal("100.00"),
    }
    return Links("contact-x", LinkedInvoice(**values | given))
