"""Contact links: one HighLevel contact joined to its Xero twin, and the status shown on it last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContactLink:
    connection_id: str
    tenant_id: str
    ghl_contact_id: str
    xero_contact_id: str
    shown_status: str | None = None


class ContactLinks:
    async def get(self, connection_id: str, ghl_contact_id: str) -> ContactLink | None: ...
    async def linked(self, tenant_id: str, xero_contact_ids: Sequence[str]) -> Mapping[str, str]:
        """Return, of these Xero contacts, those linked to some HighLevel contact: xero id -> ghl id."""

    async def put(self, link: ContactLink) -> ContactLink:
        """Insert or update; return the one that stands (two HighLevel contacts never share a Xero contact)."""
