"""The Xero contact an invoice goes to: linked, found or made. An invoice needs its ContactID and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from consumers.invoice_push import matching
from consumers.invoice_push.cards import email_of
from consumers.invoice_push.matching import ContactVerdict, CreateContact, UseContact, decide_contact
from consumers.invoice_push.names import comparable, contact_name
from consumers.invoice_push.people import person
from consumers.invoice_push.sending import Order, Sender
from consumers.invoice_push.verdict import Dead, Document
from consumers.runtime.failures import refused
from relay.store.connections import Connection
from relay.store.contacts import ContactLink, ContactLinks
from relay.store.leases import Leases
from relay.upstream.errors import NotFound, OutcomeUnknown
from relay.upstream.ports import ElementRefused, GhlClient, XeroClient
from relay.upstream.xero.contacts import create_request, update_request
from schemas import ghl, xero
from schemas.connection_settings import ConnectionSettings
from schemas.reasons import Reason

log = structlog.get_logger()

LEASE_S: Final = 12.0  # renewed while held; so long a dead process keeps others out
WAIT_S: Final = 10.0
_NAMES_TRIED: Final = 6  # the name, four suffixes, and one that was taken meanwhile


@dataclass(frozen=True, slots=True)
class Customer:
    """Whose invoice it is, and the clients to find out with."""

    connection: Connection
    settings: ConnectionSettings
    crm: GhlClient
    books: XeroClient
    details: ghl.ContactDetails  # as copied into the invoice

    @property
    def subject(self) -> str:
        """Return the name of its writes and its lease."""
        return f"contact:{self.connection.id}:{self.details.id}"


class Customers:
    """Finds and makes contacts. Waits for the lease of the contact: two invoices of a new customer make one."""

    def __init__(self, links: ContactLinks, sender: Sender, leases: Leases) -> None:
        self._links = links
        self._sender = sender
        self._leases = leases

    async def linked(self, customer: Customer) -> str | None:
        """Return the contact linked so far: no vendor is asked."""
        link = await self._links.get(customer.connection.id, customer.details.id)
        return link.xero_contact_id if link else None

    async def found(self, customer: Customer) -> str | Dead:
        """Look a contact up in Xero, or make it; return its ContactID, linked from now on.

        Raises:
            UpstreamError: as the clients.
            LeaseTaken: somebody else is at it.
        """
        if not customer.details.id:
            return Dead(Reason.BAD_DOCUMENT, "the invoice names no contact")
        async with self._leases.held(customer.subject, ttl_s=LEASE_S, wait_s=WAIT_S):
            source = await _source(customer)
            known = await self._index(customer, source)
            for _ in range(_NAMES_TRIED):
                verdict = await self._decided(customer, source, known)
                if isinstance(verdict, CreateContact):
                    if await _widened(customer, verdict.contact, known):
                        continue  # somebody has that name: decide again, knowing them
                    made = await self._made(customer, verdict.contact, known)
                    if made is None:
                        continue
                    return made if isinstance(made, Dead) else await self._joined(customer, made)
                return await self._used(customer, verdict)
        return Dead(Reason.CONTACT_NAME_TAKEN, "every name tried is taken in Xero")

    async def _index(self, customer: Customer, source: ghl.Contact | ghl.ContactDetails) -> "_Index":
        """Return whoever it may be: by link, number, e-mail and name."""
        who, contacts = person(source), customer.books.contacts
        name = contact_name(who, customer.settings.contact_name_format)
        index = _Index({}, {comparable(name)})
        linked = await self.linked(customer)
        index.add(await contacts.read([linked]) if linked else [])
        for _ in range(_NAMES_TRIED):  # follow what was merged, and merged again
            merged = [c.merged_to for c in index.contacts.values() if c.merged_to and c.merged_to not in index.contacts]
            if not merged:
                break
            index.add(await contacts.read(merged))
        index.add(await contacts.by_contact_number(who.id))
        if address := email_of(who):
            index.add(await contacts.by_email(address))
        index.add(await contacts.by_name(name))
        return index

    async def _decided(
        self, customer: Customer, source: ghl.Contact | ghl.ContactDetails, index: "_Index"
    ) -> ContactVerdict:
        tenant_id = customer.connection.tenant_id
        linked = await self._links.linked(tenant_id, list(index.contacts))
        elsewhere = frozenset(xero_id for xero_id, ghl_id in linked.items() if ghl_id != customer.details.id)
        known = matching.ContactLinks(await self.linked(customer), elsewhere)
        return decide_contact(source, customer.settings, list(index.contacts.values()), known)

    async def _used(self, customer: Customer, verdict: UseContact | Dead) -> str | Dead:
        if isinstance(verdict, Dead):
            return verdict
        if verdict.changes is not None:
            await self._changed(customer, verdict.changes)
        return await self._joined(customer, verdict.contact_id)

    async def _made(self, customer: Customer, element: Document, index: "_Index") -> str | Dead | None:
        """Create a contact; None when its number or name is taken after all, and the index now knows by whom."""
        call = customer.books.contacts.create
        order = Order(customer.connection.tenant_id, customer.subject, element, create_request, call)
        answer = await self._sender.send(order)
        if not isinstance(answer, ElementRefused):
            return answer.contact_id
        if not _taken(answer.messages):
            dead = refused(answer.messages)
            return Dead(dead.reason, dead.detail)
        name = str(element["Name"])
        index.add(await customer.books.contacts.by_contact_number(customer.details.id))
        index.add([*await customer.books.contacts.by_name(name), _unseen(name)])
        return None

    async def _changed(self, customer: Customer, changes: Document) -> None:
        call = customer.books.contacts.update
        order = Order(customer.connection.tenant_id, customer.subject, changes, update_request, call)
        answer = await self._sender.send(order)
        if isinstance(answer, ElementRefused):  # the invoice needs the contact, not what we would have changed on it
            log.warning("contact.not_changed", connection=customer.connection.id, contact=customer.details.id)

    async def _joined(self, customer: Customer, contact_id: str) -> str:
        connection = customer.connection
        link = ContactLink(connection.id, connection.tenant_id, customer.details.id, contact_id)
        standing = await self._links.put(link)
        if standing.xero_contact_id != contact_id or standing.ghl_contact_id != customer.details.id:
            raise OutcomeUnknown(f"contact {contact_id} was linked to another one meanwhile: look again")
        await self._sender.settled(customer.subject)
        return contact_id


@dataclass(frozen=True, slots=True)
class _Index:
    """The contacts a decision may look at, and the names that were looked up."""

    contacts: dict[str, xero.Contact]
    names: set[str]

    def add(self, found: Sequence[xero.Contact]) -> None:
        self.contacts.update({contact.contact_id: contact for contact in found})


def _taken(messages: Sequence[str]) -> bool:
    return any("already assigned" in message for message in messages)


def _unseen(name: str) -> xero.Contact:
    """Return the one who holds a name, though no look-up shows them."""
    return xero.Contact.model_validate({"ContactID": f"holder of {name}", "Name": name, "ContactNumber": "unseen"})


async def _source(customer: Customer) -> ghl.Contact | ghl.ContactDetails:
    try:
        return await customer.crm.contacts.read(customer.details.id)
    except NotFound:
        return customer.details  # deleted in HighLevel: what the invoice says of it


async def _widened(customer: Customer, element: Mapping[str, object], index: _Index) -> bool:
    """Look up a name that was not looked up yet; say whether somebody has it."""
    name = str(element["Name"])
    if comparable(name) in index.names:
        return False
    index.names.add(comparable(name))
    found = await customer.books.contacts.by_name(name)
    index.add(found)
    return bool(found)
