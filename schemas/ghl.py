"""HighLevel payloads as sent: tolerant to unknown fields, strict on the ones we use.

Amounts are Decimal, read from the text of the number. The documented shapes differ between webhook and REST
(`invoiceNumber` text or number, `businessDetails.address` text or object): both are accepted.
Source: GoHighLevel/highlevel-api-docs, `docs/webhook events/` and `apps/invoices.json`.
"""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema


def _text(value: object) -> object:
    """Return a number as the text a person would write: 19 and 19.0 are "19"."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return f"{Decimal(value).normalize():f}"
    return value


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number"]})]


class Payload(BaseModel):
    """Base: frozen, by the vendor's key names, unknown keys ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, coerce_numbers_to_str=False)


class Tax(Payload):
    """One tax of a line; `rate` in percent."""

    id: str = Field("", alias="_id")
    name: str = ""
    rate: Decimal
    calculation: str = "exclusive"


class InvoiceItem(Payload):
    """One line; `amount` is the price of one, major units."""

    id: str | None = Field(None, alias="_id")
    product_id: str | None = Field(None, alias="productId")
    price_id: str | None = Field(None, alias="priceId")
    currency: str | None = None
    name: str = ""
    description: str = ""
    qty: Decimal | None = None
    amount: Decimal = Decimal(0)
    taxes: tuple[Tax, ...] = ()
    tax_inclusive: bool = Field(default=False, alias="taxInclusive")


class Discount(Payload):
    """The discount of a whole invoice."""

    type: str = "percentage"
    value: Decimal = Decimal(0)
    valid_on_product_ids: Any = Field(None, alias="validOnProductIds")


class TotalSummary(Payload):
    """What HighLevel computed; `tax` is absent in webhooks."""

    sub_total: Decimal | None = Field(None, alias="subTotal")
    discount: Decimal | None = None
    tax: Decimal | None = None


class Charge(Payload):
    """A processing or other charge added when the customer pays."""

    name: str = ""
    amount: Decimal = Decimal(0)


class MiscellaneousCharges(Payload):
    """Charges of an invoice."""

    paid_charges: tuple[Charge, ...] = Field((), alias="paidCharges")


class ContactDetails(Payload):
    """The customer as copied into an invoice."""

    id: str = ""
    name: str = ""
    email: str | None = None
    phone: str | None = Field(None, alias="phoneNo")
    company_name: str | None = Field(None, alias="companyName")
    address: Any = None


class Invoice(Payload):
    """An invoice as GET /invoices/{id} answers it, or as a webhook carries it."""

    id: str = Field(alias="_id")
    alt_id: str = Field("", alias="altId")
    alt_type: str = Field("location", alias="altType")
    status: str
    live_mode: bool = Field(default=True, alias="liveMode")
    name: str = ""
    invoice_number: Text = Field("", alias="invoiceNumber")
    invoice_number_prefix: Text = Field("", alias="invoiceNumberPrefix")
    currency: str = ""
    contact: ContactDetails = Field(default_factory=ContactDetails, alias="contactDetails")
    issue_date: str | None = Field(None, alias="issueDate")
    due_date: str | None = Field(None, alias="dueDate")
    discount: Discount = Field(default_factory=Discount)
    items: tuple[InvoiceItem, ...] = Field((), alias="invoiceItems")
    total: Decimal
    amount_paid: Decimal = Field(Decimal(0), alias="amountPaid")
    amount_due: Decimal = Field(Decimal(0), alias="amountDue")
    total_summary: TotalSummary = Field(default_factory=TotalSummary, alias="totalSummary")
    miscellaneous_charges: MiscellaneousCharges = Field(
        default_factory=MiscellaneousCharges, alias="miscellaneousCharges"
    )
    automatic_taxes_enabled: bool = Field(default=False, alias="automaticTaxesEnabled")
    created_at: str | None = Field(None, alias="createdAt")
    updated_at: str | None = Field(None, alias="updatedAt")


class Contact(Payload):
    """A contact as GET /contacts/{id} answers it (flat address)."""

    id: str
    location_id: str = Field("", alias="locationId")
    name: str | None = None
    first_name: str | None = Field(None, alias="firstName")
    last_name: str | None = Field(None, alias="lastName")
    company_name: str | None = Field(None, alias="companyName")
    email: str | None = None
    phone: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = Field(None, alias="postalCode")
    country: str | None = None
    tags: tuple[str, ...] = ()
    custom_fields: tuple[dict[str, Any], ...] = Field((), alias="customFields")


class Transaction(Payload):
    """A payment as GET /payments/transactions lists it. Whether `meta` and `notes` come back is not documented."""

    id: str = Field(alias="_id")
    entity_id: str | None = Field(None, alias="entityId")
    amount: Decimal
    amount_refunded: Decimal = Field(Decimal(0), alias="amountRefunded")
    status: str
    currency: str = ""
    payment_method: Any = Field(None, alias="paymentMethod")
    fulfilled_at: str | None = Field(None, alias="fulfilledAt")
    created_at: str | None = Field(None, alias="createdAt")
    meta: Any = None
    notes: Any = None
