"""Invoice links: one HighLevel invoice joined to its Xero twin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class LinkState(StrEnum):
    INTENDED = "intended"  # number chosen, the PUT may or may not have landed
    LINKED = "linked"


@dataclass(frozen=True, slots=True)
class InvoiceLink:
    """Row of `invoice_links`; unique on (connection_id, ghl_invoice_id) and on xero_invoice_id.
    What the last complete answer of Xero said is kept beside it, for freshness and for the mapping's `links`.
    """

    id: str
    connection_id: str
    tenant_id: str
    ghl_invoice_id: str
    number: str  # Xero's InvoiceNumber, given once
    state: LinkState
    currency: str = ""
    ghl_contact_id: str | None = None
    xero_invoice_id: str | None = None
    xero_contact_id: str | None = None
    xero_status: str | None = None
    total: Decimal = Decimal(0)
    amount_paid: Decimal = Decimal(0)
    amount_credited: Decimal = Decimal(0)
    line_item_ids: Mapping[str, str] = field(default_factory=dict)  # HighLevel item _id -> LineItemID
    digest: str | None = None  # of lines, dates, contact as we last wrote them
    xero_updated_at: datetime | None = None  # UpdatedDateUTC of the last complete answer we hold
    xero_read_at: datetime | None = None  # when our last complete read of the Xero document began
    ghl_read_at: datetime | None = (
        None  # when the last complete read of the HighLevel invoice began whose effect is done
    )
    ghl_status: str | None = None  # as last read
    shown_status: str | None = None  # CRM status shown last for this invoice


class InvoiceLinks:
    async def of_ghl(self, connection_id: str, ghl_invoice_id: str) -> InvoiceLink | None: ...
    async def of_xero(self, xero_invoice_ids: Sequence[str]) -> Mapping[str, InvoiceLink]: ...
    async def get(self, link_id: str) -> InvoiceLink | None: ...
    async def of_contact(self, connection_id: str, ghl_contact_id: str) -> Sequence[InvoiceLink]: ...
    async def intended(self, tenant_id: str) -> Sequence[InvoiceLink]: ...
    async def find(self, text: str) -> Sequence[InvoiceLink]:
        """Any id or number, exact; for trace."""

    async def intend(self, link: InvoiceLink) -> InvoiceLink:
        """Insert an intended link; return the one that stands (an earlier one of that HighLevel invoice wins)."""

    async def save(self, link: InvoiceLink) -> None:
        """Store all fields of an existing link."""
