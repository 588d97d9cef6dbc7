"""What a link keeps of Xero's answers, and what the mapping is told of it. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from consumers.invoice_push import digests
from consumers.invoice_push.verdict import Document, LinkedInvoice
from relay.store.connections import Connection
from relay.store.links import InvoiceLink, LinkState
from schemas import ghl, xero


@dataclass(frozen=True, slots=True)
class Standing:
    """A document that stands in Xero, the link that knows it, and when the call that showed it began."""

    link: InvoiceLink
    document: xero.Invoice
    read_at: datetime
    adopted: bool = False  # found, not made by this run


def link_id(connection_id: str, ghl_invoice_id: str) -> str:
    """Return the id of a link: the same for whoever makes it."""
    return hashlib.sha256(f"{connection_id}\0{ghl_invoice_id}".encode()).hexdigest()[:32]


def intended(connection: Connection, invoice: ghl.Invoice, document: Document) -> InvoiceLink:
    """Return the link that is stored before the document is sent."""
    return InvoiceLink(
        id=link_id(connection.id, invoice.id),
        connection_id=connection.id,
        tenant_id=connection.tenant_id,
        ghl_invoice_id=invoice.id,
        number=document["InvoiceNumber"],
        state=LinkState.INTENDED,
        currency=invoice.currency,
        ghl_contact_id=invoice.contact.id or None,
        xero_contact_id=document["Contact"]["ContactID"],
        ghl_status=invoice.status,
    )


def read(link: InvoiceLink, answer: xero.Invoice) -> InvoiceLink:
    """Return the link with what Xero said of the document; what we wrote last stays as it was.

    The marks of freshness stay too: they move when the money on the document is settled.
    """
    standing = {line.line_item_id for line in answer.lines if line.line_item_id}
    kept = {item: line for item, line in link.line_item_ids.items() if line in standing} if answer.lines else {}
    return replace(
        link,
        xero_status=answer.status,
        total=answer.total,
        amount_paid=answer.amount_paid,
        amount_credited=answer.amount_credited,
        line_item_ids=kept or ({} if answer.lines else link.line_item_ids),
    )


def written(
    link: InvoiceLink,
    invoice: ghl.Invoice,
    answer: xero.Invoice,
    *,
    content: Document | None,
) -> InvoiceLink:
    """Return the link after a write or an adoption; `content` is what was meant, None where that is not known."""
    told = read(link, answer)
    return replace(
        told,
        state=LinkState.LINKED,
        number=answer.number or link.number,
        xero_invoice_id=answer.invoice_id,
        xero_contact_id=answer.contact_id or link.xero_contact_id,
        line_item_ids=line_item_ids(invoice.items, answer.lines) or told.line_item_ids,
        digest=digests.joined(content, answer),
        currency=invoice.currency or link.currency,
        ghl_contact_id=invoice.contact.id or link.ghl_contact_id,
        ghl_status=invoice.status,
    )


def line_item_ids(items: Sequence[ghl.InvoiceItem], lines: Sequence[xero.LineItem]) -> Mapping[str, str]:
    """Return HighLevel item id -> LineItemID by position: ours come first, extra lines after them."""
    if len(lines) < len(items):
        return {}
    return {
        item.id: line.line_item_id
        for item, line in zip(items, lines, strict=False)
        if item.id is not None and line.line_item_id is not None
    }


def linked_invoice(link: InvoiceLink, document: xero.Invoice | None = None) -> LinkedInvoice | None:
    """Return what the mapping is told of the Xero twin, None while none is known to stand."""
    if link.state is not LinkState.LINKED or link.xero_invoice_id is None:
        return None
    return LinkedInvoice(
        invoice_id=link.xero_invoice_id,
        number=link.number,
        status=link.xero_status or "",
        total=link.total,
        amount_paid=link.amount_paid,
        amount_credited=link.amount_credited,
        line_item_ids=link.line_item_ids,
        dated=document.date if document else None,
    )
