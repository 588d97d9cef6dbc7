"""A link whose document may or may not stand: repeated or looked up before anything else is written.

| the open write | what is done |
| --- | --- |
| younger than five minutes | the identical request again under its key: Xero repeats its first answer |
| older, or none | look the number up: ours by Reference is adopted, another one's is told, nothing means free |
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from consumers.invoice_push.case import Case
from consumers.invoice_push.decision import CLOSED, GONE
from consumers.invoice_push.sending import REPEATABLE, Order, Sender
from consumers.invoice_push.verdict import Document
from consumers.runtime.failures import reason_of
from relay.clock import Clock
from relay.store.links import InvoiceLink
from relay.store.writes import Write, Writes
from relay.upstream.errors import OutcomeUnknown
from relay.upstream.ports import ElementRefused
from relay.upstream.xero.invoices import create_request, update_request
from schemas import money, xero
from schemas.reasons import Reason

SURELY_LANDED: Final = timedelta(minutes=1)  # whatever was sent longer ago can be seen by now


@dataclass(frozen=True, slots=True)
class Adopted:
    """The document stands; `content` is what was meant, None where it was only found."""

    document: xero.Invoice
    content: Document | None


@dataclass(frozen=True, slots=True)
class Free:
    """Nothing of ours stands under the number, and nothing is under way."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody else's document has the number; ours cannot stand."""

    status: str


@dataclass(frozen=True, slots=True)
class LostChange:
    """A change whose answer never came; `repeatable` while Xero still knows its key."""

    write: Write
    element: Document
    repeatable: bool


class Recovery:
    """Finds out what became of a write. Its caller holds the lease of the link."""

    def __init__(self, sender: Sender, writes: Writes, clock: Clock) -> None:
        self._sender = sender
        self._writes = writes
        self._clock = clock

    async def recovered(self, case: Case, link: InvoiceLink) -> Adopted | Free | Taken:
        """Return what stands of an intended link.

        Raises:
            OutcomeUnknown: it may still land; ask again.
            UpstreamError: as the clients.
        """
        write = await self._writes.open_of(link.id)
        age = self._clock.now() - write.sent_at if write else timedelta.max
        if case.invoice.status in GONE:
            return await self._for_an_end(case, link, age)
        if write is not None and age < REPEATABLE:
            repeated = await self._repeated(case, link, write)
            if repeated is not None:
                return repeated
        return await self.looked_up(case, link)

    async def lost_change(self, link: InvoiceLink) -> LostChange | None:
        """Return the change of a linked document that has no answer yet, None when nothing is open."""
        write = await self._writes.open_of(link.id)
        if write is None:
            return None
        if write.method == "PUT":  # its answer is in the link: who stored it died before it said so
            await self._sender.settled(link.id)
            return None
        return LostChange(write, _element(write), self._clock.now() - write.sent_at < REPEATABLE)

    async def repeated_change(self, case: Case, lost: LostChange) -> xero.Invoice | ElementRefused:
        """Send it again under its key; raises as `Sender.send`."""
        subject = lost.write.subjects[0]
        order = Order(lost.write.tenant_id, subject, lost.element, update_request, case.books.invoices.update)
        return await self._sender.repeat(lost.write, order)

    async def looked_up(self, case: Case, link: InvoiceLink) -> Adopted | Free | Taken:
        """Return who holds the link's number.

        Raises:
            UpstreamError: as the client.
        """
        found = await case.books.invoices.by_numbers([link.number])
        ours = [invoice for invoice in found if invoice.reference == case.invoice.id]
        if ours:
            return Adopted(max(ours, key=lambda invoice: invoice.status not in CLOSED), None)
        live = [invoice for invoice in found if invoice.status not in CLOSED]
        if live:
            return Taken(live[0].status)
        await self._sender.settled(link.id)
        return Free()

    async def _for_an_end(self, case: Case, link: InvoiceLink, age: timedelta) -> Adopted | Free | Taken:
        if age < SURELY_LANDED:
            found = await case.books.invoices.by_numbers([link.number])
            if not any(invoice.reference == case.invoice.id for invoice in found):
                raise OutcomeUnknown(f"{link.number} may still arrive in Xero")  # never make one just to void it
        return await self.looked_up(case, link)

    async def _repeated(self, case: Case, link: InvoiceLink, write: Write) -> Adopted | Free | None:
        """Send a write again; None when its number is taken, by us or by somebody else."""
        document = _element(write)
        order = Order(write.tenant_id, link.id, document, create_request, case.books.invoices.create)
        answer = await self._sender.repeat(write, order)
        if not isinstance(answer, ElementRefused):
            return Adopted(answer, document)
        return None if reason_of(answer.messages) is Reason.NUMBER_TAKEN else Free()


def _element(write: Write) -> dict[str, Any]:
    body = money.loads(write.body)
    [document] = body["Invoices"]
    return dict(document)
