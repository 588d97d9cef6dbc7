"""The rows of one organisation's books. All are values: a change is a new row under the old id."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

ZERO: Final = Decimal("0.00")
OPEN: Final = frozenset({"DRAFT", "SUBMITTED", "AUTHORISED"})


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart."""

    account_id: str
    code: str
    name: str
    type: str
    account_class: str
    tax_type: str
    status: str = "ACTIVE"
    system_account: str = ""
    enable_payments: bool = False
    updated: datetime | None = None

    @property
    def takes_payments(self) -> bool:
        """Return whether a payment may be booked on it."""
        return self.type == "BANK" or self.enable_payments

    @property
    def takes_lines(self) -> bool:
        """Return whether a line of an invoice may name it."""
        return self.type != "BANK" and self.system_account not in {"DEBTORS", "CREDITORS", "GST"}


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A tax rate, effective rate in percent; `classes` are the account classes it can apply to."""

    tax_type: str
    name: str
    rate: Decimal
    classes: frozenset[str]
    status: str = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Item:
    """A product: what a line that names it takes from it."""

    code: str
    name: str
    unit_price: Decimal
    account_code: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """What Xero calls the organisation: a tenant's settings."""

    tenant_id: str
    name: str
    base_currency: str = "AUD"
    currencies: tuple[str, ...] = ("AUD",)
    country: str = "AU"
    short_code: str = "!demo1"
    period_lock_date: date | None = None
    end_of_year_lock_date: date | None = None
    tracking: Mapping[str, tuple[str, ...]] | None = None  # category -> options
    branding_themes: Mapping[str, str] | None = None  # id -> name
    created: datetime | None = None
    approvals_a_month: int | None = None  # the old "Early" plan allows 20 sales invoices

    @property
    def locked_until(self) -> date | None:
        """Return the last locked day."""
        return max((day for day in (self.period_lock_date, self.end_of_year_lock_date) if day), default=None)


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer or supplier."""

    contact_id: str
    name: str
    updated: datetime
    status: str = "ACTIVE"
    contact_number: str | None = None
    account_number: str | None = None
    first_name: str = ""
    last_name: str = ""
    company_number: str = ""
    email: str = ""
    tax_number: str = ""
    phones: Mapping[str, Mapping[str, Any]] | None = None  # by PhoneType
    addresses: Mapping[str, Mapping[str, Any]] | None = None  # by AddressType
    persons: tuple[Mapping[str, Any], ...] = ()
    merged_to: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its computed amounts; without quantity and price it is only text."""

    line_item_id: str
    description: str
    quantity: Decimal | None = None
    unit_amount: Decimal | None = None
    discount_amount: Decimal | None = None
    discount_rate: Decimal | None = None
    item_code: str | None = None
    account_code: str | None = None
    tax_type: str | None = None
    tax_sent: Decimal | None = None  # TaxAmount as sent; None: computed
    tracking: tuple[tuple[str, str], ...] = ()
    line_amount: Decimal = ZERO
    tax_amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice (ACCREC) or bill (ACCPAY). What is paid and due follows from payments and allocations."""

    invoice_id: str
    type: str
    number: str
    contact_id: str
    day: date
    due_date: date | None
    status: str
    line_amount_types: str
    lines: tuple[Line, ...]
    currency: str
    updated: datetime
    reference: str = ""
    url: str | None = None
    branding_theme_id: str | None = None
    currency_rate: Decimal = Decimal(1)
    sent_to_contact: bool = False
    sub_total: Decimal = ZERO
    total_tax: Decimal = ZERO
    total: Decimal = ZERO
    fully_paid_on: date | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money against an invoice; immutable but for its deletion."""

    payment_id: str
    invoice_id: str
    account_id: str
    day: date
    amount: Decimal
    updated: datetime
    reference: str = ""
    status: str = "AUTHORISED"
    is_reconciled: bool = False
    payment_type: str = "ACCRECPAYMENT"


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note, over- or prepayment: money that is allocated to invoices."""

    credit_id: str
    kind: str  # CREDITNOTE, OVERPAYMENT or PREPAYMENT: the category of its webhooks
    type: str  # ACCRECCREDIT, RECEIVE-OVERPAYMENT, ...
    number: str
    contact_id: str
    day: date
    status: str
    line_amount_types: str
    lines: tuple[Line, ...]
    currency: str
    updated: datetime
    reference: str = ""
    sub_total: Decimal = ZERO
    total_tax: Decimal = ZERO
    total: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a credit applied to an invoice."""

    allocation_id: str
    credit_id: str
    invoice_id: str
    amount: Decimal
    day: date


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """A line of a document's history."""

    details: str
    at: datetime
    changes: str = "Note"
    user: str = "System Generated"
