"""Comparing a verdict with the Xero twin: is a look needed, would anything change, did a person change it. Pure."""

from decimal import Decimal
from typing import Final

from consumers.invoice_push import digests
from consumers.invoice_push.linking import Standing
from consumers.invoice_push.verdict import Dead, Delete, Document, Update, Verdict, Void
from relay.store.links import InvoiceLink
from schemas import xero
from schemas.reasons import Reason

_OF_THE_TWIN: Final = frozenset({Reason.PAID_CANNOT_CHANGE, Reason.EDITED_IN_XERO, Reason.PERIOD_LOCKED})


def needs_a_look(verdict: Verdict, link: InvoiceLink) -> bool:
    """Say whether the twin must be read before the verdict counts: a write follows, or it speaks of the twin."""
    match verdict:
        case Update():
            return not unchanged(verdict, link)
        case Void() | Delete():
            return True
        case Dead(reason):
            return reason in _OF_THE_TWIN
        case _:
            return False


def unchanged(verdict: Update, link: InvoiceLink) -> bool:
    """Say whether the document stands as it is meant: nothing is written then."""
    return (
        digests.same_content(link.digest, verdict.content)
        and verdict.content["Status"] == link.xero_status
        and verdict.total == link.total
    )


def edit(link: InvoiceLink, standing: Standing, contact_id: str) -> str | None:
    """Return what a person changed in Xero since our last write; status and money do not count as edits.

    `contact_id` is the one meant now: the twin follows it by itself where Xero merged two contacts.
    """
    if standing.document.contact_id not in (None, link.xero_contact_id, contact_id):
        return f"{link.number}: its contact was changed in Xero since we wrote it"
    if digests.edited(link.digest, standing.document):
        return f"{link.number}: its lines or dates were changed in Xero since we wrote it"
    return None


def carries(element: Document, document: xero.Invoice) -> bool:
    """Say whether a document is as an element of ours asked for: our change landed, and nobody edited it since."""
    if element.get("Status", document.status) != document.status and "LineItems" not in element:
        return False
    contact = element.get("Contact", {}).get("ContactID", document.contact_id)
    days = (element.get("Date", str(document.date)), element.get("DueDate", str(document.due_date)))
    if contact != document.contact_id or days != (str(document.date), str(document.due_date)):
        return False
    lines = element.get("LineItems")
    if lines is None:
        return True
    return len(lines) == len(document.lines) and all(map(_asked_for, lines, document.lines))


def _asked_for(asked: Document, line: xero.LineItem) -> bool:
    figures = (line.quantity or 0, line.unit_amount or 0, line.discount_amount or 0)
    if (asked.get("Quantity", 0), asked.get("UnitAmount", 0), asked.get("DiscountAmount", 0)) != figures:
        return False
    account, tax_type = asked.get("AccountCode", line.account_code), asked.get("TaxType", line.tax_type)
    text = " ".join(asked["Description"].split())
    return (text, account, tax_type) == (" ".join(line.description.split()), line.account_code, line.tax_type)


def difference(answer: xero.Invoice, total: Decimal) -> str | None:
    """Return both figures where Xero's total is not HighLevel's."""
    if answer.total == total:
        return None
    return f"HighLevel asks {total:.2f}, Xero made it {answer.total:.2f}"
