"""What the handlers ask of the vendors; consumers take these, tests run them against the sandbox.

`Vendors.ghl(...)` and `.xero(...)` give clients bound to a grant and a location or tenant. Every method waits for
pacing, a token and an answer, each with a deadline, and raises nothing but the leaves of `errors`. Writes in batches
take at most 50 elements: a larger one is a bug, and a ValueError.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from schemas import ghl, xero

Json = Mapping[str, Any]  # an element of a request or answer in the vendor's own keys, amounts as Decimal


@dataclass(frozen=True, slots=True)
class ElementRefused:
    """One element of a batch that Xero rejected, in its words; the others of the call stand."""

    messages: tuple[str, ...]


class XeroInvoices(Protocol):
    """Invoices of one organisation."""

    async def read(self, ids: Sequence[str]) -> Sequence[xero.Invoice]:
        """GET /Invoices?IDs=...&page=1&unitdp=4, in blocks of 40: with lines and payments. Unknown ids are absent."""

    async def by_numbers(self, numbers: Sequence[str]) -> Sequence[xero.Invoice]:
        """GET /Invoices?InvoiceNumbers=..., with lines."""

    async def create(self, documents: Sequence[Json], *, key: str) -> Sequence[xero.Invoice | ElementRefused]:
        """PUT /Invoices?summarizeErrors=false&unitdp=4 with Idempotency-Key; one answer per document, in order."""

    async def update(self, documents: Sequence[Json], *, key: str) -> Sequence[xero.Invoice | ElementRefused]:
        """POST, each with its InvoiceID (void and delete are updates of Status)."""


class XeroContacts(Protocol):
    """Contacts of one organisation."""

    async def read(self, ids: Sequence[str]) -> Sequence[xero.Contact]:
        """Archived ones included; unknown ids are absent."""

    async def by_contact_number(self, number: str) -> Sequence[xero.Contact]:
        """Archived ones included."""

    async def by_email(self, email: str) -> Sequence[xero.Contact]:
        """Active ones."""

    async def by_name(self, name: str) -> Sequence[xero.Contact]:
        """Active ones."""

    async def create(self, contacts: Sequence[Json], *, key: str) -> Sequence[xero.Contact | ElementRefused]:
        """PUT: refused where name or ContactNumber exist."""

    async def update(self, contacts: Sequence[Json], *, key: str) -> Sequence[xero.Contact | ElementRefused]:
        """POST, each with its ContactID."""


class XeroPayments(Protocol):
    """Payments of one organisation."""

    async def read(self, payment_id: str) -> xero.Payment:
        """`invoice_id` filled, a deleted one too; else NotFound."""

    async def create(self, payments: Sequence[Json], *, key: str) -> Sequence[xero.Payment | ElementRefused]:
        """PUT, one answer per payment, in order."""


class XeroChart(Protocol):
    """The chart of one organisation."""

    async def organisation(self) -> xero.Organisation:
        """Organisation, Currencies, Accounts and TaxRates as one snapshot value (four calls)."""


@dataclass(frozen=True, slots=True)
class XeroClient:
    """One organisation."""

    invoices: XeroInvoices
    contacts: XeroContacts
    payments: XeroPayments
    chart: XeroChart


class GhlInvoices(Protocol):
    """Invoices of one location."""

    async def read(self, invoice_id: str) -> ghl.Invoice:
        """Or NotFound."""

    async def listed(self, *, limit: int, offset: int = 0) -> Sequence[ghl.Invoice]:
        """All of them, a page at a time, newest issue date first."""

    async def record_payment(
        self,
        invoice_id: str,
        *,
        amount: Decimal,
        mode: str,
        notes: str,
        meta: Json,
        fulfilled_at: datetime,
        full_shape: bool,
    ) -> ghl.Invoice:
        """POST /invoices/{id}/record-payment. HighLevel knows no idempotency keys: see mapping.md 6 for echoes."""


class GhlTransactions(Protocol):
    """Payments of one location."""

    async def of_invoice(self, invoice_id: str) -> Sequence[ghl.Transaction]:
        """GET /payments/transactions?entityId=, paged to the end."""


class GhlContacts(Protocol):
    """Contacts of one location."""

    async def read(self, contact_id: str) -> ghl.Contact:
        """Or NotFound."""

    async def add_tags(self, contact_id: str, tags: Sequence[str]) -> None:
        """The others stay."""

    async def remove_tags(self, contact_id: str, tags: Sequence[str]) -> None:
        """The others stay."""

    async def add_note(self, contact_id: str, body: str) -> None:
        """A second call writes a second note."""

    async def notes(self, contact_id: str) -> Sequence[str]:
        """GET /contacts/{id}/notes: what they say, to look before a note is written again."""


@dataclass(frozen=True, slots=True)
class GhlClient:
    """One location."""

    invoices: GhlInvoices
    transactions: GhlTransactions
    contacts: GhlContacts


class Vendors(Protocol):
    """The way to both vendors."""

    def ghl(self, *, location_id: str, grant_id: str) -> GhlClient:
        """Cheap; calls nobody."""

    def xero(self, *, tenant_id: str, grant_id: str) -> XeroClient:
        """Cheap; calls nobody."""
