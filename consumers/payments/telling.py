"""What a person is told of money that we do not move: a note on the contact, and a tag where money is gone.

A note is found again by its short reference, so that a run that died after writing it does not write it twice.
"""

import hashlib
from decimal import Decimal
from typing import Final

import structlog

from consumers.payments.actions import Note, Refund, Reverse, Telling
from relay.store.ledger import LedgerRow, Origin
from relay.store.links import InvoiceLink
from relay.upstream.errors import NotFound
from relay.upstream.ports import GhlContacts
from schemas.reasons import Reason

REVERSED_TAG: Final = "payment reversed"
_WHY: Final = {
    Reason.INVOICE_NOT_OPEN: "this invoice takes no payments here",
    Reason.CREDIT_NOTED: "credits are only noted here",
    Reason.PAYMENT_TOO_LARGE: "no more than that is owed here",
}

log = structlog.get_logger()


async def tell(contacts: GhlContacts, contact_id: str, link: InvoiceLink, telling: Telling, row: LedgerRow) -> None:
    """Write the note, and the tag of a reversal, once however often it is asked for; a contact may be gone.

    Raises:
        UpstreamError: what a vendor's API can do to us.
    """
    text = words(telling, link, row)
    reference = _reference(link, text)
    try:
        if isinstance(telling, Reverse):
            await contacts.add_tags(contact_id, [REVERSED_TAG])
        if any(reference in note for note in await contacts.notes(contact_id)):
            return
        await contacts.add_note(contact_id, f"{text} ({reference})")
    except NotFound:
        log.warning("contact.not_found", link=link.id, contact=contact_id)


def words(telling: Telling, link: InvoiceLink, row: LedgerRow) -> str:
    """Return the text of a note. `row` is the decided one: it tells two tellings of one amount apart."""
    sum_ = f"{_money(telling.amount)} {link.currency}".strip()
    match telling:
        case Reverse():
            whose = "the payment from here" if row.origin is Origin.GHL else row.kind.value.replace("_", " ")
            left = _money(row.amount if row.state != "reversed" else Decimal(0))
            return (
                f"Invoice {link.number}: {sum_} of {whose} {telling.external_id} was removed in Xero, {left} of it is "
                "left there. It still shows as paid here, and cannot be taken back automatically."
            )
        case Refund():
            return (
                f"Invoice {link.number}: {sum_} of payment {telling.external_id} was refunded here, "
                f"{_money(row.refunded)} so far. It is not booked in Xero automatically."
            )
        case Note():
            return (
                f"Invoice {link.number}: {sum_} of {row.kind.value.replace('_', ' ')} {telling.external_id} in Xero "
                f"was not recorded here: {_WHY.get(telling.reason, telling.reason.value)}."
            )


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _reference(link: InvoiceLink, text: str) -> str:
    return f"ref {hashlib.sha256(f'{link.id} {text}'.encode()).hexdigest()[:10]}"
