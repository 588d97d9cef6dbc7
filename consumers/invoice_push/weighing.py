"""Asking the mapping, with an organisation as young and a contact as real as its verdict needs."""

from dataclasses import dataclass
from typing import Final

from consumers.invoice_push import linking
from consumers.invoice_push.case import Case
from consumers.invoice_push.customers import Customers
from consumers.invoice_push.decision import GONE, map_invoice
from consumers.invoice_push.linking import Standing
from consumers.invoice_push.snapshots import JUST_NOW, MENDED_IN_XERO, Snapshots
from consumers.invoice_push.verdict import Create, Dead, Links, Update, Verdict
from relay.clock import Clock
from relay.store.links import InvoiceLink

_NOBODY: Final = "not looked up yet"  # a contact is made only for an invoice that can be sent


@dataclass(frozen=True, slots=True)
class Weighed:
    """A verdict, and the contact it was reached with."""

    verdict: Verdict
    contact_id: str
    found_now: bool = False  # else linked before: Xero was not asked whether it still stands


class Weighing:
    """Reads what the mapping needs, and asks it."""

    def __init__(self, snapshots: Snapshots, customers: Customers, clock: Clock) -> None:
        self._snapshots = snapshots
        self._customers = customers
        self._clock = clock

    async def weighed(self, case: Case, link: InvoiceLink | None, standing: Standing | None) -> Weighed:
        """Return the verdict; the contact is looked up, or made, when a document is to be written for it.

        Raises:
            UpstreamError: as the clients.
            LeaseTaken: somebody else is making that contact.
        """
        if case.invoice.status in GONE:
            known = link.xero_contact_id if link else None
        else:
            known = await self._customers.linked(case.customer)
        verdict = await self._verdict(case, link, standing, known or _NOBODY)
        if known or not isinstance(verdict, Create | Update):
            return Weighed(verdict, known or _NOBODY)
        found = await self._customers.found(case.customer)
        if isinstance(found, Dead):
            return Weighed(found, _NOBODY, found_now=True)
        return Weighed(await self._verdict(case, link, standing, found), found, found_now=True)

    async def _verdict(
        self, case: Case, link: InvoiceLink | None, standing: Standing | None, contact_id: str
    ) -> Verdict:
        twin = linking.linked_invoice(link, standing.document if standing else None) if link else None
        links = Links(contact_id, twin, link.number if link else None)
        tenant_id = case.connection.tenant_id
        snapshot = await self._snapshots.of(case.books, tenant_id)
        verdict = map_invoice(case.invoice, case.settings, snapshot.organisation, links)
        stale = self._clock.now() - snapshot.read_at > JUST_NOW
        if isinstance(verdict, Dead) and verdict.reason in MENDED_IN_XERO and stale:
            snapshot = await self._snapshots.of(case.books, tenant_id, age=JUST_NOW)
            verdict = map_invoice(case.invoice, case.settings, snapshot.organisation, links)
        return verdict
