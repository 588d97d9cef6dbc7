"""A HighLevel and a Xero that keep the books of one invoice in memory."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from relay.clock import FakeClock
from relay.upstream.errors import NotFound, UpstreamError
from relay.upstream.ports import ElementRefused
from schemas import ghl, xero
from tests.givens.fate import Fate
from tests.givens.payments import (
    GHL_INVOICE,
    INVOICE,
    transaction,
    uuid,
    xero_invoice,
    xero_payment,
)


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
