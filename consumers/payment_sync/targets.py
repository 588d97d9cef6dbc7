"""Which link does an event of Xero concern? By the store where it can be, else by one look at Xero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from consumers.runtime.failures import outcome_of
from consumers.runtime.handler import Subject
from consumers.runtime.outcome import Outcome, Park, Retry, Skipped
from relay.clock import Clock
from relay.store.connections import Connection, Connections, ConnectionState
from relay.store.ledger import Ledger
from relay.store.links import InvoiceLink, InvoiceLinks
from relay.upstream.errors import NotFound, UpstreamError
from relay.upstream.ports import Vendors, XeroClient
from schemas.envelope import Event
from schemas.reasons import Reason
from schemas.topics import XERO_INVOICES, live_of

BEING_LINKED: Final = timedelta(seconds=5)
LINKED_BY: Final = 6  # attempts; after that an invoice of ours waits for its link as a parked event
_RECHECK: Final = timedelta(minutes=1)
_LATER: Final = timedelta(minutes=15)
_HALTED: Final = {ConnectionState.PAUSED: Reason.PAUSED, ConnectionState.SETTING_UP: Reason.BEING_SET_UP}


@dataclass(frozen=True, slots=True)
class Target:
    """The link that an event concerns, and the connection it goes by."""

    link: InvoiceLink
    connection: Connection


@dataclass(frozen=True, slots=True)
class Targets:
    """Finds the links of subjects."""

    vendors: Vendors
    connections: Connections
    links: InvoiceLinks
    ledger: Ledger
    clock: Clock

    async def known(self, event: Event) -> InvoiceLink | None:
        """Return the link of an event as far as the store knows it."""
        if concerns_invoice(event):
            return (await self.links.of_xero([event.subject])).get(event.subject)
        if not concerns_payment(event):
            return None
        rows = await self.ledger.of_external(event.subject)
        return await self.links.get(rows[0][0]) if rows else None

    async def find(self, batch: Sequence[Subject]) -> Sequence[Target | Outcome]:
        """Return the target of each subject, or what becomes of it without one, in the order of the batch."""
        links = [await self.known(subject.newest.event) for subject in batch]
        unlinked = [
            subject
            for subject, link in zip(batch, links, strict=True)
            if link is None and concerns_invoice(subject.newest.event)
        ]
        invoices = await self._unlinked(unlinked) if unlinked else {}
        found: list[Target | Outcome] = []
        for subject, link in zip(batch, links, strict=True):
            if link is not None:
                found.append(await self._target(link))
            elif concerns_invoice(subject.newest.event):
                found.append(invoices[subject.id])
            elif concerns_payment(subject.newest.event):
                found.append(await self._of_payment(subject))
            else:
                found.append(Skipped(Reason.ALREADY_IN_STEP, "the event of the invoice it touches covers it"))
        return found

    async def _target(self, link: InvoiceLink) -> Target | Outcome:
        connection = await self.connections.get(link.connection_id)
        if connection is None or connection.state is ConnectionState.DISCONNECTED:
            return Skipped(Reason.NOT_CONNECTED, "its connection is gone", link.id)
        if reason := _HALTED.get(connection.state):
            return Park(self.clock.now() + _RECHECK, reason)
        return Target(link, connection)

    async def _unlinked(self, subjects: Sequence[Subject]) -> Mapping[str, Outcome]:
        """Return what becomes of invoices without a link: not ours, unless a create of ours is on its way."""
        not_ours: dict[str, Outcome] = {subject.id: Skipped(Reason.NOT_OURS) for subject in subjects}
        tenant_id = subjects[0].newest.event.key
        awaited = {link.ghl_invoice_id for link in await self.links.intended(tenant_id)}
        client = await self._client(tenant_id) if awaited else None
        if client is None:
            return not_ours
        try:
            invoices = await client.invoices.read([subject.id for subject in subjects])
        except UpstreamError as error:
            now = self.clock.now()
            return {subject.id: outcome_of(error, now, subject.newest.attempts) for subject in subjects}
        ours = {invoice.invoice_id for invoice in invoices if invoice.reference in awaited}
        return not_ours | {subject.id: self._being_linked(subject) for subject in subjects if subject.id in ours}

    def _being_linked(self, subject: Subject) -> Outcome:
        detail = "our own create, its link is being written"
        if subject.newest.attempts < LINKED_BY:
            return Retry(BEING_LINKED, Reason.QUEUED_BEHIND, detail)
        return Park(self.clock.now() + _LATER, Reason.QUEUED_BEHIND, detail)

    async def _of_payment(self, subject: Subject) -> Target | Outcome:
        """Ask Xero which invoice a payment is for. Bills are paid too: most of these are none of ours."""
        client = await self._client(subject.newest.event.key)
        if client is None:
            return Skipped(Reason.NOT_OURS, "its organisation has no active connection")
        try:
            payment = await client.payments.read(subject.id)
        except NotFound:
            return Skipped(Reason.NOT_OURS, "Xero knows no such payment")
        except UpstreamError as error:
            return outcome_of(error, self.clock.now(), subject.newest.attempts)
        link = (await self.links.of_xero([payment.invoice_id])).get(payment.invoice_id) if payment.invoice_id else None
        return await self._target(link) if link else Skipped(Reason.NOT_OURS)

    async def _client(self, tenant_id: str) -> XeroClient | None:
        for connection in await self.connections.of_tenant(tenant_id):
            if connection.state is ConnectionState.ACTIVE:
                return self.vendors.xero(tenant_id=tenant_id, grant_id=connection.xero_grant_id)
        return None


def concerns_invoice(event: Event) -> bool:
    """Whether the subject of an event is an invoice."""
    return live_of(event.topic) == XERO_INVOICES


def concerns_payment(event: Event) -> bool:
    """Whether the subject of an event is a payment; credits share its topic."""
    return not concerns_invoice(event) and event.type.lower().startswith("com.xero.payment.")
