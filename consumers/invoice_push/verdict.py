"""What the mapping says of an invoice: one of six values, and the links it is asked with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.reasons import Reason

Document = Mapping[str, Any]  # an element of a request in Xero's own keys, amounts as Decimal


@dataclass(frozen=True, slots=True)
class LinkedInvoice:
    """The Xero twin as last seen."""

    invoice_id: str
    number: str
    status: str
    total: Decimal
    amount_paid: Decimal = Decimal(0)
    amount_credited: Decimal = Decimal(0)
    line_item_ids: Mapping[str, str] = field(default_factory=dict)  # HighLevel item _id -> LineItemID
    dated: date | None = None  # where it was read just now


@dataclass(frozen=True, slots=True)
class Links:
    """What an invoice is joined to. `number` is the one chosen earlier for a document not yet known to stand."""

    contact_id: str
    invoice: LinkedInvoice | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """PUT this document; Xero must answer `total`."""

    document: Document
    total: Decimal


@dataclass(frozen=True, slots=True)
class Update:
    """POST this document; Xero must answer `total`.

    `content` is the whole document it stands for: more than `document` where Xero lets only the header change.
    """

    document: Document
    total: Decimal
    content: Document


@dataclass(frozen=True, slots=True)
class Void:
    """POST this change of status: an approved document is voided."""

    document: Document


@dataclass(frozen=True, slots=True)
class Delete:
    """POST this change of status: a document that nobody approved is deleted."""

    document: Document


@dataclass(frozen=True, slots=True)
class Dead:
    """A person must change something; `detail` says what, with figures."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing is to be done."""

    reason: Reason


Verdict = Create | Update | Void | Delete | Dead | Skip


class Unmappable(Exception):
    """The mapping stops here. Raised inside the pure functions only; `map_invoice` answers it as Dead."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
