"""How rows of the books look in an answer: Xero's keys, in the detail that each place gives."""

from typing import Any, Final

from relay.sandbox.xero_arithmetic import rounded
from relay.sandbox.xero_contact_rules import ADDRESSES, PHONES, Kind, Typed
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_payment_rules import CREDIT_NAMES
from relay.sandbox.xero_rows import Account, Allocation, Contact, Credit, HistoryRecord, Invoice, Line, Payment
from relay.sandbox.xero_wire import day_text, moment_text, ms_date

Json = dict[str, Any]
NOTHING: Final = "00000000-0000-0000-0000-000000000000"  # the id of an element that was not saved


def contact_answer(contact: Contact, *, whole: bool = True) -> Json:
    """Return a contact; only by id or in a page it is whole, with persons and what it was merged into."""
    answer: Json = {
        "ContactID": contact.contact_id,
        "ContactStatus": contact.status,
        "Name": contact.name,
        "FirstName": contact.first_name,
        "LastName": contact.last_name,
        "EmailAddress": contact.email,
        "BankAccountDetails": "",
        "Addresses": _by_type(contact.addresses, ADDRESSES),
        "Phones": _by_type(contact.phones, PHONES),
        "UpdatedDateUTC": ms_date(contact.updated),
        "ContactGroups": [],
        "IsSupplier": False,
        "IsCustomer": True,
        "ContactPersons": [dict(person) for person in contact.persons] if whole else [],
        "HasAttachments": False,
        "HasValidationErrors": False,
    }
    optional = {
        "ContactNumber": contact.contact_number,
        "AccountNumber": contact.account_number,
        "CompanyNumber": contact.company_number,
        "TaxNumber": contact.tax_number,
        "MergedToContactID": contact.merged_to if whole else None,
    }
    return answer | {key: value for key, value in optional.items() if value}


def _by_type(stored: Typed | None, kind: Kind) -> list[Json]:
    known = stored or {}
    return [{kind.type_key: each, **(known.get(each) or dict.fromkeys(kind.longest, ""))} for each in kind.types]


def line_answer(line: Line, line_amount_types: str, unit_decimals: int = 4) -> Json:
    """Return a line of a document."""
    unit_amount = line.unit_amount if line.unit_amount is None else rounded(line.unit_amount, unit_decimals)
    tracking = [{"Name": name, "Option": option} for name, option in line.tracking]
    answer: Json = {
        "Description": line.description,
        "TaxAmount": line.tax_amount,
        "LineAmount": line.line_amount,
        "Tracking": tracking,
        "LineItemID": line.line_item_id,
        "ValidationErrors": [],
    }
    optional = {
        "Quantity": line.quantity,
        "UnitAmount": unit_amount,
        "DiscountAmount": line.discount_amount,
        "DiscountRate": line.discount_rate,
        "ItemCode": line.item_code,
        "AccountCode": line.account_code,
        "TaxType": "NONE" if line_amount_types == "NoTax" else line.tax_type,
    }
    return answer | {key: value for key, value in optional.items() if value is not None}


def invoice_head(ledger: Ledger, invoice: Invoice) -> Json:
    """Return an invoice as a list without pages gives it: no lines, no payments."""
    contact = ledger.contacts[invoice.contact_id]
    answer: Json = {
        "Type": invoice.type,
        "InvoiceID": invoice.invoice_id,
        "InvoiceNumber": invoice.number,
        "Reference": invoice.reference,
        "AmountDue": ledger.due(invoice),
        "AmountPaid": ledger.paid(invoice),
        "AmountCredited": ledger.credited(invoice),
        "SentToContact": invoice.sent_to_contact,
        "CurrencyRate": invoice.currency_rate,
        "IsDiscounted": any(line.discount_amount or line.discount_rate for line in invoice.lines),
        "HasErrors": False,
        "Contact": {"ContactID": contact.contact_id, "Name": contact.name, "ContactPersons": []},
        "DateString": day_text(invoice.day),
        "Date": ms_date(invoice.day),
        "Status": invoice.status,
        "LineAmountTypes": invoice.line_amount_types,
        "SubTotal": invoice.sub_total,
        "TotalTax": invoice.total_tax,
        "Total": invoice.total,
        "UpdatedDateUTC": ms_date(invoice.updated),
        "UpdatedDateUTCString": moment_text(invoice.updated),
        "CurrencyCode": invoice.currency,
    }
    if invoice.due_date:
        answer |= {"DueDateString": day_text(invoice.due_date), "DueDate": ms_date(invoice.due_date)}
    if invoice.fully_paid_on:
        answer["FullyPaidOnDate"] = ms_date(invoice.fully_paid_on)
    optional = {"Url": invoice.url, "BrandingThemeID": invoice.branding_theme_id}
    return answer | {key: value for key, value in optional.items() if value}


def invoice_unpaged(ledger: Ledger, invoice: Invoice) -> Json:
    """Return an invoice of a list without pages: the details are empty, whatever the invoice holds."""
    empty: Json = {key: [] for key in ("LineItems", "Payments", "CreditNotes", "Prepayments", "Overpayments")}
    return invoice_head(ledger, invoice) | empty | {"HasAttachments": False}


def invoice_answer(ledger: Ledger, invoice: Invoice, unit_decimals: int = 4) -> Json:
    """Return an invoice by id, in a page, or as the answer to a write: with lines, payments and credits."""
    payments = [payment_of_invoice(ledger, payment) for payment in ledger.payments_on(invoice.invoice_id)]
    answer = invoice_head(ledger, invoice)
    answer["Contact"] = contact_answer(ledger.contacts[invoice.contact_id])
    answer |= {
        "LineItems": [line_answer(line, invoice.line_amount_types, unit_decimals) for line in invoice.lines],
        "Payments": payments,
        "HasAttachments": False,
    }
    for kind, name in CREDIT_NAMES.items():
        answer[f"{name}s"] = [
            _credit_of_invoice(ledger.credits[each.credit_id], each, name)
            for each in ledger.allocations_on(invoice.invoice_id)
            if ledger.credits[each.credit_id].kind == kind
        ]
    return answer


def payment_of_invoice(ledger: Ledger, payment: Payment) -> Json:
    """Return a payment as it stands inside an invoice."""
    return {
        "PaymentID": payment.payment_id,
        "Date": ms_date(payment.day),
        "Amount": payment.amount,
        "Reference": payment.reference,
        "CurrencyRate": ledger.invoices[payment.invoice_id].currency_rate,
        "HasAccount": False,
        "HasValidationErrors": False,
    }


def _credit_of_invoice(credit: Credit, allocation: Allocation, name: str) -> Json:
    answer: Json = {
        f"{name}ID": credit.credit_id,
        "AppliedAmount": allocation.amount,
        "Date": ms_date(allocation.day),
        "Total": credit.total,
    }
    return answer | ({"CreditNoteNumber": credit.number} if name == "CreditNote" else {})


def payment_answer(ledger: Ledger, payment: Payment) -> Json:
    """Return a payment by itself, with its invoice and account."""
    invoice, account = ledger.invoices[payment.invoice_id], ledger.accounts[payment.account_id]
    head = invoice_head(ledger, invoice) | {"LineItems": [], "Prepayments": [], "Overpayments": []}
    return {
        "PaymentID": payment.payment_id,
        "Date": ms_date(payment.day),
        "BankAmount": payment.amount,
        "Amount": payment.amount,
        "Reference": payment.reference,
        "CurrencyRate": invoice.currency_rate,
        "PaymentType": payment.payment_type,
        "Status": payment.status,
        "UpdatedDateUTC": ms_date(payment.updated),
        "UpdatedDateUTCString": moment_text(payment.updated),
        "HasAccount": True,
        "IsReconciled": payment.is_reconciled,
        "Account": {"AccountID": account.account_id, "Code": account.code, "Name": account.name},
        "Invoice": head,
        "HasValidationErrors": False,
    }


def credit_answer(ledger: Ledger, credit: Credit) -> Json:
    """Return a credit note, over- or prepayment with its allocations."""
    name = CREDIT_NAMES[credit.kind]
    contact = ledger.contacts[credit.contact_id]
    remaining = ledger.remaining(credit)
    answer: Json = {
        f"{name}ID": credit.credit_id,
        "Type": credit.type,
        "Contact": {"ContactID": contact.contact_id, "Name": contact.name, "ContactPersons": []},
        "Date": ms_date(credit.day),
        "DateString": day_text(credit.day),
        "Status": credit.status,
        "LineAmountTypes": credit.line_amount_types,
        "LineItems": [line_answer(line, credit.line_amount_types) for line in credit.lines],
        "SubTotal": credit.sub_total,
        "TotalTax": credit.total_tax,
        "Total": credit.total,
        "UpdatedDateUTC": ms_date(credit.updated),
        "UpdatedDateUTCString": moment_text(credit.updated),
        "CurrencyCode": credit.currency,
        "CurrencyRate": 1,
        "RemainingCredit": remaining,
        "AppliedAmount": credit.total - remaining,
        "Reference": credit.reference,
        "Allocations": [allocation_answer(ledger, each) for each in ledger.allocations_on(credit.credit_id)],
        "Payments": [],
        "HasAttachments": False,
    }
    return answer | ({"CreditNoteNumber": credit.number} if credit.kind == "CREDITNOTE" else {})


def allocation_answer(ledger: Ledger, allocation: Allocation) -> Json:
    """Return an allocation with the invoice it is applied to."""
    invoice = ledger.invoices[allocation.invoice_id]
    return {
        "AllocationID": allocation.allocation_id,
        "Amount": allocation.amount,
        "Date": ms_date(allocation.day),
        "Invoice": {"InvoiceID": invoice.invoice_id, "InvoiceNumber": invoice.number},
    }


def account_answer(account: Account) -> Json:
    """Return an account of the chart."""
    return {
        "AccountID": account.account_id,
        "Code": account.code,
        "Name": account.name,
        "Status": account.status,
        "Type": account.type,
        "TaxType": account.tax_type,
        "Class": account.account_class,
        "SystemAccount": account.system_account,
        "EnablePaymentsToAccount": account.enable_payments,
        "ShowInExpenseClaims": False,
        "BankAccountNumber": "",
        "BankAccountType": "BANK" if account.type == "BANK" else "",
        "HasAttachments": False,
        "AddToWatchlist": False,
        **({"UpdatedDateUTC": ms_date(account.updated)} if account.updated else {}),
    }


def history_answer(record: HistoryRecord) -> Json:
    """Return a line of a document's history."""
    return {
        "Changes": record.changes,
        "DateUTCString": day_text(record.at.date()),
        "DateUTC": ms_date(record.at),
        "User": record.user,
        "Details": record.details,
    }
