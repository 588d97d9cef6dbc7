"""The books of an organisation as plain JSON, for those who judge: amounts and times are strings, exact."""

from typing import Any

from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_rows import Contact, Credit, Invoice, Line, Payment

Json = dict[str, Any]


def snapshot(ledger: Ledger) -> Json:
    """Return invoices, contacts, payments and credits, oldest first."""
    return {
        "name": ledger.organisation.name,
        "invoices": [_invoice(ledger, invoice) for invoice in ledger.invoices.values()],
        "contacts": [_contact(contact) for contact in ledger.contacts.values()],
        "payments": [_payment(ledger, payment) for payment in ledger.payments.values()],
        "credits": [_credit(ledger, credit) for credit in ledger.credits.values()],
        "history": {key: [record.details for record in records] for key, records in ledger.history.items()},
    }


def _invoice(ledger: Ledger, invoice: Invoice) -> Json:
    return {
        "id": invoice.invoice_id,
        "type": invoice.type,
        "number": invoice.number,
        "reference": invoice.reference,
        "status": invoice.status,
        "contact_id": invoice.contact_id,
        "contact": ledger.contacts[invoice.contact_id].name,
        "date": invoice.day.isoformat(),
        "due_date": invoice.due_date.isoformat() if invoice.due_date else None,
        "currency": invoice.currency,
        "line_amount_types": invoice.line_amount_types,
        "sub_total": str(invoice.sub_total),
        "total_tax": str(invoice.total_tax),
        "total": str(invoice.total),
        "amount_due": str(ledger.due(invoice)),
        "amount_paid": str(ledger.paid(invoice)),
        "amount_credited": str(ledger.credited(invoice)),
        "sent_to_contact": invoice.sent_to_contact,
        "url": invoice.url,
        "lines": [_line(line) for line in invoice.lines],
        "payments": [_payment(ledger, payment) for payment in ledger.payments_on(invoice.invoice_id)],
        "updated": invoice.updated.isoformat(),
    }


def _line(line: Line) -> Json:
    numbers = ("quantity", "unit_amount", "discount_amount", "line_amount", "tax_amount")
    figures = {name: None if getattr(line, name) is None else str(getattr(line, name)) for name in numbers}
    return {
        "id": line.line_item_id,
        "description": line.description,
        "account_code": line.account_code,
        "tax_type": line.tax_type,
        "item_code": line.item_code,
        "tracking": [list(pair) for pair in line.tracking],
        **figures,
    }


def _payment(ledger: Ledger, payment: Payment) -> Json:
    return {
        "id": payment.payment_id,
        "invoice_id": payment.invoice_id,
        "invoice": ledger.invoices[payment.invoice_id].number,
        "account_code": ledger.accounts[payment.account_id].code,
        "amount": str(payment.amount),
        "date": payment.day.isoformat(),
        "reference": payment.reference,
        "status": payment.status,
        "updated": payment.updated.isoformat(),
    }


def _contact(contact: Contact) -> Json:
    return {
        "id": contact.contact_id,
        "name": contact.name,
        "status": contact.status,
        "contact_number": contact.contact_number,
        "email": contact.email,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "persons": [dict(person) for person in contact.persons],
        "updated": contact.updated.isoformat(),
    }


def _credit(ledger: Ledger, credit: Credit) -> Json:
    applied = ledger.allocations_on(credit.credit_id)
    return {
        "id": credit.credit_id,
        "kind": credit.kind,
        "number": credit.number,
        "status": credit.status,
        "total": str(credit.total),
        "remaining": str(ledger.remaining(credit)),
        "allocations": [
            {"id": each.allocation_id, "invoice_id": each.invoice_id, "amount": str(each.amount)} for each in applied
        ],
    }
