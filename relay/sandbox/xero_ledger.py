"""One organisation's books: its rows by id, what is paid and due, and changes that happen wholly or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from relay.clock import Clock
from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_rows import (
    ZERO,
    Account,
    Allocation,
    Contact,
    Credit,
    HistoryRecord,
    Invoice,
    Item,
    Organisation,
    Payment,
    TaxRate,
)

_TABLES: Final = (
    "accounts",
    "contacts",
    "invoices",
    "numbers",
    "payments",
    "payments_of",
    "credits",
    "allocations",
    "allocations_of",
    "history",
    "approvals",
)
_TICK: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that Xero tells its subscribers."""

    category: str
    type: Literal["CREATE", "UPDATE"]
    resource_id: str
    at: datetime


class Ledger:
    """The books of one organisation."""

    def __init__(self, organisation: Organisation, *, clock: Clock, ids: Callable[[], str]) -> None:
        self.organisation = organisation
        self.new_id = ids
        self.accounts: dict[str, Account] = {}  # by id
        self.tax_rates: dict[str, TaxRate] = {}  # by type
        self.items: dict[str, Item] = {}  # by code
        self.contacts: dict[str, Contact] = {}
        self.invoices: dict[str, Invoice] = {}
        self.numbers: dict[str, str] = {}  # number of an ACCREC invoice -> its id
        self.payments: dict[str, Payment] = {}
        self.payments_of: dict[str, tuple[str, ...]] = {}  # invoice -> payments
        self.credits: dict[str, Credit] = {}
        self.allocations: dict[str, Allocation] = {}
        self.allocations_of: dict[str, tuple[str, ...]] = {}  # invoice or credit -> allocations
        self.history: dict[str, tuple[HistoryRecord, ...]] = {}
        self.approvals: dict[tuple[int, int], int] = {}  # year and month -> sales invoices approved in it
        self.changes: list[Change] = []  # not told yet
        self._clock = clock
        self._last = datetime.min.replace(tzinfo=clock.now().tzinfo)

    def stamp(self) -> datetime:
        """Return the time in whole milliseconds, later than any before: no two changes share an UpdatedDateUTC."""
        now = self._clock.now()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self._last = max(now, self._last + _TICK)
        return self._last

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Keep what the block does only if it ends without an error. Blocks may stand inside each other."""
        before = {name: dict(getattr(self, name)) for name in _TABLES}
        told = len(self.changes)
        try:
            yield
        except BaseException:
            for name, rows in before.items():
                setattr(self, name, rows)
            del self.changes[told:]
            raise

    def changed(self, category: str, kind: Literal["CREATE", "UPDATE"], resource_id: str, at: datetime) -> None:
        """Note what the subscribers are to be told."""
        self.changes.append(Change(category, kind, resource_id, at))

    def account(self, code: str | None) -> Account | None:
        """Return the account with that code."""
        return next((account for account in self.accounts.values() if code and account.code == code), None)

    def put_invoice(self, invoice: Invoice) -> None:
        """Insert or replace an invoice."""
        before = self.invoices.get(invoice.invoice_id)
        if before and before.type == "ACCREC" and before.number != invoice.number:
            self.numbers.pop(before.number, None)
        if invoice.type == "ACCREC":
            self.numbers[invoice.number] = invoice.invoice_id
        self.invoices[invoice.invoice_id] = invoice

    def find_invoice(self, id_or_number: str | None) -> Invoice | None:
        """Return the invoice with that id or, for ACCREC, number."""
        if not id_or_number:
            return None
        return self.invoices.get(id_or_number.lower()) or self.invoices.get(self.numbers.get(id_or_number, ""))

    def put_payment(self, payment: Payment) -> None:
        """Insert or replace a payment."""
        if payment.payment_id not in self.payments:
            known = self.payments_of.get(payment.invoice_id, ())
            self.payments_of[payment.invoice_id] = (*known, payment.payment_id)
        self.payments[payment.payment_id] = payment

    def payments_on(self, invoice_id: str) -> list[Payment]:
        """Return the payments of an invoice that stand."""
        listed = (self.payments[payment_id] for payment_id in self.payments_of.get(invoice_id, ()))
        return [payment for payment in listed if payment.status == "AUTHORISED"]

    def put_allocation(self, allocation: Allocation) -> None:
        """Insert an allocation."""
        self.allocations[allocation.allocation_id] = allocation
        for owner in (allocation.invoice_id, allocation.credit_id):
            self.allocations_of[owner] = (*self.allocations_of.get(owner, ()), allocation.allocation_id)

    def drop_allocation(self, allocation: Allocation) -> None:
        """Remove an allocation."""
        del self.allocations[allocation.allocation_id]
        for owner in (allocation.invoice_id, allocation.credit_id):
            left = [each for each in self.allocations_of[owner] if each != allocation.allocation_id]
            self.allocations_of[owner] = tuple(left)

    def allocations_on(self, owner_id: str) -> list[Allocation]:
        """Return the allocations of an invoice or a credit."""
        return [self.allocations[each] for each in self.allocations_of.get(owner_id, ())]

    def paid(self, invoice: Invoice) -> Decimal:
        """Return the sum of an invoice's payments."""
        return sum((payment.amount for payment in self.payments_on(invoice.invoice_id)), ZERO)

    def credited(self, invoice: Invoice) -> Decimal:
        """Return the sum of credits allocated to an invoice."""
        return sum((allocation.amount for allocation in self.allocations_on(invoice.invoice_id)), ZERO)

    def due(self, invoice: Invoice) -> Decimal:
        """Return what is still owed; nothing on a voided or deleted invoice."""
        if invoice.status in {"VOIDED", "DELETED"}:
            return ZERO
        return invoice.total - self.paid(invoice) - self.credited(invoice)

    def remaining(self, credit: Credit) -> Decimal:
        """Return what of a credit is not allocated yet."""
        return credit.total - sum((each.amount for each in self.allocations_on(credit.credit_id)), ZERO)

    def settle(self, invoice_id: str, at: datetime) -> Invoice:
        """Set PAID or AUTHORISED by what is owed, and say that the invoice changed."""
        invoice = self.invoices[invoice_id]
        if invoice.status in {"AUTHORISED", "PAID"}:
            owed = self.due(invoice)
            days = [payment.day for payment in self.payments_on(invoice_id)]
            days += [allocation.day for allocation in self.allocations_on(invoice_id)]
            paid_on = None if owed else max(days, default=invoice.day)
            invoice = replace(invoice, status="AUTHORISED" if owed else "PAID", fully_paid_on=paid_on)
        invoice = replace(invoice, updated=at)
        self.put_invoice(invoice)
        self.changed("INVOICE", "UPDATE", invoice_id, at)
        return invoice

    def count_approval(self, at: datetime) -> None:
        """Count a sales invoice that is approved now.

        Raises:
            Invalid: the plan allows no more this month.
        """
        most, month = self.organisation.approvals_a_month, (at.year, at.month)
        done = self.approvals.get(month, 0)
        if most is not None and done >= most:
            raise Invalid("You have reached the limit of invoices you can approve")
        self.approvals[month] = done + 1

    def add_history(self, document_id: str, details: str) -> HistoryRecord:
        """Write a line into a document's history."""
        record = HistoryRecord(details, self.stamp())
        self.history[document_id] = (*self.history.get(document_id, ()), record)
        return record

    def require_open_period(self, day: date) -> None:
        """Refuse a date in a locked period.

        Raises:
            Invalid: on or before a lock date.
        """
        locked = self.organisation.locked_until
        if locked and day <= locked:
            raise Invalid(
                f"The document date cannot be before the period lock date, currently set at {locked.day} {locked:%B %Y}"
            )
