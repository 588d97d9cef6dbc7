"""What a contact shows of its invoices: the worst of them that are still owed, else the one that changed last.

Tags are added and removed by the tag endpoints, never by PUT contact, which overwrites all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from relay.store.connections import Connection
from relay.store.contacts import ContactLink, ContactLinks
from relay.store.leases import Leases
from relay.store.links import InvoiceLink, InvoiceLinks
from relay.upstream.errors import NotFound
from relay.upstream.ports import Vendors
from schemas.connection_settings import ConnectionSettings, Status, StatusDisplay

WORST_FIRST: Final[Sequence[Status]] = ("overdue", "partially_paid", "unpaid")
LEASE_TTL_S: Final = 12.0  # renewed while held; so long a dead process keeps others out
LEASE_WAIT_S: Final = 10.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tags:
    """What changes on a contact that comes to show a status."""

    add: Sequence[str]
    remove: Sequence[str]


def shown_by(changed: Status, others: Sequence[str | None]) -> Status:
    """Return what a contact shows: the worst of its invoices that are still owed, else the changed one's. Pure."""
    owed = {changed, *others}
    return next((status for status in WORST_FIRST if status in owed), changed)


def tags_for(status: Status, settings: ConnectionSettings) -> Tags:
    """Return the tags of a status; those of every other status go. Pure."""
    wanted = settings.crm_status.get(status, StatusDisplay())
    others = [tag for name, shown in settings.crm_status.items() if name != status for tag in shown.add_tags]
    gone = dict.fromkeys([*wanted.remove_tags, *others])
    return Tags(wanted.add_tags, [tag for tag in gone if tag not in wanted.add_tags])


class ContactDisplay:
    """`consumers.payments.run.Display`: shows a status as tags on the contact of the invoice."""

    def __init__(self, *, vendors: Vendors, links: InvoiceLinks, contacts: ContactLinks, leases: Leases) -> None:
        self._vendors = vendors
        self._links = links
        self._contacts = contacts
        self._leases = leases

    async def show(
        self, connection: Connection, settings: ConnectionSettings, link: InvoiceLink, status: Status
    ) -> Sequence[str]:
        """Show the status of one invoice on its contact, and keep it on the link; return what could not be shown.

        Both under the contact's lease: who shows another invoice of the contact next must know of this one.

        Raises:
            LeaseTaken: another invoice of the contact is being shown; ask again.
            UpstreamError: what a vendor's API can do to us.
        """
        contact_id = link.ghl_contact_id
        if contact_id is None:
            await self._links.save(replace(link, shown_status=status))
            return ["the invoice has no known contact to show it on"]
        name = f"contact:{connection.id}:{contact_id}"
        async with self._leases.held(name, ttl_s=LEASE_TTL_S, wait_s=LEASE_WAIT_S):
            remarks = await self._shown(connection, settings, link, contact_id, status)
            await self._links.save(replace(link, shown_status=status))
        return remarks

    async def _shown(
        self, connection: Connection, settings: ConnectionSettings, link: InvoiceLink, contact_id: str, status: Status
    ) -> Sequence[str]:
        invoices = await self._links.of_contact(connection.id, contact_id)
        shown = shown_by(status, [one.shown_status for one in invoices if one.id != link.id])
        known = await self._contacts.get(connection.id, contact_id)
        if known and known.shown_status == shown:
            return []
        try:
            await self._tag(connection, contact_id, tags_for(shown, settings))
        except NotFound:
            log.warning("contact.not_found", link=link.id, contact=contact_id)
            return ["the contact is gone"]
        await self._remember(known, link, contact_id, shown)
        return _not_shown(settings, shown, link)

    async def _tag(self, connection: Connection, contact_id: str, tags: Tags) -> None:
        crm = self._vendors.ghl(location_id=connection.location_id, grant_id=connection.ghl_grant_id)
        if tags.add:
            await crm.contacts.add_tags(contact_id, tags.add)
        if tags.remove:
            await crm.contacts.remove_tags(contact_id, tags.remove)

    async def _remember(self, known: ContactLink | None, link: InvoiceLink, contact_id: str, shown: Status) -> None:
        """Keep what is shown; a contact without a twin keeps nothing, and its tags are simply set again."""
        if known:
            await self._contacts.put(replace(known, shown_status=shown))
        elif link.xero_contact_id:
            new = ContactLink(link.connection_id, link.tenant_id, contact_id, link.xero_contact_id, shown)
            await self._contacts.put(new)


def _not_shown(settings: ConnectionSettings, shown: Status, link: InvoiceLink) -> Sequence[str]:
    """Say which settings of a status have no effect yet, so that none is ignored in silence."""
    wanted = settings.crm_status.get(shown, StatusDisplay())
    named = [("fields", wanted.fields), ("opportunity", wanted.opportunity), ("workflow", wanted.workflow_id)]
    missing = [name for name, value in named if value]
    if not missing:
        return []
    log.warning("status.partly_shown", link=link.id, status=shown, not_shown=missing)
    return [f"not shown yet: {', '.join(missing)}"]
