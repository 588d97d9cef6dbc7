"""What an admin chooses for one connection: which way things flow, and how they map. Stored in versions."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tracking(_Frozen):
    """One tracking category and the option a line gets."""

    name: str
    option: str


class ItemMapping(_Frozen):
    """Where lines of one price or product go; None leaves the default."""

    account_code: str | None = None
    item_code: str | None = None
    tax_type: str | None = None
    tracking: tuple[Tracking, ...] | None = None


class StatusDisplay(_Frozen):
    """What the CRM shows for one status of an invoice."""

    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    fields: dict[str, str] = Field(default_factory=dict)
    opportunity: dict[str, str] | None = None
    workflow_id: str | None = None


Status = Literal["unpaid", "partially_paid", "paid", "overdue", "void", "refunded"]


class ConnectionSettings(_Frozen):
    """All settings of a connection with their defaults. An unknown key is an error, never ignored."""

    sync_contacts: Literal["off", "to_xero", "both"] = Field("off", description="Contacts: direction of the sync.")
    sync_invoices: Literal["off", "to_xero"] = Field("to_xero", description="Invoices: direction of the sync.")
    push_since: date | None = Field(None, description="Invoices issued before this day go only by backfill.")
    push_drafts: bool = Field(default=True, description="Send drafts to Xero as drafts.")
    push_test_invoices: bool = Field(default=False, description="Send invoices made in test mode.")
    invoice_status_on_sent: Literal["AUTHORISED", "SUBMITTED", "DRAFT"] = Field(
        "AUTHORISED", description="Status a sent invoice gets in Xero."
    )
    mark_as_sent: bool = Field(default=True, description="Mark approved invoices as sent to the contact.")
    edited_in_xero: Literal["keep", "overwrite", "ask"] = Field(
        "ask", description="When both sides changed an invoice: keep Xero's, overwrite it, or ask."
    )
    invoice_number_prefix: str = Field("", description="Put before every invoice number.")
    source_url_template: str | None = Field(None, description="Link shown in Xero; {location_id} and {invoice_id}.")
    branding_theme_id: str | None = Field(None, description="Xero branding theme of new invoices.")
    timezone: str = Field("UTC", description="IANA zone of the location: decides which day a time belongs to.")
    payment_terms_days: int | None = Field(None, ge=0, description="Days until due where an invoice says none.")
    default_account_code: str | None = Field(None, description="Sales account of lines without a mapping.")
    default_item_code: str | None = Field(None, description="Xero item of lines without a mapping.")
    default_tracking: tuple[Tracking, ...] = Field((), description="Tracking of lines without a mapping; at most two.")
    item_map: dict[str, ItemMapping] = Field(default_factory=dict, description="Price or product id to its mapping.")
    tax_map: dict[str, str] = Field(
        default_factory=dict, description="CRM tax id (several: sorted, joined by +) to TaxType."
    )
    tax_fallback: Literal["rate", "stop"] = Field("rate", description="A tax without a mapping: find by rate, or stop.")
    default_tax_type: str | None = Field(None, description="Chosen when several Xero rates fit.")
    untaxed_tax_type: str | None = Field(None, description="TaxType of lines without tax.")
    discount_style: Literal["amount", "net"] = Field("amount", description="Discounts as amounts, or in the price.")
    discount_account_code: str | None = Field(None, description="Account of discounts taken after tax.")
    extra_charges_account_code: str | None = Field(None, description="Account of charges the lines do not explain.")
    automatic_tax_account_code: str | None = Field(None, description="Account of tax computed by the CRM.")
    rounding_account_code: str | None = Field(None, description="Account of a rounding line.")
    rounding_limit: int = Field(5, ge=0, description="Largest rounding difference, in smallest units.")
    contact_name_format: str = Field("{company|name}", description="How a contact is named in Xero.")
    contact_name_taken: Literal["suffix", "ask"] = Field(
        "suffix", description="A name of somebody else: suffix or ask."
    )
    contact_fields: tuple[Literal["email", "phone", "address"], ...] = Field(
        ("email", "phone", "address"), description="Contact details that are sent."
    )
    contact_update: Literal["fill", "overwrite", "never"] = Field("fill", description="Change contacts that exist.")
    contact_tax_number_field: str | None = Field(None, description="Custom field holding the tax number.")
    pull_payments: bool = Field(default=True, description="Record payments of Xero in the CRM.")
    push_payments: bool = Field(default=False, description="Record payments of the CRM in Xero.")
    record_credits: Literal["payment", "note"] = Field("payment", description="Credits of Xero: as payment or note.")
    payment_account_map: dict[str, str | None] = Field(
        default_factory=dict, description="Payment method (or default) to Xero account code."
    )
    payment_mode: Literal["cash", "card", "cheque", "bank_transfer", "other"] = Field(
        "bank_transfer", description="Mode written on payments recorded in the CRM."
    )
    record_payment_shape: Literal["full", "minimal"] = Field(
        "full", description="Whether card and cheque are sent with every recorded payment."
    )
    crm_status: dict[Status, StatusDisplay] = Field(default_factory=dict, description="What the CRM shows per status.")


def settings_from(values: dict[str, Any]) -> ConnectionSettings:
    """Return the settings of stored or imported values; lists and strings are accepted as YAML gives them.

    Raises:
        pydantic.ValidationError: an unknown key or a value that does not fit.
    """
    return ConnectionSettings.model_validate(values)
