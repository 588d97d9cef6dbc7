"""Whose write was this? Marks that our own writes carry, and how they are read back. Pure.

To Xero: `Reference = "GHL " + transaction id`. To HighLevel: `meta.xero_payment_id` and the same id in `notes`;
whether HighLevel gives either of them back is not documented, so both are looked at.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from relay.store.ledger import Kind
from schemas import ghl, xero

META_KEY: Final = "xero_payment_id"
_REFERENCE: Final = re.compile(r"GHL (\S+)")
_WORDS: Final = {kind: kind.value.replace("_", " ") for kind in Kind}
_NOTES: Final = re.compile(
    rf"Xero (?:{'|'.join(_WORDS.values())}) "
    r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?::[0-9.]+(?:#\d+)?)?)(?:\s|$)"
)


def reference_of(transaction_id: str) -> str:
    """Return the Reference of a payment that we write to Xero."""
    return f"GHL {transaction_id}"


def notes_of(kind: Kind, external_id: str, label: str) -> str:
    """Return the notes of a payment that we record in HighLevel; `label` is Xero's reference or number."""
    return f"Xero {_WORDS[kind]} {external_id}" + (f" ({label})" if label else "")


def meta_of(external_id: str) -> Mapping[str, str]:
    """Return the meta of a payment that we record in HighLevel."""
    return {META_KEY: external_id}


def marked_transaction(payment: xero.Payment) -> str | None:
    """Return the HighLevel transaction that a Xero payment names as its origin, None for a payment of people.

    A person who edits our payment keeps the mark: it proves where the money came from, not whose write it is.
    """
    match = _REFERENCE.fullmatch(payment.reference.strip())
    return match[1] if match else None


def marked_receipt(transaction: ghl.Transaction) -> str | None:
    """Return the external id of Xero's money that a HighLevel transaction was recorded for, None for others."""
    meta: Any = transaction.meta
    if isinstance(meta, Mapping) and isinstance(meta.get(META_KEY), str) and meta[META_KEY]:
        return str(meta[META_KEY])
    match = _NOTES.match(transaction.notes) if isinstance(transaction.notes, str) else None
    return match[1] if match else None
