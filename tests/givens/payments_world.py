"""A HighLevel and a Xero that keep books in memory, the stores beside them, and a run that may die at any point."""

import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from consumers.payment_sync.display import ContactDisplay
from consumers.payment_sync.handler import PaymentSync
from consumers.payments.perform import Payments
from relay.clock import FakeClock
from relay.store.connections import Connection
from relay.store.contacts import ContactLink
from relay.store.errors import LeaseTaken
from relay.store.ledger import LedgerRow, Origin
from relay.store.links import InvoiceLink, LinkState
from relay.store.writes import Write
from relay.upstream.errors import NotFound, UpstreamError
from relay.upstream.ports import ElementRefused
from schemas import ghl, xero
from schemas.connection_settings import ConnectionSettings
from tests.givens.payments import (
    CONNECTION,
    GHL_INVOICE,
    INVOICE,
    LINK,
    settings,
    transaction,
    uuid,
    xero_invoice,
    xero_payment,
)


class Died(BaseException):
    """The process ended here."""


@dataclass
class Fate:
    """Counts the points where a run can end; at one of them it does. What was on the wire then may land later."""

    clock: FakeClock
    dies_at: int | None = None
    lands_after_s: float | None = None
    passed: int = 0
    on_the_wire: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)

    def point(self, effect: Callable[[], object] | None = None) -> None:
        self.passed += 1
        if self.passed != self.dies_at:
            return
        if effect and self.lands_after_s is not None:
            self.on_the_wire.append((self.clock.now() + timedelta(seconds=self.lands_after_s), effect))
        raise Died

    def land(self) -> None:
        due = [effect for at, effect in self.on_the_wire if at <= self.clock.now()]
        self.on_the_wire = [(at, effect) for at, effect in self.on_the_wire if at > self.clock.now()]
        for effect in due:
            effect()


class MemoryLedger:
    def __init__(self, fate: Fate) -> None:
        self.rows: dict[str, dict[tuple[Origin, str], LedgerRow]] = {}
        self._fate = fate

    async def read(self, link_id: str) -> Sequence[LedgerRow]:
        return tuple(self.rows.get(link_id, {}).values())

    async def save(self, link_id: str, rows: Sequence[LedgerRow]) -> None:
        self._fate.point()
        self.rows.setdefault(link_id, {}).update({(one.origin, one.external_id): one for one in rows})
        self._fate.point()

    async def of_external(self, external_id: str) -> Sequence[tuple[str, LedgerRow]]:
        return [
            (link_id, one)
            for link_id, rows in self.rows.items()
            for one in rows.values()
            if external_id in (one.external_id, one.twin)
        ]


class MemoryLinks:
    def __init__(self) -> None:
        self.rows: dict[str, InvoiceLink] = {}

    async def get(self, link_id: str) -> InvoiceLink | None:
        return self.rows.get(link_id)

    async def save(self, link: InvoiceLink) -> None:
        self.rows[link.id] = link

    async def of_xero(self, ids: Sequence[str]) -> Mapping[str, InvoiceLink]:
        return {link.xero_invoice_id: link for link in self.rows.values() if link.xero_invoice_id in ids}

    async def of_contact(self, connection_id: str, contact_id: str) -> Sequence[InvoiceLink]:
        mine = (connection_id, contact_id)
        return [link for link in self.rows.values() if (link.connection_id, link.ghl_contact_id) == mine]

    async def intended(self, tenant_id: str) -> Sequence[InvoiceLink]:
        waiting = (tenant_id, LinkState.INTENDED)
        return [link for link in self.rows.values() if (link.tenant_id, link.state) == waiting]


class MemoryContacts:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], ContactLink] = {}

    async def get(self, connection_id: str, contact_id: str) -> ContactLink | None:
        return self.rows.get((connection_id, contact_id))

    async def put(self, link: ContactLink) -> ContactLink:
        self.rows[link.connection_id, link.ghl_contact_id] = link
        return link


class MemoryWrites:
    def __init__(self, fate: Fate) -> None:
        self.rows: dict[str, Write] = {}
        self._fate = fate

    async def record(self, write: Write) -> Write:
        self._fate.point()
        return self.rows.setdefault(write.key, write)

    async def open_of(self, subject: str) -> Write | None:
        found = [one for one in self.rows.values() if subject in one.subjects and one.answered_at is None]
        return max(found, key=lambda one: one.sent_at, default=None)

    async def answered(self, key: str, at: datetime) -> None:
        self._fate.point()
        self.rows[key] = replace(self.rows[key], answered_at=at)


class MemoryLeases:
    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.names: list[str] = []

    @asynccontextmanager
    async def held(self, name: str, *, ttl_s: float, wait_s: float) -> AsyncIterator[int]:
        assert ttl_s > wait_s
        if name in self.taken:
            raise LeaseTaken(name)
        self.names.append(name)
        self.taken.add(name)
        try:
            yield 1
        finally:
            self.taken.discard(name)


class MemoryConnections:
    def __init__(self, settings: ConnectionSettings) -> None:
        self.chosen = settings
        self.rows = {CONNECTION.id: CONNECTION}

    async def get(self, connection_id: str) -> Connection | None:
        return self.rows.get(connection_id)

    async def of_tenant(self, tenant_id: str) -> Sequence[Connection]:
        return [one for one in self.rows.values() if one.tenant_id == tenant_id]

    async def settings(self, _connection_id: str) -> tuple[int, ConnectionSettings]:
        return 1, self.chosen


@dataclass
class HighLevel:
    """One invoice with its transactions and one contact; `marks`: whether meta and notes are given back."""

    clock: FakeClock
    fate: Fate
    total: Decimal = Decimal(110)
    status: str = "sent"
    marks: bool = True
    transactions: list[ghl.Transaction] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    refuses: UpstreamError | None = None  # the next writes of money are answered so, and do nothing
    loses: UpstreamError | None = None  # the next writes of money land, and are answered so
    unreadable: UpstreamError | None = None  # reading transactions
    gone: bool = False
    contact_gone: bool = False
    hides: int = 0  # the newest transactions that the list does not show yet
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def paid(self) -> Decimal:
        return sum((one.amount for one in self.transactions), Decimal(0))

    def person_pays(self, amount: Any, **changes: Any) -> ghl.Transaction:
        now = self.clock.now().isoformat()
        made = transaction(f"person{next(self._ids)}", amount, fulfilledAt=now, createdAt=now, **changes)
        self.transactions.append(made)
        return made

    async def read(self, invoice_id: str) -> ghl.Invoice:
        self.calls.append("read")
        if self.gone:
            raise NotFound("no such invoice")
        due = max(self.total - self.paid(), Decimal(0))
        values = {"_id": invoice_id, "status": self.status, "total": self.total, "amountDue": due}
        return ghl.Invoice.model_validate({**values, "amountPaid": min(self.paid(), self.total)})

    async def listed(self, *, limit: int, offset: int = 0) -> Sequence[ghl.Invoice]:
        assert (limit, offset) == (1, 0)
        other = {"_id": "other", "status": "sent", "total": 1}
        return [ghl.Invoice.model_validate(other)]

    async def of_invoice(self, _invoice_id: str) -> Sequence[ghl.Transaction]:
        self.calls.append("transactions")
        if self.unreadable:
            raise self.unreadable
        shown = self.transactions[: len(self.transactions) - self.hides]
        if self.marks:
            return list(shown)
        return [one.model_copy(update={"meta": None, "notes": None}) for one in shown]

    async def record_payment(self, _invoice_id: str, **body: Any) -> ghl.Invoice:
        self.calls.append("record")
        self.fate.point(lambda: self._record(body))
        if self.refuses:
            raise self.refuses
        self._record(body)
        self.fate.point()
        if self.loses:
            raise self.loses
        return await self.read(GHL_INVOICE)

    def _record(self, body: Mapping[str, Any]) -> None:
        at = self.clock.now().isoformat()
        made = transaction(
            f"t{next(self._ids)}",
            body["amount"],
            meta=dict(body["meta"]),
            notes=body["notes"],
            createdAt=at,
            fulfilledAt=body["fulfilled_at"].isoformat(),
            paymentMethod={},
        )
        self.transactions.append(made)

    async def add_tags(self, _contact_id: str, tags: Sequence[str]) -> None:
        self._contact("add_tags")
        self.tags |= set(tags)

    async def remove_tags(self, _contact_id: str, tags: Sequence[str]) -> None:
        self._contact("remove_tags")
        self.tags -= set(tags)

    async def add_note(self, _contact_id: str, body: str) -> None:
        self._contact("add_note")
        self.notes.append(body)
        self.fate.point()

    async def notes_of(self, _contact_id: str) -> Sequence[str]:
        self._contact("notes")
        return [f"<p>{note}</p>" for note in self.notes]

    def _contact(self, call: str) -> None:
        self.calls.append(call)
        self.fate.point()
        if self.contact_gone:
            raise NotFound("no such contact")


@dataclass
class Books:
    """Xero: one invoice with its payments and credits, and the keys of the writes it answered."""

    clock: FakeClock
    fate: Fate
    total: Decimal = Decimal(110)
    status: str = "AUTHORISED"
    payments: list[xero.Payment] = field(default_factory=list)
    credits_: list[xero.Credit] = field(default_factory=list)
    others: dict[str, xero.Invoice] = field(default_factory=dict)
    answers: dict[str, tuple[datetime, list[Any]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refuses: UpstreamError | None = None
    loses: UpstreamError | None = None
    down: UpstreamError | None = None
    locked: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    changed_at: datetime | None = None
    _ids: Any = field(default_factory=lambda: itertools.count(900))

    def invoice(self) -> xero.Invoice:
        made = xero_invoice(*self.payments, total=self.total, credits_=self.credits_)
        status = made.status if self.status == "AUTHORISED" else self.status
        given = {"status": status, "updated_at": self.changed_at or self.clock.now(), **self.changes}
        return made.model_copy(update=given)

    async def read(self, ids: Sequence[str] | str) -> Any:
        if isinstance(ids, str):
            return await self._payment(ids)
        self.calls.append(f"GET /Invoices {len(ids)}")
        if self.down:
            raise self.down
        known = {INVOICE: self.invoice(), **self.others}
        return [known[one] for one in ids if one in known]

    async def _payment(self, payment_id: str) -> xero.Payment:
        self.calls.append("GET /Payments")
        if self.down:
            raise self.down
        for payment in self.payments:
            if payment.payment_id == payment_id:
                return payment.model_copy(update={"invoice_id": INVOICE})
        raise NotFound("no such payment")

    async def create(self, payments: Sequence[Mapping[str, Any]], *, key: str) -> Sequence[Any]:
        self.calls.append("PUT /Payments")
        self.fate.point(lambda: self._create(payments, key))
        if self.refuses:
            raise self.refuses
        answer = self._create(payments, key)
        self.fate.point()
        if self.loses:
            raise self.loses
        return answer

    def _create(self, payments: Sequence[Mapping[str, Any]], key: str) -> list[Any]:
        since, answer = self.answers.get(key, (self.clock.now(), []))
        if not answer or self.clock.now() - since > timedelta(minutes=6):
            answer = [self._pay(one) for one in payments]
            self.answers[key] = (self.clock.now(), answer)
        return answer

    def _pay(self, sent: Mapping[str, Any]) -> xero.Payment | ElementRefused:
        if self.locked:
            return ElementRefused(("The document date cannot be before the period lock date",))
        if Decimal(sent["Amount"]) > self.invoice().amount_due:
            return ElementRefused(("Payment amount exceeds the amount outstanding on this document",))
        values = {"Date": sent["Date"], "Reference": sent["Reference"]}
        made = xero_payment(uuid(next(self._ids)), sent["Amount"], **values)
        self.payments.append(made)
        return made


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
