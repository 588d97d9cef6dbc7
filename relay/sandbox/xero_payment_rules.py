"""Money against invoices: payments are immutable, only made or deleted; credits are applied by allocation."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from relay.sandbox.xero_arithmetic import rounded
from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_rows import Account, Allocation, Credit, Invoice, Payment
from relay.sandbox.xero_wire import Element, amount, day, flag, nested, text

TOO_MUCH: Final = "Payment amount exceeds the amount outstanding on this document"
NOT_APPROVED: Final = "Payments can only be made against Authorised documents"
PAYABLE: Final = frozenset({"AUTHORISED", "PAID"})
# a document of credit -> the prefix of its id and number in answers
CREDIT_NAMES: Final[Mapping[str, str]] = {
    "CREDITNOTE": "CreditNote",
    "OVERPAYMENT": "Overpayment",
    "PREPAYMENT": "Prepayment",
}


def create_payment(ledger: Ledger, element: Element) -> Payment:
    """Book a payment on an invoice.

    Raises:
        Invalid: the document is not approved, the account takes none, or it is more than what is owed.
    """
    named = nested(element, "Invoice")
    key = text(named, "InvoiceID") or text(named, "InvoiceNumber") or text(element, "InvoiceNumber")
    invoice = ledger.find_invoice(key)
    if invoice is None:
        raise Invalid("The invoice of the payment does not exist")
    account = _account(ledger, nested(element, "Account") or {"Code": element.get("Code")})
    money = amount(element, "Amount")
    if money is None or money <= 0 or money != rounded(money):
        raise Invalid("The payment amount must be positive, with at most two decimals")
    _require_payable(ledger, invoice, money)
    paid_on = day(element, "Date") or ledger.stamp().date()
    ledger.require_open_period(paid_on)
    payment = Payment(
        payment_id=ledger.new_id(),
        invoice_id=invoice.invoice_id,
        account_id=account.account_id,
        day=paid_on,
        amount=rounded(money),
        updated=ledger.stamp(),
        reference=text(element, "Reference") or "",
        is_reconciled=flag(element, "IsReconciled") or False,
        payment_type="ACCRECPAYMENT" if invoice.type == "ACCREC" else "ACCPAYPAYMENT",
    )
    ledger.put_payment(payment)
    ledger.changed("PAYMENT", "CREATE", payment.payment_id, payment.updated)
    ledger.settle(invoice.invoice_id, payment.updated)
    return payment


def delete_payment(ledger: Ledger, payment: Payment) -> Payment:
    """Take a payment back; its row stays, as DELETED.

    Raises:
        Invalid: it is deleted or reconciled, or stands in a locked period.
    """
    if payment.status == "DELETED":
        raise Invalid("The payment has been deleted already")
    if payment.is_reconciled:
        raise Invalid("The payment is reconciled and cannot be deleted")
    ledger.require_open_period(payment.day)
    payment = replace(payment, status="DELETED", updated=ledger.stamp())
    ledger.put_payment(payment)
    ledger.changed("PAYMENT", "UPDATE", payment.payment_id, payment.updated)
    ledger.settle(payment.invoice_id, payment.updated)
    return payment


def allocate(ledger: Ledger, credit: Credit, element: Element) -> Allocation:
    """Apply a part of a credit to an invoice.

    Raises:
        Invalid: the credit or the invoice is not approved, or one of them holds less than that.
    """
    invoice = ledger.find_invoice(text(nested(element, "Invoice"), "InvoiceID"))
    if invoice is None:
        raise Invalid("The invoice of the allocation does not exist")
    money = amount(element, "Amount")
    if money is None or money <= 0 or money != rounded(money):
        raise Invalid("The allocated amount must be positive, with at most two decimals")
    if credit.status not in PAYABLE or credit.contact_id != invoice.contact_id or credit.currency != invoice.currency:
        raise Invalid("A credit can only be allocated to an invoice of its contact and currency, once approved")
    if money > ledger.remaining(credit):
        raise Invalid("The amount exceeds the credit that remains on this document")
    _require_payable(ledger, invoice, money)
    applied_on = day(element, "Date") or ledger.stamp().date()
    ledger.require_open_period(applied_on)
    allocation = Allocation(ledger.new_id(), credit.credit_id, invoice.invoice_id, rounded(money), applied_on)
    ledger.put_allocation(allocation)
    _settle_credit(ledger, credit, invoice.invoice_id)
    return allocation


def remove_allocation(ledger: Ledger, allocation: Allocation) -> None:
    """Take an allocation back."""
    ledger.drop_allocation(allocation)
    _settle_credit(ledger, ledger.credits[allocation.credit_id], allocation.invoice_id)


def _settle_credit(ledger: Ledger, credit: Credit, invoice_id: str) -> None:
    at = ledger.stamp()
    status = "AUTHORISED" if ledger.remaining(credit) else "PAID"
    ledger.credits[credit.credit_id] = replace(credit, status=status, updated=at)
    ledger.changed(credit.kind, "UPDATE", credit.credit_id, at)
    ledger.settle(invoice_id, at)


def _require_payable(ledger: Ledger, invoice: Invoice, money: Decimal) -> None:
    if invoice.status not in PAYABLE:
        raise Invalid(NOT_APPROVED)
    if money > ledger.due(invoice):
        raise Invalid(TOO_MUCH)


def _account(ledger: Ledger, named: Element) -> Account:
    account = ledger.accounts.get(text(named, "AccountID") or "") or ledger.account(text(named, "Code"))
    if account is None or account.status != "ACTIVE":
        raise Invalid("The account of the payment does not exist or is archived")
    if not account.takes_payments:
        raise Invalid(f"Account code '{account.code}' is no bank account and not enabled for payments")
    return account
