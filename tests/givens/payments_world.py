"""One linked invoice, both vendors and the stores beside them, in memory."""

from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from consumers.payment_sync.display import ContactDisplay
from consumers.payment_sync.handler import PaymentSync
from consumers.payments.perform import Payments
from relay.clock import FakeClock
from relay.store.ledger import LedgerRow
from relay.store.links import InvoiceLink
from tests.givens.fate import Fate
from tests.givens.payments import (
    CONNECTION,
    LINK,
    settings,
)
from tests.givens.payments_stores import (
    MemoryConnections,
    MemoryContacts,
    MemoryLeases,
    MemoryLedger,
    MemoryLinks,
    MemoryWrites,
)
from tests.givens.payments_vendors import Books, HighLevel


class World:
    """One linked invoice, both vendors, the stores; `payments()` is a fresh process over them."""

    def __init__(
        self, *, dies_at: int | None = None, lands_after_s: float | None = None, total: Any = "110", **chosen: Any
    ) -> None:
        self.clock = FakeClock()
        self.fate = Fate(self.clock, dies_at, lands_after_s)
        self.crm = HighLevel(self.clock, self.fate, Decimal(total))
        self.books = Books(self.clock, self.fate, Decimal(total))
        self.links, self.contacts = MemoryLinks(), MemoryContacts()
        self.ledger, self.writes = MemoryLedger(self.fate), MemoryWrites(self.fate)
        self.leases = MemoryLeases()
        self.connections = MemoryConnections(settings(**chosen))
        self.links.rows["l1"] = LINK

    def ghl(self, **_: Any) -> Any:
        contacts = SimpleNamespace(
            add_tags=self.crm.add_tags,
            remove_tags=self.crm.remove_tags,
            add_note=self.crm.add_note,
            notes=self.crm.notes_of,
        )
        return SimpleNamespace(invoices=self.crm, transactions=self.crm, contacts=contacts)

    def xero(self, **_: Any) -> Any:
        return SimpleNamespace(invoices=self.books, payments=self.books)

    @property
    def link(self) -> InvoiceLink:
        return self.links.rows["l1"]

    @property
    def rows(self) -> Sequence[LedgerRow]:
        return tuple(self.ledger.rows.get("l1", {}).values())

    def payments(self) -> Payments:
        display = ContactDisplay(vendors=self, links=self.links, contacts=self.contacts, leases=self.leases)
        return Payments(
            vendors=self,
            connections=self.connections,
            links=self.links,
            ledger=self.ledger,
            writes=self.writes,
            leases=self.leases,
            display=display,
            clock=self.clock,
        )

    def handler(self) -> PaymentSync:
        return PaymentSync(
            vendors=self,
            connections=self.connections,
            links=self.links,
            ledger=self.ledger,
            payments=self.payments(),
            clock=self.clock,
        )

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.fate.land()

    async def settle(self, **given: Any) -> Any:
        return await self.payments().settle(CONNECTION, self.link, **given)
