"""Contact links: one HighLevel contact joined to its Xero twin, and the status shown on it last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.store.engine import Database
from relay.store.errors import Conflict
from relay.store.rows import blocks, columns_of, values_of
from relay.store.tables import CONTACT_LINKS


@dataclass(frozen=True, slots=True)
class ContactLink:
    """Row of `contact_links`; key (connection_id, ghl_contact_id), unique on (tenant_id, xero_contact_id)."""

    connection_id: str
    tenant_id: str
    ghl_contact_id: str
    xero_contact_id: str
    shown_status: str | None = None


_READ = select(*columns_of(CONTACT_LINKS, ContactLink))


class ContactLinks:
    """Reads and writes contact links."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, connection_id: str, ghl_contact_id: str) -> ContactLink | None:
        """Return the link of a HighLevel contact."""
        mine = (CONTACT_LINKS.c.connection_id == connection_id, CONTACT_LINKS.c.ghl_contact_id == ghl_contact_id)
        async with self._database.reading() as transaction:
            return await _first(transaction, *mine)

    async def linked(self, tenant_id: str, xero_contact_ids: Sequence[str]) -> Mapping[str, str]:
        """Return, of these Xero contacts, those linked to some HighLevel contact: xero id -> ghl id."""
        known: dict[str, str] = {}
        pairs = select(CONTACT_LINKS.c.xero_contact_id, CONTACT_LINKS.c.ghl_contact_id)
        async with self._database.reading() as transaction:
            for block in blocks(xero_contact_ids):
                these = (CONTACT_LINKS.c.tenant_id == tenant_id, CONTACT_LINKS.c.xero_contact_id.in_(block))
                known |= {
                    row.xero_contact_id: row.ghl_contact_id for row in await transaction.execute(pairs.where(*these))
                }
        return known

    async def put(self, link: ContactLink) -> ContactLink:
        """Insert or update; return the one that stands (two HighLevel contacts never share a Xero contact).

        Where another HighLevel contact holds that Xero contact, nothing is written and that other link is returned.
        """
        try:
            return await self._put(link)
        except Conflict:  # on PostgreSQL another process linked the Xero contact between our look and our write
            return await self._put(link)

    async def find(self, text: str) -> Sequence[ContactLink]:
        """Return the links of a HighLevel or Xero contact id, exact; for trace."""
        either = or_(CONTACT_LINKS.c.ghl_contact_id == text, CONTACT_LINKS.c.xero_contact_id == text)
        async with self._database.reading() as transaction:
            return [ContactLink(**row) for row in (await transaction.execute(_READ.where(either))).mappings()]

    async def _put(self, link: ContactLink) -> ContactLink:
        same_twin = (
            CONTACT_LINKS.c.tenant_id == link.tenant_id,
            CONTACT_LINKS.c.xero_contact_id == link.xero_contact_id,
        )
        async with self._database.writing() as transaction:
            standing = await _first(transaction, *same_twin)
            if standing and _key(standing) != _key(link):
                return standing
            await transaction.execute(self._database.replace(CONTACT_LINKS), values_of(link))
        return link


async def _first(transaction: AsyncConnection, *conditions: Any) -> ContactLink | None:
    row = (await transaction.execute(_READ.where(*conditions))).mappings().first()
    return ContactLink(**row) if row else None


def _key(link: ContactLink) -> tuple[str, str]:
    return link.connection_id, link.ghl_contact_id
