"""Xero payloads as sent and answered: tolerant to unknown fields, strict on the ones we use.

Source: XeroAPI/Xero-OpenAPI 16.1.0. Dates come as `/Date(ms+0000)/` and, beside it, as `DateString`; webhook times are
UTC without `Z`. Both are read here; documents that we send carry ISO dates.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_MS_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


def instant(value: object) -> datetime | None:
    """Return a time in any of Xero's spellings, aware, in UTC; None for nothing.

    Raises:
        ValueError: none of the known spellings.
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if match := _MS_DATE.fullmatch(str(value)):
        return datetime.fromtimestamp(int(match[1]) / 1000, UTC)
    parsed = datetime.fromisoformat(str(value))
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def day(value: object) -> date | None:
    """Return a date in any of Xero's spellings; None for nothing."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    moment = instant(value)
    return moment.date() if moment else None


_SPELLINGS = WithJsonSchema({"type": ["string", "null"]})  # none of them is RFC 3339
Instant = Annotated[datetime | None, BeforeValidator(instant), _SPELLINGS]
Day = Annotated[date | None, BeforeValidator(day), _SPELLINGS]
Words = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]  # null is nothing said


class Payload(BaseModel):
    """Base: frozen, by the vendor's key names, unknown keys ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class TaxRate(Payload):
    """A tax rate; `effective_rate` in percent."""

    name: str = Field(alias="Name")
    tax_type: str = Field(alias="TaxType")
    status: str = Field("ACTIVE", alias="Status")
    effective_rate: Decimal = Field(alias="EffectiveRate")
    can_apply_to_revenue: bool = Field(default=False, alias="CanApplyToRevenue")
    can_apply_to_expenses: bool = Field(default=False, alias="CanApplyToExpenses")
    can_apply_to_assets: bool = Field(default=False, alias="CanApplyToAssets")
    can_apply_to_liabilities: bool = Field(default=False, alias="CanApplyToLiabilities")
    can_apply_to_equity: bool = Field(default=False, alias="CanApplyToEquity")


class Account(Payload):
    """An account of the chart. A bank account may have no code."""

    account_id: str = Field("", alias="AccountID")
    code: str = Field("", alias="Code")
    name: str = Field("", alias="Name")
    type: str = Field("", alias="Type")
    account_class: str = Field("", alias="Class")
    tax_type: str | None = Field(None, alias="TaxType")
    status: str = Field("ACTIVE", alias="Status")
    system_account: str | None = Field(None, alias="SystemAccount")
    enable_payments_to_account: bool = Field(default=False, alias="EnablePaymentsToAccount")


class Organisation(Payload):
    """A snapshot of what the mapping needs to know of an organisation: a value, never read again half-way."""

    name: str = Field("", alias="Name")
    base_currency: str = Field("", alias="BaseCurrency")
    currencies: tuple[str, ...] = Field((), alias="Currencies")
    pays_tax: bool = Field(default=True, alias="PaysTax")
    period_lock_date: Day = Field(None, alias="PeriodLockDate")
    end_of_year_lock_date: Day = Field(None, alias="EndOfYearLockDate")
    tax_rates: tuple[TaxRate, ...] = Field((), alias="TaxRates")
    accounts: tuple[Account, ...] = Field((), alias="Accounts")


class Contact(Payload):
    """A contact of the organisation."""

    contact_id: str = Field(alias="ContactID")
    name: str = Field("", alias="Name")
    contact_number: str | None = Field(None, alias="ContactNumber")
    email: str | None = Field(None, alias="EmailAddress")
    first_name: str | None = Field(None, alias="FirstName")
    last_name: str | None = Field(None, alias="LastName")
    tax_number: str | None = Field(None, alias="TaxNumber")
    status: str = Field("ACTIVE", alias="ContactStatus")
    merged_to: str | None = Field(None, alias="MergedToContactID")
    phones: tuple[dict[str, Any], ...] = Field((), alias="Phones")
    addresses: tuple[dict[str, Any], ...] = Field((), alias="Addresses")
    contact_persons: tuple[dict[str, Any], ...] = Field((), alias="ContactPersons")
    updated_at: Instant = Field(None, alias="UpdatedDateUTC")


class LineItem(Payload):
    """A line as Xero holds it."""

    line_item_id: str | None = Field(None, alias="LineItemID")
    description: str = Field("", alias="Description")
    quantity: Decimal | None = Field(None, alias="Quantity")
    unit_amount: Decimal | None = Field(None, alias="UnitAmount")
    discount_amount: Decimal | None = Field(None, alias="DiscountAmount")
    tax_type: str | None = Field(None, alias="TaxType")
    tax_amount: Decimal | None = Field(None, alias="TaxAmount")
    account_code: str | None = Field(None, alias="AccountCode")
    line_amount: Decimal | None = Field(None, alias="LineAmount")


class Payment(Payload):
    """A payment, by itself or inside an invoice; amount in the invoice's currency."""

    payment_id: str = Field(alias="PaymentID")
    date: Day = Field(None, alias="Date")
    amount: Decimal = Field(Decimal(0), alias="Amount")
    reference: Words = Field("", alias="Reference")
    status: str = Field("AUTHORISED", alias="Status")
    payment_type: str = Field("ACCRECPAYMENT", alias="PaymentType")
    invoice_id: str | None = None  # of GET /Payments/{id}: `Invoice.InvoiceID`, filled by the client


class Credit(Payload):
    """A credit note, over- or prepayment applied to an invoice."""

    id: str
    number: str = ""  # of a credit note: `CreditNoteNumber`, filled by `read_invoice`
    date: Day = Field(None, alias="Date")
    applied_amount: Decimal = Field(Decimal(0), alias="AppliedAmount")


class Invoice(Payload):
    """An invoice (ACCREC) or bill (ACCPAY) with lines and payments."""

    invoice_id: str = Field(alias="InvoiceID")
    type: str = Field("ACCREC", alias="Type")
    number: str = Field("", alias="InvoiceNumber")
    reference: str = Field("", alias="Reference")
    status: str = Field(alias="Status")
    contact_id: str | None = None  # `Contact.ContactID`, filled by the client
    date: Day = Field(None, alias="Date")
    due_date: Day = Field(None, alias="DueDate")
    currency: str = Field("", alias="CurrencyCode")
    line_amount_types: str = Field("", alias="LineAmountTypes")
    lines: tuple[LineItem, ...] = Field((), alias="LineItems")
    total: Decimal = Field(Decimal(0), alias="Total")
    total_tax: Decimal = Field(Decimal(0), alias="TotalTax")
    amount_due: Decimal = Field(Decimal(0), alias="AmountDue")
    amount_paid: Decimal = Field(Decimal(0), alias="AmountPaid")
    amount_credited: Decimal = Field(Decimal(0), alias="AmountCredited")
    payments: tuple[Payment, ...] = Field((), alias="Payments")
    credit_notes: tuple[Credit, ...] = ()  # `CreditNotes`, filled by `read_invoice`
    overpayments: tuple[Credit, ...] = ()
    prepayments: tuple[Credit, ...] = ()
    updated_at: Instant = Field(None, alias="UpdatedDateUTC")


def read_invoice(answer: dict[str, Any]) -> Invoice:
    """Return the invoice of one element of an answer, nested contact and credits included.

    Raises:
        pydantic.ValidationError: a field we use is missing or of another kind.
    """
    applied = {
        field: tuple(
            Credit.model_validate(
                {"AppliedAmount": 0, **entry, "id": entry[key], "number": entry.get("CreditNoteNumber") or ""}
            )
            for entry in answer.get(name) or ()
        )
        for field, name, key in (
            ("credit_notes", "CreditNotes", "CreditNoteID"),
            ("overpayments", "Overpayments", "OverpaymentID"),
            ("prepayments", "Prepayments", "PrepaymentID"),
        )
    }
    contact_id = (answer.get("Contact") or {}).get("ContactID")
    known = {key: value for key, value in answer.items() if value is not None}
    return Invoice.model_validate({**known, "contact_id": contact_id, **applied})


class WebhookEvent(Payload):
    """One element of `events` of a delivery. Unknown categories and types are accepted."""

    resource_id: str = Field("", alias="resourceId")
    tenant_id: str = Field("", alias="tenantId")
    category: str = Field("", alias="eventCategory")
    type: str = Field("", alias="eventType")
    date: Instant = Field(None, alias="eventDateUtc")
