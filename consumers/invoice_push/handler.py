"""invoice-push: HighLevel invoices become Xero invoices. A shell around `push.py`: who, whether, and what failed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from consumers.invoice_push import numbers
from consumers.invoice_push.case import Case
from consumers.invoice_push.customers import Customers
from consumers.invoice_push.decision import GONE
from consumers.invoice_push.deeds import Deeds
from consumers.invoice_push.freshness import in_step
from consumers.invoice_push.push import Payments, Push
from consumers.invoice_push.recovery import Recovery
from consumers.invoice_push.sending import Sender
from consumers.invoice_push.snapshots import Snapshots
from consumers.invoice_push.source import read_source
from consumers.invoice_push.verdict import Unmappable
from consumers.invoice_push.weighing import Weighing
from consumers.runtime.failures import RECHECK, busy, outcome_of
from consumers.runtime.handler import Subject
from consumers.runtime.outcome import Outcome, Park, Retry, Skipped
from relay.clock import Clock
from relay.store.connections import Connection, Connections
from relay.store.contacts import ContactLinks
from relay.store.errors import LeaseLost, LeaseTaken, StoreUnavailable
from relay.store.leases import Leases
from relay.store.links import InvoiceLink, InvoiceLinks
from relay.store.organisations import Organisations
from relay.store.writes import Writes
from relay.upstream.errors import UpstreamError
from relay.upstream.ports import Vendors
from schemas import topics
from schemas.connection_settings import ConnectionSettings
from schemas.envelope import Event
from schemas.reasons import Reason

LEASE_S: Final = 12.0  # renewed while held; so long a dead process keeps others out
DEADLINE_S: Final = 240.0  # of one subject: about a dozen calls, each with its own
_AWAY: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the handler stands on."""

    vendors: Vendors
    connections: Connections
    organisations: Organisations
    links: InvoiceLinks
    contacts: ContactLinks
    writes: Writes
    leases: Leases
    payments: Payments
    clock: Clock


class InvoicePush:
    """The handler of the consumer `invoice-push`; one for all connections."""

    name = "invoice-push"
    topics: Sequence[str] = (topics.GHL_INVOICES,)
    max_subjects = 50
    max_calls_per_lane = 1
    needs_connection = True

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        sender = Sender(rooms.writes, rooms.clock)
        recovery = Recovery(sender, rooms.writes, rooms.clock)
        customers = Customers(rooms.contacts, sender, rooms.leases)
        self._push = Push(
            links=rooms.links,
            weighing=Weighing(Snapshots(rooms.organisations, rooms.clock), customers, rooms.clock),
            customers=customers,
            deeds=Deeds(rooms.links, sender, recovery, rooms.clock),
            payments=rooms.payments,
        )

    def subject_of(self, event: Event) -> str:
        """Return the id of the invoice."""
        return event.subject

    async def connection_of(self, event: Event) -> Connection | None:
        """Return the connection of the event's location."""
        return await self._rooms.connections.of_location(event.key)

    async def handle(self, batch: Sequence[Subject]) -> Sequence[Outcome]:
        """Bring each invoice in step, one after the other; see `handler.Handler`."""
        return [await self._handled(subject) for subject in batch]

    async def _handled(self, subject: Subject) -> Outcome:
        connection, now = subject.connection, self._rooms.clock.now
        if connection is None:
            return Park(now() + RECHECK, Reason.NOT_CONNECTED)
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await self._in_step(subject, connection)
        except UpstreamError as error:
            return outcome_of(error, now(), subject.newest.attempts)
        except (LeaseTaken, LeaseLost):
            return Retry(
                busy(subject.newest.attempts), Reason.QUEUED_BEHIND, "the other side of this invoice is being handled"
            )
        except (StoreUnavailable, TimeoutError) as error:
            return Retry(_AWAY, Reason.OUTCOME_UNKNOWN, str(error) or f"not done within {DEADLINE_S:g} s")

    async def _in_step(self, subject: Subject, connection: Connection) -> Outcome:
        _, settings = await self._rooms.connections.settings(connection.id)
        if settings.sync_invoices == "off":
            return Skipped(Reason.SWITCHED_OFF)
        link = await self._rooms.links.of_ghl(connection.id, subject.id)
        if in_step(subject.newest, link):
            return Skipped(Reason.ALREADY_IN_STEP, link=link.id if link else None)
        async with self._rooms.leases.held(f"link:{connection.id}:{subject.id}", ttl_s=LEASE_S, wait_s=0):
            link = await self._rooms.links.of_ghl(connection.id, subject.id)
            if in_step(subject.newest, link):  # whoever held the lease did it
                return Skipped(Reason.ALREADY_IN_STEP, link=link.id if link else None)
            return await self._read_and_pushed(subject, connection, settings, link)

    async def _read_and_pushed(
        self, subject: Subject, connection: Connection, settings: ConnectionSettings, link: InvoiceLink | None
    ) -> Outcome:
        vendors = self._rooms.vendors
        crm = vendors.ghl(location_id=connection.location_id, grant_id=connection.ghl_grant_id)
        books = vendors.xero(tenant_id=connection.tenant_id, grant_id=connection.xero_grant_id)
        source = await read_source(crm, subject, self._rooms.clock)
        case = Case(connection, settings, crm, books, source.invoice, source.read_at, subject.newest.attempts)
        if link is None and subject.newest.run_id is None and _too_old(case):
            return Skipped(Reason.SWITCHED_OFF, "issued before the connection's first day; backfill sends it")
        return await self._push.run(case, link)


def _too_old(case: Case) -> bool:
    """Say whether an invoice is older than what the connection sends by itself."""
    since = case.settings.push_since
    if since is None or case.invoice.status in GONE:
        return False
    try:
        return numbers.issue_day(case.invoice, case.settings) < since
    except Unmappable:
        return False  # the mapping says what is wrong with it
