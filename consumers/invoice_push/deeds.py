"""What is done to a Xero document: created, changed, closed. Each is a row before it is a request."""

from dataclasses import replace

from consumers.invoice_push import linking, numbers, twins
from consumers.invoice_push.case import Case
from consumers.invoice_push.linking import Standing
from consumers.invoice_push.recovery import Adopted, Recovery, Taken
from consumers.invoice_push.sending import Order, Sender
from consumers.invoice_push.verdict import Create, Delete, Document, Update, Void
from consumers.runtime.failures import reason_of, refused
from consumers.runtime.outcome import Dead
from relay.clock import Clock
from relay.store.links import InvoiceLink, InvoiceLinks
from relay.upstream.errors import NotFound
from relay.upstream.ports import ElementRefused
from relay.upstream.xero.invoices import create_request, update_request
from schemas.reasons import Reason


class Deeds:
    """Performs verdicts on Xero. Its caller holds the lease of the link."""

    def __init__(self, links: InvoiceLinks, sender: Sender, recovery: Recovery, clock: Clock) -> None:
        self._links = links
        self._sender = sender
        self._recovery = recovery
        self._clock = clock

    async def create(self, case: Case, verdict: Create, link: InvoiceLink | None) -> Standing | Dead:
        """Create the document; one that turns out to stand already is adopted. Never a POST: it would overwrite.

        Raises:
            OutcomeUnknown: it may have landed; the link stays intended, and the next run finds out.
            UpstreamError: as the client.
        """
        link = link or await self._links.intend(linking.intended(case.connection, case.invoice, verdict.document))
        document = {**verdict.document, "InvoiceNumber": link.number}
        began = self._clock.now()
        order = Order(link.tenant_id, link.id, document, create_request, case.books.invoices.create)
        answer = await self._sender.send(order)
        if not isinstance(answer, ElementRefused):
            return await self.kept(case, link, Standing(link, answer, began), content=document)
        if reason_of(answer.messages) is not Reason.NUMBER_TAKEN:
            return refused(answer.messages, link.id)
        began = self._clock.now()
        found = await self._recovery.looked_up(case, link)
        if isinstance(found, Adopted):
            return await self.kept(case, link, Standing(link, found.document, began, adopted=True), content=None)
        return Dead(Reason.NUMBER_TAKEN, f"{link.number} is another document's in Xero", link.id)

    async def adopt(self, case: Case, link: InvoiceLink) -> Standing | InvoiceLink | Dead:
        """Find out what became of an intended link: its document, or the link under whose number one may be made.

        Raises:
            OutcomeUnknown: it may still land.
            UpstreamError: as the client.
        """
        began = self._clock.now()
        found = await self._recovery.recovered(case, link)
        if isinstance(found, Adopted):
            return await self.kept(
                case, link, Standing(link, found.document, began, adopted=True), content=found.content
            )
        if isinstance(found, Taken):
            return await self._renumbered(case, link)
        return link

    async def taken_up(self, case: Case, link: InvoiceLink) -> Standing | None:
        """Find out what became of a change of a linked document whose answer was lost; None when there was none.

        While it is young the identical request goes again, so that it cannot land after a newer one. Later the document
        is read: a difference that we asked for is no edit by a person.

        Raises:
            OutcomeUnknown: it may still land.
            UpstreamError: as the client.
        """
        began = self._clock.now()
        lost = await self._recovery.lost_change(link)
        if lost is None:
            return None
        content = lost.element if "LineItems" in lost.element else None
        if lost.repeatable:
            answer = await self._recovery.repeated_change(case, lost)
            if not isinstance(answer, ElementRefused):
                return await self.kept(case, link, Standing(link, answer, began), content=content)
        standing = await self.read(case, link)
        if twins.carries(lost.element, standing.document):
            return await self.kept(case, link, standing, content=content)
        await self._sender.settled(link.id)
        return standing

    async def read(self, case: Case, link: InvoiceLink) -> Standing:
        """Read the document of a link.

        Raises:
            NotFound: Xero does not show it; documents do not go away there, so the access is in doubt.
            UpstreamError: as the client.
        """
        began = self._clock.now()
        found = await case.books.invoices.read([link.xero_invoice_id or ""])
        if not found:
            raise NotFound(f"Xero shows no invoice {link.xero_invoice_id}")
        return Standing(linking.read(link, found[0]), found[0], began)

    async def update(self, case: Case, verdict: Update, link: InvoiceLink) -> Standing | Dead:
        """Change the document; raises as `create`."""
        return await self._posted(case, verdict.document, link, content=verdict.content)

    async def close(self, case: Case, verdict: Void | Delete, link: InvoiceLink) -> Standing | Dead:
        """Void or delete the document; raises as `create`."""
        return await self._posted(case, verdict.document, link, content=None)

    async def kept(self, case: Case, link: InvoiceLink, standing: Standing, *, content: Document | None) -> Standing:
        """Store what Xero answered in the link, then say that nothing is under way."""
        saved = linking.written(link, case.invoice, standing.document, content=content)
        await self._links.save(saved)
        await self._sender.settled(link.id)
        return replace(standing, link=saved)

    async def _posted(
        self, case: Case, document: Document, link: InvoiceLink, *, content: Document | None
    ) -> Standing | Dead:
        began = self._clock.now()
        order = Order(link.tenant_id, link.id, document, update_request, case.books.invoices.update)
        answer = await self._sender.send(order)
        if isinstance(answer, ElementRefused):
            return refused(answer.messages, link.id)
        return await self.kept(case, link, Standing(link, answer, began), content=content)

    async def _renumbered(self, case: Case, link: InvoiceLink) -> InvoiceLink | Dead:
        """Return the link under the number the settings give now: nothing of ours ever stood under the old one."""
        number = numbers.invoice_number(case.invoice, case.settings)
        if number == link.number:
            return Dead(Reason.NUMBER_TAKEN, f"{number} is another document's in Xero", link.id)
        renumbered = replace(link, number=number)
        await self._links.save(renumbered)
        return renumbered
