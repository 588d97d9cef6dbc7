"""The life of one delivery, event, invoice, contact or payment: every row that knows an id. For `relay trace`."""

from collections.abc import Sequence
from dataclasses import dataclass

from relay.store.contacts import ContactLink, ContactLinks
from relay.store.ledger import Ledger, LedgerRow
from relay.store.links import InvoiceLink, InvoiceLinks
from relay.store.outcomes import OutcomeRow, Outcomes
from relay.store.parked import Parked, ParkedEvent
from relay.store.writes import Write, Writes


@dataclass(frozen=True, slots=True)
class Life:
    """What the store knows of an id; each part oldest first."""

    links: Sequence[InvoiceLink]
    contacts: Sequence[ContactLink]
    outcomes: Sequence[OutcomeRow]
    parked: Sequence[ParkedEvent]
    writes: Sequence[Write]
    payments: Sequence[tuple[str, LedgerRow]]  # (link id, row)

    @property
    def known(self) -> bool:
        """Return whether anything was found."""
        return any((self.links, self.contacts, self.outcomes, self.parked, self.writes, self.payments))


@dataclass(frozen=True, slots=True)
class Lives:
    """Looks an id up in every noun, and what belongs to the links found."""

    links: InvoiceLinks
    contacts: ContactLinks
    outcomes: Outcomes
    parked: Parked
    writes: Writes
    ledger: Ledger

    async def find(self, text: str) -> Life:
        """Return every row that knows the text as an id or number, exact; an empty life for an unknown one.

        An invoice brings its events under either vendor's id, a payment brings its invoice.
        """
        payments = dict.fromkeys(await self.ledger.of_external(text))
        links = {link.id: link for link in await self.links.find(text)}
        for link_id, _ in list(payments):
            if link_id not in links and (link := await self.links.get(link_id)):
                links[link_id] = link
        names = dict.fromkeys([text, *(name for link in links.values() for name in _names(link))])
        for link_id in links:
            payments |= dict.fromkeys((link_id, row) for row in await self.ledger.read(link_id))
        outcomes = dict.fromkeys([row for name in names for row in await self.outcomes.find(name)])
        parked = {row.id + row.ce_id: row for name in names for row in await self.parked.find(name)}
        writes = {write.key: write for name in names for write in await self.writes.find(name)}
        return Life(
            links=list(links.values()),
            contacts=await self.contacts.find(text),
            outcomes=sorted(outcomes, key=lambda row: row.handled_at),
            parked=sorted(parked.values(), key=lambda row: row.first_failure),
            writes=sorted(writes.values(), key=lambda write: write.sent_at),
            payments=list(payments),
        )


def _names(link: InvoiceLink) -> Sequence[str]:
    return [name for name in (link.id, link.ghl_invoice_id, link.xero_invoice_id) if name]
