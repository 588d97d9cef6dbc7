"""The books of all organisations, and what people do in them by hand; every change is told to the subscribers.

A deed follows the same rules as the API: it raises `Invalid` with Xero's words when Xero would not let a person do it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, Protocol

from relay.clock import Clock
from relay.sandbox.xero_contact_rules import create_contact, update_contact
from relay.sandbox.xero_credit_rules import create_credit
from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_invoice_rules import create_invoice, save_in_classic_editor, update_invoice
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_payment_rules import allocate, create_payment, delete_payment, remove_allocation
from relay.sandbox.xero_rows import Invoice, Payment
from relay.sandbox.xero_seed import demo_organisation
from relay.sandbox.xero_snapshot import Json, snapshot

SUBSCRIBED: Final = frozenset({"INVOICE", "CONTACT", "CREDITNOTE", "PREPAYMENT", "OVERPAYMENT"})


class Fire(Protocol):
    """Where webhooks go; whoever stands there signs and sends."""

    def __call__(
        self,
        *,
        tenant_id: str,
        category: str,
        type: Literal["CREATE", "UPDATE"],  # noqa: A002 - the name that the vendor gives it
        resource_id: str,
        at: datetime,
    ) -> None:
        """Take one event; called after the change is in the books. Must not wait."""


class Books:
    """All organisations. `categories` are the subscribed ones: add PAYMENT to hear of payments by themselves."""

    def __init__(self, *, clock: Clock, fire: Fire, ids: Callable[[], str]) -> None:
        self.tenants: dict[str, Ledger] = {}
        self.categories = set(SUBSCRIBED)
        self._clock = clock
        self._fire = fire
        self._ids = ids

    def add_demo(self, tenant_id: str, name: str = "Demo Company (AU)") -> Ledger:
        """Add fresh books with the demo chart."""
        ledger = demo_organisation(tenant_id=tenant_id, clock=self._clock, ids=self._ids, name=name)
        self.tenants[tenant_id] = ledger
        return ledger

    def tell(self, ledger: Ledger) -> None:
        """Hand on what has changed, in order, as far as it is subscribed."""
        changes, ledger.changes = ledger.changes, []
        for change in changes:
            if change.category in self.categories:
                self._fire(
                    tenant_id=ledger.organisation.tenant_id,
                    category=change.category,
                    type=change.type,
                    resource_id=change.resource_id,
                    at=change.at,
                )

    def snapshot(self) -> dict[str, Json]:
        """Return all there is, by tenant, as plain JSON: amounts are strings."""
        return {tenant_id: snapshot(ledger) for tenant_id, ledger in self.tenants.items()}

    @contextmanager
    def _deed(self, tenant_id: str) -> Iterator[Ledger]:
        ledger = self.tenants[tenant_id]
        with ledger.whole():
            yield ledger
        self.tell(ledger)

    def enter_payment(
        self,
        tenant_id: str,
        invoice: str,
        amount: Decimal,
        *,
        account_code: str = "090",
        day: date | None = None,
        reference: str = "",
        is_reconciled: bool = False,
    ) -> str:
        """Book a payment on the invoice with that id or number; return its id."""
        with self._deed(tenant_id) as ledger:
            element = {
                "Invoice": {"InvoiceID": _invoice(ledger, invoice).invoice_id},
                "Account": {"Code": account_code},
                "Amount": amount,
                "Date": day.isoformat() if day else None,
                "Reference": reference,
                "IsReconciled": is_reconciled,
            }
            return create_payment(ledger, element).payment_id

    def delete_payment(self, tenant_id: str, payment_id: str) -> None:
        """Take a payment back."""
        with self._deed(tenant_id) as ledger:
            delete_payment(ledger, _payment(ledger, payment_id))

    def create_invoice(self, tenant_id: str, element: Mapping[str, Any]) -> str:
        """Enter an invoice or bill, given as an element of PUT /Invoices; return its id."""
        with self._deed(tenant_id) as ledger:
            return create_invoice(ledger, element, unit_decimals=4).invoice_id

    def edit_invoice(self, tenant_id: str, invoice: str, changes: Mapping[str, Any]) -> None:
        """Change an invoice, given as an element of POST /Invoices."""
        with self._deed(tenant_id) as ledger:
            update_invoice(ledger, _invoice(ledger, invoice), changes, unit_decimals=4)

    def save_in_classic_editor(self, tenant_id: str, invoice: str) -> None:
        """Open an invoice in the classic editor and save it: discounts become percentages, cents may move."""
        with self._deed(tenant_id) as ledger:
            save_in_classic_editor(ledger, _invoice(ledger, invoice))

    def approve_invoice(self, tenant_id: str, invoice: str) -> None:
        """Approve a draft."""
        self.edit_invoice(tenant_id, invoice, {"Status": "AUTHORISED"})

    def void_invoice(self, tenant_id: str, invoice: str) -> None:
        """Void an approved invoice; delete one that is not approved."""
        approved = _invoice(self.tenants[tenant_id], invoice).status in {"AUTHORISED", "PAID"}
        self.edit_invoice(tenant_id, invoice, {"Status": "VOIDED" if approved else "DELETED"})

    def create_contact(self, tenant_id: str, name: str, **fields: Any) -> str:
        """Create a contact, further fields in Xero's keys; return its id."""
        with self._deed(tenant_id) as ledger:
            return create_contact(ledger, {"Name": name, **fields}).contact_id

    def archive_contact(self, tenant_id: str, contact_id: str) -> None:
        """Archive a contact: its name is free, nothing can be made out to it."""
        with self._deed(tenant_id) as ledger:
            contact = ledger.contacts[contact_id]
            update_contact(ledger, contact, {"ContactStatus": "ARCHIVED", "ContactPersons": list(contact.persons)})

    def merge_contact(self, tenant_id: str, contact_id: str, into: str) -> None:
        """Merge a contact into another: it is archived, and its invoices are the other's."""
        self.archive_contact(tenant_id, contact_id)
        with self._deed(tenant_id) as ledger:
            ledger.contacts[contact_id] = replace(
                ledger.contacts[contact_id], merged_to=ledger.contacts[into].contact_id
            )
            for invoice in list(ledger.invoices.values()):
                if invoice.contact_id == contact_id:
                    at = ledger.stamp()
                    ledger.put_invoice(replace(invoice, contact_id=into, updated=at))
                    ledger.changed("INVOICE", "UPDATE", invoice.invoice_id, at)

    def archive_account(self, tenant_id: str, code: str) -> None:
        """Archive an account of the chart. Xero tells nobody."""
        with self._deed(tenant_id) as ledger:
            account = ledger.account(code)
            if account is None:
                raise Invalid(f"There is no account {code}")
            ledger.accounts[account.account_id] = replace(account, status="ARCHIVED", updated=ledger.stamp())

    def restore_account(self, tenant_id: str, code: str) -> None:
        """Make an archived account ACTIVE again."""
        with self._deed(tenant_id) as ledger:
            account = ledger.account(code)
            if account is None:
                raise Invalid(f"There is no account {code}")
            ledger.accounts[account.account_id] = replace(account, status="ACTIVE", updated=ledger.stamp())

    def create_credit_note(self, tenant_id: str, contact_id: str, amount: Decimal, *, day: date | None = None) -> str:
        """Make an approved credit note that is not applied to anything yet; return its id."""
        with self._deed(tenant_id) as ledger:
            element = _credit(contact_id, amount, ledger.organisation.base_currency, day)
            return create_credit(ledger, element).credit_id

    def apply_credit(self, tenant_id: str, credit_id: str, invoice: str, amount: Decimal) -> str:
        """Apply a part of a credit to the invoice; return the allocation's id."""
        with self._deed(tenant_id) as ledger:
            applied = {"Invoice": {"InvoiceID": _invoice(ledger, invoice).invoice_id}, "Amount": amount}
            return allocate(ledger, ledger.credits[credit_id], applied).allocation_id

    def allocate_credit(
        self,
        tenant_id: str,
        invoice: str,
        amount: Decimal,
        *,
        kind: Literal["CREDITNOTE", "OVERPAYMENT", "PREPAYMENT"] = "CREDITNOTE",
        day: date | None = None,
    ) -> tuple[str, str]:
        """Make a credit of that amount and apply it to the invoice; return the credit's and the allocation's id."""
        with self._deed(tenant_id) as ledger:
            owed = _invoice(ledger, invoice)
            element = _credit(owed.contact_id, amount, owed.currency, day)
            credit = create_credit(ledger, element, kind=kind)
            applied = {"Invoice": {"InvoiceID": owed.invoice_id}, "Amount": amount, "Date": element["Date"]}
            return credit.credit_id, allocate(ledger, credit, applied).allocation_id

    def remove_credit(self, tenant_id: str, allocation_id: str) -> None:
        """Take the allocation of a credit back."""
        with self._deed(tenant_id) as ledger:
            remove_allocation(ledger, ledger.allocations[allocation_id])

    def set_approval_limit(self, tenant_id: str, most: int | None) -> None:
        """Let a plan allow so many approvals of sales invoices a month; None lifts it."""
        ledger = self.tenants[tenant_id]
        ledger.organisation = replace(ledger.organisation, approvals_a_month=most)

    def set_lock_date(self, tenant_id: str, day: date | None) -> None:
        """Lock everything up to and including that day; None opens the books. Xero tells nobody."""
        ledger = self.tenants[tenant_id]
        ledger.organisation = replace(ledger.organisation, period_lock_date=day)


def _invoice(ledger: Ledger, id_or_number: str) -> Invoice:
    invoice = ledger.find_invoice(id_or_number)
    if invoice is None:
        raise Invalid(f"There is no invoice {id_or_number}")
    return invoice


def _credit(contact_id: str, amount: Decimal, currency: str, day: date | None) -> dict[str, Any]:
    return {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": contact_id},
        "CurrencyCode": currency,
        "Date": day.isoformat() if day else None,
        "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": "Credit", "Quantity": 1, "UnitAmount": amount, "AccountCode": "200"}],
    }


def _payment(ledger: Ledger, payment_id: str) -> Payment:
    payment = ledger.payments.get(payment_id)
    if payment is None:
        raise Invalid(f"There is no payment {payment_id}")
    return payment
