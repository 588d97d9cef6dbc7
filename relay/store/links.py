"""Invoice links: one HighLevel invoice joined to its Xero twin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, or_, select, update

from relay.store.engine import Database
from relay.store.errors import Conflict, Missing
from relay.store.rows import blocks, columns_of, values_of
from relay.store.tables import INVOICE_LINKS


class LinkState(StrEnum):
    """Whether the Xero document is known to exist."""

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


_READ = select(*columns_of(INVOICE_LINKS, InvoiceLink)).order_by(INVOICE_LINKS.c.id)


class InvoiceLinks:
    """Reads and writes invoice links."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_ghl(self, connection_id: str, ghl_invoice_id: str) -> InvoiceLink | None:
        """Return the link of a HighLevel invoice."""
        mine = (INVOICE_LINKS.c.connection_id == connection_id, INVOICE_LINKS.c.ghl_invoice_id == ghl_invoice_id)
        found = await self._read(*mine)
        return found[0] if found else None

    async def of_xero(self, xero_invoice_ids: Sequence[str]) -> Mapping[str, InvoiceLink]:
        """Return the links of these Xero invoices, by Xero id; those without a link are absent."""
        known: dict[str, InvoiceLink] = {}
        async with self._database.reading() as transaction:
            for block in blocks(xero_invoice_ids):
                rows = await transaction.execute(_READ.where(INVOICE_LINKS.c.xero_invoice_id.in_(block)))
                known |= {row["xero_invoice_id"]: _link(row) for row in rows.mappings()}
        return known

    async def get(self, link_id: str) -> InvoiceLink | None:
        """Return a link by its own id."""
        found = await self._read(INVOICE_LINKS.c.id == link_id)
        return found[0] if found else None

    async def of_contact(self, connection_id: str, ghl_contact_id: str) -> Sequence[InvoiceLink]:
        """Return the links of all invoices of a HighLevel contact."""
        return await self._read(
            INVOICE_LINKS.c.connection_id == connection_id, INVOICE_LINKS.c.ghl_contact_id == ghl_contact_id
        )

    async def intended(self, tenant_id: str) -> Sequence[InvoiceLink]:
        """Return the links of a tenant whose PUT may or may not have landed."""
        return await self._read(
            INVOICE_LINKS.c.tenant_id == tenant_id, INVOICE_LINKS.c.state == LinkState.INTENDED.value
        )

    async def find(self, text: str) -> Sequence[InvoiceLink]:
        """Return links by any id or number, exact; for trace."""
        names = ("id", "ghl_invoice_id", "xero_invoice_id", "number", "ghl_contact_id", "xero_contact_id")
        return await self._read(or_(*(INVOICE_LINKS.c[name] == text for name in names)))

    async def intend(self, link: InvoiceLink) -> InvoiceLink:
        """Insert an intended link; return the one that stands (an earlier one of that HighLevel invoice wins).

        Of several at once, in any number of processes, one is inserted and all are told that one.

        Raises:
            Conflict: its id or Xero invoice belongs to the link of another HighLevel invoice.
        """
        insert = self._database.insert(INVOICE_LINKS).on_conflict_do_nothing()
        same = (
            INVOICE_LINKS.c.connection_id == link.connection_id,
            INVOICE_LINKS.c.ghl_invoice_id == link.ghl_invoice_id,
        )
        async with self._database.writing() as transaction:
            await transaction.execute(insert, values_of(link))
            row = (await transaction.execute(_READ.where(*same))).mappings().first()
        if row is None:
            raise Conflict(f"invoice link {link.id} or its Xero invoice exists for another HighLevel invoice")
        return _link(row)

    async def save(self, link: InvoiceLink) -> None:
        """Store all fields of an existing link.

        Raises:
            Missing: there is no such link: `intend` comes first.
            Conflict: another link holds its Xero invoice.
        """
        change = update(INVOICE_LINKS).where(INVOICE_LINKS.c.id == link.id).values(values_of(link))
        async with self._database.writing() as transaction:
            if (await transaction.execute(change)).rowcount == 0:
                raise Missing(f"there is no invoice link {link.id}")

    async def _read(self, *conditions: Any) -> Sequence[InvoiceLink]:
        async with self._database.reading() as transaction:
            return [_link(row) for row in (await transaction.execute(_READ.where(*conditions))).mappings()]


def _link(row: RowMapping) -> InvoiceLink:
    return InvoiceLink(**{**row, "state": LinkState(row["state"])})
