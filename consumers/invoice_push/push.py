"""One invoice brought to Xero: what the mapping says is done, and what was done is stored. Holds no rule of its own.

A run that dies anywhere is taken up by the next one: the link is there before the document, the row of a write before
its request, and the mark that makes later events cheap moves last.
"""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from consumers.invoice_push import twins
from consumers.invoice_push.case import Case
from consumers.invoice_push.customers import Customers
from consumers.invoice_push.decision import GONE
from consumers.invoice_push.deeds import Deeds
from consumers.invoice_push.linking import Standing
from consumers.invoice_push.verdict import Create, Dead, Delete, Skip, Update, Void
from consumers.invoice_push.weighing import Weighed, Weighing
from consumers.runtime import outcome as outcomes
from consumers.runtime.outcome import Done, Outcome, Retry, Skipped
from relay.store.connections import Connection
from relay.store.links import InvoiceLink, InvoiceLinks, LinkState
from schemas import ghl, xero
from schemas.reasons import Reason

_AGAIN: Final = timedelta(seconds=1)


class Payments(Protocol):
    """Brings the money of a link in step, both ways; `consumers/payments` does."""

    async def settle_held(
        self,
        connection: Connection,
        link_id: str,
        *,
        xero_invoice: xero.Invoice | None = None,
        xero_read_at: datetime | None = None,
        ghl_invoice: ghl.Invoice | None = None,
        attempts: int = 0,
    ) -> Outcome:
        """Settle under the lease the caller holds; what was read under it is handed in and not read again."""


class Push:
    """Performs what the mapping says. Its caller holds the lease of the link."""

    def __init__(
        self,
        *,
        links: InvoiceLinks,
        weighing: Weighing,
        customers: Customers,
        deeds: Deeds,
        payments: Payments,
    ) -> None:
        self._links = links
        self._weighing = weighing
        self._customers = customers
        self._deeds = deeds
        self._payments = payments

    async def run(self, case: Case, link: InvoiceLink | None) -> Outcome:
        """Bring one invoice in step.

        Raises:
            UpstreamError: as the clients; the next run goes on where this one ended.
            LeaseTaken: somebody else is making its contact.
        """
        if link is None:
            if case.invoice.status in GONE:
                return Skipped(Reason.NOTHING_TO_VOID)
            return await self._new(case, await self._weighing.weighed(case, None, None), None)
        if link.state is LinkState.INTENDED:
            return await self._intended(case, link)
        if (taken_up := await self._deeds.taken_up(case, link)) is not None:
            return await self._standing(case, taken_up)
        weighed = await self._weighing.weighed(case, link, None)
        if twins.needs_a_look(weighed.verdict, link):
            return await self._standing(case, await self._deeds.read(case, link))
        return await self._linked(case, weighed, link, None)

    async def _intended(self, case: Case, link: InvoiceLink) -> Outcome:
        """Find out first whether the document stands."""
        found = await self._deeds.adopt(case, link)
        if isinstance(found, outcomes.Dead):
            return found
        if isinstance(found, Standing):
            return await self._standing(case, found)
        return await self._new(case, await self._weighing.weighed(case, found, None), found)

    async def _new(self, case: Case, weighed: Weighed, link: InvoiceLink | None) -> Outcome:
        """Do what is to be done where nothing stands in Xero."""
        match weighed.verdict:
            case Dead(reason, detail):
                return outcomes.Dead(reason, detail, link.id if link else None)
            case Skip(reason):
                return Skipped(reason, link=link.id if link else None)
            case Create() as verdict:
                made = await self._deeds.create(case, verdict, link)
                if isinstance(made, outcomes.Dead):
                    return await self._refused(case, weighed, made)
                if made.adopted:
                    return await self._standing(case, made)
                return await self._proved(case, verdict, made, "created")
            case Update() | Void() | Delete():
                raise AssertionError("the mapping changes what does not stand")

    async def _standing(self, case: Case, standing: Standing) -> Outcome:
        """Do what is to be done with a document as it was just read."""
        weighed = await self._weighing.weighed(case, standing.link, standing)
        return await self._linked(case, weighed, standing.link, standing)

    async def _linked(self, case: Case, weighed: Weighed, link: InvoiceLink, standing: Standing | None) -> Outcome:
        match weighed.verdict:
            case Dead(reason, detail):
                return outcomes.Dead(reason, detail, link.id)
            case Skip(reason):
                return await self._ended(case, link, standing, Skipped(reason, link=link.id))
            case Void() | Delete() as verdict:
                made = await self._deeds.close(case, verdict, link)
                if isinstance(made, outcomes.Dead):
                    return made
                return await self._ended(case, made.link, made, Done("closed", link.id))
            case Update() as verdict if twins.unchanged(verdict, link):
                adopted = standing is not None and standing.adopted
                done = Done("adopted", link.id) if adopted else Skipped(Reason.ALREADY_IN_STEP, link=link.id)
                return await self._ended(case, link, standing, done)
            case Update() as verdict:
                return await self._changed(case, weighed, verdict, standing or await self._deeds.read(case, link))
            case Create():
                raise AssertionError("the mapping makes a second document")

    async def _changed(self, case: Case, weighed: Weighed, verdict: Update, standing: Standing) -> Outcome:
        link, policy = standing.link, case.settings.edited_in_xero
        edit = twins.edit(link, standing, weighed.contact_id)
        if edit and policy == "ask":
            return outcomes.Dead(Reason.EDITED_IN_XERO, edit, link.id)
        if edit and policy == "keep":
            return await self._ended(case, link, standing, Skipped(Reason.ALREADY_IN_STEP, edit, link.id))
        made = await self._deeds.update(case, verdict, link)
        if isinstance(made, outcomes.Dead):
            return await self._refused(case, weighed, made)
        return await self._proved(case, verdict, made, "changed")

    async def _proved(self, case: Case, verdict: Create | Update, made: Standing, said: str) -> Outcome:
        """Compare Xero's total with HighLevel's. Where they differ the document stays as it is and payments wait."""
        if differs := twins.difference(made.document, verdict.total):
            return outcomes.Dead(Reason.TOTAL_DIFFERS, differs, made.link.id)
        return await self._ended(case, made.link, made, Done(said, made.link.id))

    async def _refused(self, case: Case, weighed: Weighed, dead: outcomes.Dead) -> Outcome:
        """Return a refusal; one about a contact that was linked long ago is looked into first."""
        if dead.reason is not Reason.CONTACT_ARCHIVED or weighed.found_now:
            return dead
        found = await self._customers.found(case.customer)
        if isinstance(found, Dead):
            return outcomes.Dead(found.reason, found.detail, dead.link)
        if found == weighed.contact_id:
            return dead
        return Retry(_AGAIN, Reason.CONTACT_ARCHIVED, "the contact was merged into another one in Xero")

    async def _ended(self, case: Case, link: InvoiceLink, standing: Standing | None, done: Done | Skipped) -> Outcome:
        """Settle the money, then move the mark: whoever dies before it comes back here."""
        if standing is not None or case.invoice.amount_paid or link.amount_paid or link.amount_credited:
            settled = await self._settled(case, link, standing)
            if not isinstance(settled, Done | Skipped):
                return settled
            done = _together(done, settled)
        current = await self._links.get(link.id)  # the payments may have changed it
        if current is not None:
            await self._links.save(replace(current, ghl_read_at=case.read_at, ghl_status=case.invoice.status))
        return done

    def _settled(self, case: Case, link: InvoiceLink, standing: Standing | None) -> Awaitable[Outcome]:
        return self._payments.settle_held(
            case.connection,
            link.id,
            xero_invoice=standing.document if standing else None,
            xero_read_at=standing.read_at if standing else None,
            ghl_invoice=case.invoice,
            attempts=case.attempts,
        )


def _together(done: Done | Skipped, settled: Done | Skipped) -> Done | Skipped:
    """Return one outcome of the document and of its money: what was done counts, not what was not."""
    if isinstance(done, Done) and isinstance(settled, Done):
        return Done(", ".join(part for part in (done.detail, settled.detail) if part), done.link)
    return settled if isinstance(settled, Done) else done
