"""HighLevel's books in memory, and every deed that changes them, by people or through the API. All fire webhooks.

A deed either raises `Refusal` and changes nothing, or is done and has fired. Amounts are major units, exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from relay.clock import Clock
from relay.sandbox.ghl_behaviour import Behaviour
from relay.sandbox.ghl_contacts import ContactBook, Fire
from relay.sandbox.ghl_errors import Refusal, bad_request, unprocessable
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.ghl_invoices import GIVEN, Invoice, Status, Transaction, items
from relay.sandbox.ghl_json import Document, Json, iso
from relay.sandbox.ghl_totals import add_up, decimal, unit_of

NO_SUCH_INVOICE: Final = "Unable to find an invoice with the given invoice id"  # apps/invoices.json, void and delete


@dataclass(frozen=True, slots=True)
class Location:
    """A sub-account: one business."""

    id: str
    company_id: str
    name: str


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """What GET /invoices/ may ask for; None asks for nothing."""

    status: str | None = None
    contact_id: str | None = None
    start_at: str | None = None
    end_at: str | None = None
    search: str | None = None
    live: bool | None = None
    ascending: bool = False

    def fits(self, invoice: Invoice) -> bool:
        """Return whether an invoice is asked for."""
        issued = str(invoice.fields["issueDate"])[:10]
        customer = invoice.fields["contactDetails"]
        words = (invoice.id, invoice.fields["name"], customer.get("name"), customer.get("email"))
        return (
            self.status in {None, invoice.status.value}
            and self.contact_id in {None, invoice.contact_id}
            and (self.start_at is None or issued >= self.start_at)
            and (self.end_at is None or issued <= self.end_at)
            and (self.live is None or bool(invoice.fields.get("liveMode", True)) == self.live)
            and (self.search is None or any(self.search.lower() in str(word or "").lower() for word in words))
        )


@dataclass(frozen=True, slots=True)
class ManualPayment:
    """Money a person or the API says has come in. No amount: all that is owed."""

    mode: str
    amount: Decimal | None = None
    notes: str = ""
    meta: Json = field(default_factory=dict)
    fulfilled_at: str | None = None
    detail: Json = field(default_factory=dict)  # brand and last4 of a card, number of a cheque


class HighLevelBooks:
    """Locations, contacts, invoices and transactions."""

    def __init__(self, *, clock: Clock, ids: Ids, fire: Fire, behaviour: Behaviour) -> None:
        self.contacts = ContactBook(clock=clock, ids=ids, fire=fire, behaviour=behaviour)
        self.locations: dict[str, Location] = {}
        self._clock = clock
        self._ids = ids
        self._fire = fire
        self._behaviour = behaviour
        self._invoices: dict[str, Invoice] = {}
        self._transactions: dict[str, Transaction] = {}
        self._numbers: dict[str, int] = {}

    def invoice(self, location_id: str, invoice_id: str) -> Invoice:
        """Return an invoice.

        Raises:
            Refusal: there is none of that id in the location.
        """
        invoice = self._invoices.get(invoice_id)
        if invoice is None or invoice.location_id != location_id:
            raise Refusal(self._behaviour.missing, NO_SUCH_INVOICE)
        return invoice

    def transaction(self, location_id: str, transaction_id: str) -> Transaction:
        """Return a transaction.

        Raises:
            Refusal: there is none of that id in the location; apps/payments.json answers 400.
        """
        transaction = self._transactions.get(transaction_id)
        if transaction is None or transaction.invoice.location_id != location_id:
            raise bad_request("Transaction not found")
        return transaction

    def invoices(self, location_id: str, wanted: InvoiceFilter = InvoiceFilter()) -> Sequence[Invoice]:
        """Return a location's invoices by issue date, newest first unless ascending; same day: newest made first."""
        mine = [one for one in self._invoices.values() if one.location_id == location_id and wanted.fits(one)]
        ordered = sorted(mine, key=lambda one: str(one.fields["issueDate"]))
        return ordered if wanted.ascending else ordered[::-1]

    def transactions(
        self, location_id: str, *, entity_id: str | None = None, contact_id: str | None = None
    ) -> Sequence[Transaction]:
        """Return a location's transactions, newest first."""
        return [
            one
            for one in reversed(self._transactions.values())
            if one.invoice.location_id == location_id
            and entity_id in {None, one.invoice.id}
            and contact_id in {None, one.invoice.contact_id}
        ]

    def create_invoice(self, location_id: str, given: Json) -> Invoice:
        """Make a draft; `items` or `invoiceItems` are its lines. Fires InvoiceCreate."""
        now = iso(self._clock.now())
        lines = given.get("invoiceItems", given.get("items", ()))
        fields = {key: given[key] for key in GIVEN if given.get(key) is not None}
        fields["invoiceItems"] = items(lines, (), self._ids)
        fields["invoiceNumber"] = str(given.get("invoiceNumber") or self._next_number(location_id))
        fields.setdefault("dueDate", fields["issueDate"])
        totals = add_up(fields, self._behaviour.tax_rounding)
        invoice = Invoice(self._ids.document(), location_id, now, now, fields, totals)
        self._invoices[invoice.id] = invoice
        self._fire("InvoiceCreate", location_id, invoice.hook())
        return invoice

    def edit_invoice(self, location_id: str, invoice_id: str, given: Json) -> Invoice:
        """Replace what is given; a paid or void one cannot be edited. Fires InvoiceUpdate."""
        invoice = self.invoice(location_id, invoice_id)
        if invoice.status in {Status.VOID, Status.PAID}:
            raise bad_request(f"Invoice in {invoice.status} status cannot be updated")
        fields = invoice.fields | {key: given[key] for key in GIVEN if given.get(key) is not None}
        fields["invoiceItems"] = items(fields["invoiceItems"], invoice.fields["invoiceItems"], self._ids)
        invoice.totals = add_up(fields, self._behaviour.tax_rounding)
        invoice.fields = fields
        invoice.settle()
        self._changed(invoice, "InvoiceUpdate")
        return invoice

    def send_invoice(self, location_id: str, invoice_id: str) -> Invoice:
        """Send it to the customer, or once more; fires InvoiceSent."""
        invoice = self.invoice(location_id, invoice_id)
        if invoice.status is Status.VOID:
            raise bad_request("Void invoice can not be sent")
        if invoice.status is Status.DRAFT:
            invoice.status = Status.SENT
            invoice.settle()
        self._changed(invoice, "InvoiceSent")
        return invoice

    def void_invoice(self, location_id: str, invoice_id: str) -> Invoice:
        """Make it void for ever; fires InvoiceVoid. Refusals in the words of apps/invoices.json."""
        invoice = self._known(location_id, invoice_id)
        if invoice.status is Status.DRAFT:
            raise bad_request("Can not void draft invoice. You can delete draft invoice!")
        if invoice.status is Status.VOID:
            raise bad_request("Invoice is already void")
        payments = [self._transactions[key] for key in invoice.transactions]
        if any(payment.refunded < payment.amount for payment in payments):
            raise bad_request(
                "To void an invoice which has received payment through the payment provider, "
                "the corresponding transaction needs to be refunded first"
            )
        invoice.status = Status.VOID
        self._changed(invoice, "InvoiceVoid")
        return invoice

    def delete_invoice(self, location_id: str, invoice_id: str) -> Invoice:
        """Remove a draft for ever; fires InvoiceDelete, whose status is "delete"."""
        invoice = self._known(location_id, invoice_id)
        if invoice.status is not Status.DRAFT:
            raise bad_request("Invoice status need to be draft to delete an invoice")
        del self._invoices[invoice_id]
        self._changed(invoice, "InvoiceDelete", status="delete")
        return invoice

    def record_payment(self, location_id: str, invoice_id: str, payment: ManualPayment) -> Transaction:
        """Write down money that came in another way; fires InvoicePaid or InvoicePartiallyPaid. Never idempotent."""
        invoice = self.invoice(location_id, invoice_id)
        method: Document = {payment.mode: dict(payment.detail)}
        amount = self._payable(invoice, payment.amount)
        transaction = self._paid(invoice, amount, method, "manual", self._instant(payment.fulfilled_at))
        transaction.meta = dict(payment.meta)
        transaction.notes = payment.notes
        return transaction

    def pay(self, location_id: str, invoice_id: str, amount: Decimal | None = None) -> Transaction:
        """Have the customer pay by card, all that is owed or a part; fires like `record_payment`."""
        invoice = self.invoice(location_id, invoice_id)
        card = {"card": {"brand": "visa", "last4": "4242"}}
        now = iso(self._clock.now())
        transaction = self._paid(invoice, self._payable(invoice, amount), card, "stripe", now)
        transaction.charge_id = f"ch_{self._ids.text(24)}"
        return transaction

    def refund(self, location_id: str, transaction_id: str, amount: Decimal | None = None) -> Transaction:
        """Give money back. No webhook tells of it, and the invoice keeps its figures (facts: refunds are invisible)."""
        transaction = self.transaction(location_id, transaction_id)
        left = transaction.amount - transaction.refunded
        back = left if amount is None else amount
        if not 0 < back <= left:
            raise unprocessable(f"amount must not be greater than {left}")
        transaction.refunded += back
        transaction.updated = iso(self._clock.now())
        return transaction

    def snapshot(self) -> Document:
        """Return everything, for judging: invoices, transactions, and contacts with tags, fields and notes."""
        return {
            "locations": [{"id": one.id, "company_id": one.company_id, "name": one.name} for one in self._places()],
            "invoices": [one.answer() for one in self._invoices.values()],
            "transactions": [one.row(marks=True) for one in self._transactions.values()],
            "contacts": [
                {**contact.answer(), "notes": list(contact.notes)}
                for place in self._places()
                for contact in self.contacts.of(place.id)
            ],
        }

    def _places(self) -> Sequence[Location]:
        return list(self.locations.values())

    def _known(self, location_id: str, invoice_id: str) -> Invoice:
        """Return an invoice; void and delete answer 400 for one that is not there, as apps/invoices.json says."""
        if invoice_id not in self._invoices or self._invoices[invoice_id].location_id != location_id:
            raise bad_request(NO_SUCH_INVOICE)
        return self._invoices[invoice_id]

    def _next_number(self, location_id: str) -> int:
        self._numbers[location_id] = self._numbers.get(location_id, 0) + 1
        return self._numbers[location_id]

    def _payable(self, invoice: Invoice, amount: Decimal | None) -> Decimal:
        if invoice.status in {Status.DRAFT, Status.VOID, Status.PAID}:
            raise bad_request(f"Payment can not be recorded for an invoice in {invoice.status} status")
        wanted = invoice.due if amount is None else decimal(amount)
        if wanted <= 0 or wanted % unit_of(invoice.fields["currency"]):
            raise unprocessable("amount must be a positive number of whole currency units")
        if wanted > invoice.due:
            raise unprocessable("amount must not be greater than the amount due")
        return wanted

    def _paid(self, invoice: Invoice, amount: Decimal, method: Document, provider: str, fulfilled: str) -> Transaction:
        now = iso(self._clock.now())
        transaction = Transaction(self._ids.document(), invoice, amount, method, provider, fulfilled, now, now)
        self._transactions[transaction.id] = transaction
        invoice.transactions.append(transaction.id)
        invoice.paid += amount
        invoice.settle()
        self._changed(invoice, "InvoicePaid" if invoice.status is Status.PAID else "InvoicePartiallyPaid")
        return transaction

    def _changed(self, invoice: Invoice, event: str, status: str | None = None) -> None:
        invoice.updated = iso(self._clock.now())
        self._fire(event, invoice.location_id, invoice.hook(status))

    def _instant(self, given: Any) -> str:
        """Return a given time in HighLevel's spelling; now when there is none."""
        if given is None:
            return iso(self._clock.now())
        try:
            return iso(datetime.fromisoformat(str(given)))
        except ValueError as error:
            raise unprocessable("fulfilledAt must be a valid ISO 8601 date string") from error
