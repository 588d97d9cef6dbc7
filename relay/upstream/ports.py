"""What the handlers ask of the vendors. `Vendors.ghl(connection)` and `.xero(connection)` give clients bound to one
connection's grant and tenant or location; consumers take these, tests run them against the sandbox.
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
    async def read(self, ids: Sequence[str]) -> Sequence[xero.Invoice]:
        """GET /Invoices?IDs=...&page=1&unitdp=4, in blocks of 40: with lines and payments. Unknown ids are absent."""

    async def by_numbers(self, numbers: Sequence[str]) -> Sequence[xero.Invoice]:
        """GET /Invoices?InvoiceNumbers=..., with lines."""

    async def create(self, documents: Sequence[Json], *, key: str) -> Sequence[xero.Invoice | ElementRefused]:
        """PUT /Invoices?summarizeErrors=false&unitdp=4 with Idempotency-Key; one answer per document, in order."""

    async def update(self, documents: Sequence[Json], *, key: str) -> Sequence[xero.Invoice | ElementRefused]:
        """POST, each with its InvoiceID (void and delete are updates of Status)."""


class XeroContacts(Protocol):
    async def read(self, ids: Sequence[str]) -> Sequence[xero.Contact]: ...
    async def by_contact_number(self, number: str) -> Sequence[xero.Contact]:
        """Archived ones included."""

    async def by_email(self, email: str) -> Sequence[xero.Contact]: ...
    async def by_name(self, name: str) -> Sequence[xero.Contact]: ...
    async def create(self, contacts: Sequence[Json], *, key: str) -> Sequence[xero.Contact | ElementRefused]: ...
    async def update(self, contacts: Sequence[Json], *, key: str) -> Sequence[xero.Contact | ElementRefused]: ...


class XeroPayments(Protocol):
    async def read(self, payment_id: str) -> xero.Payment: ...  # NotFound; invoice_id filled
    async def create(self, payments: Sequence[Json], *, key: str) -> Sequence[xero.Payment | ElementRefused]: ...


class XeroChart(Protocol):
    async def organisation(self) -> xero.Organisation:
        """Organisation, Currencies, Accounts and TaxRates as one snapshot value (four calls)."""


@dataclass(frozen=True, slots=True)
class XeroClient:
    invoices: XeroInvoices
    contacts: XeroContacts
    payments: XeroPayments
    chart: XeroChart


class GhlInvoices(Protocol):
    async def read(self, invoice_id: str) -> ghl.Invoice: ...  # NotFound
    async def listed(self, *, limit: int, offset: int = 0) -> Sequence[ghl.Invoice]: ...
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
    async def of_invoice(self, invoice_id: str) -> Sequence[ghl.Transaction]:
        """GET /payments/transactions?entityId=, paged to the end."""


class GhlContacts(Protocol):
    async def read(self, contact_id: str) -> ghl.Contact: ...
    async def add_tags(self, contact_id: str, tags: Sequence[str]) -> None: ...
    async def remove_tags(self, contact_id: str, tags: Sequence[str]) -> None: ...
    async def add_note(self, contact_id: str, body: str) -> None: ...


@dataclass(frozen=True, slots=True)
class GhlClient:
    invoices: GhlInvoices
    transactions: GhlTransactions
    contacts: GhlContacts


class Vendors(Protocol):
    def ghl(self, *, location_id: str, grant_id: str) -> GhlClient: ...
    def xero(self, *, tenant_id: str, grant_id: str) -> XeroClient: ...
