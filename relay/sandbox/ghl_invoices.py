"""HighLevel's invoices, as documents with the figures HighLevel computes. Shapes only; the deeds are in `ghl_books`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from relay.sandbox.ghl_ids import Ids
from relay.sandbox.ghl_json import Document, Json
from relay.sandbox.ghl_totals import ZERO, Totals


class Status(StrEnum):
    """An invoice's state, as apps/invoices.json lists them (payment_processing needs a slow bank: not simulated)."""

    DRAFT = "draft"
    SENT = "sent"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    VOID = "void"


# what a create or an update may set; the rest is HighLevel's own
GIVEN: Final = (
    *("name", "title", "currency", "description", "businessDetails", "contactDetails", "termsNotes", "discount"),
    *("invoiceItems", "automaticTaxesEnabled", "liveMode", "issueDate", "dueDate", "paymentSchedule", "attachments"),
    *("tipsConfiguration", "xeroDetails", "paymentMethods", "miscellaneousCharges", "sentTo"),
    *("invoiceNumber", "invoiceNumberPrefix"),
)
# what a webhook leaves out of the answer, docs/webhook events/InvoiceCreate.md
_NOT_IN_WEBHOOKS: Final = frozenset({"invoiceNumberPrefix", "sentTo", "automaticTaxesEnabled", "miscellaneousCharges"})


@dataclass(slots=True)
class Invoice:
    """One invoice. `paid` is cumulative and never falls: HighLevel cannot un-pay."""

    id: str
    location_id: str
    created: str
    updated: str
    fields: Document
    totals: Totals
    status: Status = Status.DRAFT
    paid: Decimal = ZERO
    transactions: list[str] = field(default_factory=list)

    @property
    def due(self) -> Decimal:
        """Return what is still owed; nothing on a void one."""
        return ZERO if self.status is Status.VOID else max(self.totals.total - self.paid, ZERO)

    @property
    def contact_id(self) -> str:
        """Return the customer's contact id."""
        return str(self.fields["contactDetails"].get("id", ""))

    def settle(self) -> None:
        """Set the status that the money says; a draft stays a draft."""
        if self.status in {Status.DRAFT, Status.VOID}:
            return
        if self.paid <= 0:
            self.status = Status.SENT
        else:
            self.status = Status.PAID if self.due == 0 else Status.PARTIALLY_PAID

    def answer(self) -> Document:
        """Return the invoice as GET answers it: `invoiceNumber` a number where it is one, tax in the summary."""
        text = str(self.fields["invoiceNumber"])
        whole = text.isascii() and text.isdigit() and str(int(text)) == text
        summary = {"subTotal": self.totals.sub_total, "discount": self.totals.discount, "tax": self.totals.tax}
        return {**self._document(), "invoiceNumber": int(text) if whole else text, "totalSummary": summary}

    def hook(self, status: str | None = None) -> Document:
        """Return the invoice as its webhooks carry it: number and address as text, no tax in the summary."""
        body = {key: value for key, value in self._document().items() if key not in _NOT_IN_WEBHOOKS}
        business = dict(body["businessDetails"])
        if isinstance(address := business.get("address"), dict):
            business["address"] = ", ".join(str(part) for part in address.values() if part)
        return {
            **body,
            "status": status or self.status.value,
            "businessDetails": business,
            "totalSummary": {"subTotal": self.totals.sub_total, "discount": self.totals.discount},
        }

    def _document(self) -> Document:
        return {
            "_id": self.id,
            "status": self.status.value,
            "liveMode": True,
            "amountPaid": self.paid,
            "altId": self.location_id,
            "altType": "location",
            "businessDetails": {},
            "title": "INVOICE",
            "discount": {"type": "percentage", "value": 0},
            "automaticTaxesEnabled": False,
            **{key: self.fields[key] for key in GIVEN if self.fields.get(key) is not None},
            "total": self.totals.total,
            "amountDue": self.due,
            "createdAt": self.created,
            "updatedAt": self.updated,
        }


@dataclass(slots=True)
class Transaction:
    """One payment of an invoice."""

    id: str
    invoice: Invoice
    amount: Decimal
    method: Document
    provider: str
    fulfilled: str
    created: str
    updated: str
    refunded: Decimal = ZERO
    meta: Json | None = None
    notes: str = ""
    charge_id: str | None = None

    def row(self, *, marks: bool) -> Document:
        """Return the transaction as the list answers it; `marks`: whether meta and notes are given back."""
        customer = self.invoice.fields["contactDetails"]
        return {
            **self._document(marks=marks),
            "contactName": customer.get("name", ""),
            "contactEmail": customer.get("email", ""),
            "entitySourceType": "invoice",
            "entitySourceName": self.invoice.fields["name"],
            "entitySourceId": self.invoice.id,
            "paymentProviderType": self.provider,
            "paymentMethod": self.method,
            "fulfilledAt": self.fulfilled,
        }

    def answer(self, *, marks: bool) -> Document:
        """Return the transaction as GET by id answers it."""
        source = {"type": "invoice", "id": self.invoice.id, "name": self.invoice.fields["name"]}
        return {
            **self._document(marks=marks),
            "invoiceId": self.invoice.id,
            "entitySource": source,
            "paymentProvider": {"type": self.provider},
            "paymentMethod": self.method,
            "fulfilledAt": self.fulfilled,
            "qboSynced": False,
        }

    def _document(self, *, marks: bool) -> Document:
        given_back = {"meta": self.meta, "notes": self.notes} if marks else {}
        return {
            "_id": self.id,
            "altId": self.invoice.location_id,
            "altType": "location",
            "contactId": self.invoice.contact_id,
            "currency": self.invoice.fields["currency"],
            "amount": self.amount,
            "status": "succeeded",
            "liveMode": bool(self.invoice.fields.get("liveMode", True)),
            "entityType": "invoice",
            "entityId": self.invoice.id,
            "amountRefunded": self.refunded,
            "createdAt": self.created,
            "updatedAt": self.updated,
            **({"chargeId": self.charge_id} if self.charge_id else {}),
            **{key: value for key, value in given_back.items() if value},
        }


def items(given: Sequence[Json], known: Sequence[Json], ids: Ids) -> list[Document]:
    """Return the lines with their ids: one that names a known `_id` keeps it, any other gets a new one."""
    kept = {item["_id"] for item in known}

    def line(item: Json) -> Document:
        own: Any = item.get("_id")
        return {"taxes": [], **item, "_id": own if own in kept else ids.record()}

    return [line(item) for item in given]
