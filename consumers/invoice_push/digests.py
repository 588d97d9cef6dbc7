"""Two digests of a document, kept together in a link: of what we meant, and of what Xero said it then was. Pure.

The first tells whether a new write would change anything. The second tells whether a person edited the document since:
it is taken of Xero's answers alone, because Xero may word a document otherwise than it was sent. The number, the status
and the money on it are in neither.
"""

import hashlib
from decimal import Decimal
from typing import Any, Final

from consumers.invoice_push.numbers import plain
from consumers.invoice_push.verdict import Document
from schemas import money
from schemas.xero import Invoice, LineItem

_NOT_CONTENT: Final = frozenset({"InvoiceID", "InvoiceNumber", "Status", "SentToContact", "Type"})
_UNKNOWN: Final = ""


def intended(content: Document) -> str:
    """Return the digest of a document as we mean it."""
    return _digest(_even({key: value for key, value in content.items() if key not in _NOT_CONTENT}))


def observed(invoice: Invoice) -> str:
    """Return the digest of lines and dates as Xero answers them. The contact is compared by its id."""
    return _digest(
        {
            "date": str(invoice.date),
            "due": str(invoice.due_date),
            "kind": invoice.line_amount_types,
            "lines": [_line(line) for line in invoice.lines],
        }
    )


def joined(content: Document | None, invoice: Invoice) -> str:
    """Return what a link keeps; without content the next look finds a difference and writes."""
    return f"{_UNKNOWN if content is None else intended(content)}.{observed(invoice)}"


def same_content(kept: str | None, content: Document) -> bool:
    """Say whether the document that was written last was meant exactly so."""
    return bool(kept) and kept is not None and kept.partition(".")[0] == intended(content)


def edited(kept: str | None, invoice: Invoice) -> bool:
    """Say whether lines or dates are no longer what Xero said after our last write."""
    last = (kept or "").partition(".")[2]
    return bool(last) and last != observed(invoice)


def _line(line: LineItem) -> dict[str, Any]:
    return {
        "text": " ".join(line.description.split()),
        "quantity": _number(line.quantity),
        "price": _number(line.unit_amount),
        "discount": _number(line.discount_amount),
        "amount": _number(line.line_amount),
        "tax": _number(line.tax_amount),
        "tax type": line.tax_type or "",
        "account": line.account_code or "",
    }


def _number(value: Decimal | None) -> str:
    return plain(value) if value else "0"


def _even(value: Any) -> Any:
    """Return a value in which equal amounts are equal texts, and LineItemIDs are left out."""
    if isinstance(value, dict):
        return {key: _even(value[key]) for key in sorted(value) if key != "LineItemID"}
    if isinstance(value, (list, tuple)):
        return [_even(item) for item in value]
    return plain(Decimal(value)) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else value


def _digest(value: Any) -> str:
    return hashlib.sha256(money.dumps(value)).hexdigest()[:32]
