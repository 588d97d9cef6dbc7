"""Credit notes, over- and prepayments: documents whose money is allocated to invoices."""

from collections.abc import Mapping
from typing import Any, Final

from relay.sandbox.xero_arithmetic import KINDS, totals
from relay.sandbox.xero_contact_rules import contact_of_document
from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_lines import read_lines, require_approvable
from relay.sandbox.xero_rows import Credit
from relay.sandbox.xero_wire import day, nested, rows, text

TYPES: Final = {
    "CREDITNOTE": ("ACCRECCREDIT", "ACCPAYCREDIT"),
    "OVERPAYMENT": ("RECEIVE-OVERPAYMENT", "SPEND-OVERPAYMENT"),
    "PREPAYMENT": ("RECEIVE-PREPAYMENT", "SPEND-PREPAYMENT"),
}


def create_credit(ledger: Ledger, element: Mapping[str, Any], *, kind: str = "CREDITNOTE") -> Credit:
    """Insert a credit document; what is received becomes ACCREC's, an over- or prepayment needs no approval.

    Raises:
        Invalid: with Xero's words.
    """
    receiving, spending = TYPES[kind]
    sent_type = text(element, "Type")
    if sent_type not in {"ACCRECCREDIT", "ACCPAYCREDIT"}:
        raise Invalid("Type must be ACCRECCREDIT or ACCPAYCREDIT")
    status = text(element, "Status") or "DRAFT"
    if status not in {"DRAFT", "SUBMITTED", "AUTHORISED"}:
        raise Invalid(f"The status {status} cannot be given to a new credit note")
    amounts = text(element, "LineAmountTypes") or "Exclusive"
    if amounts not in KINDS:
        raise Invalid(f"LineAmountTypes {amounts} is not valid")
    currency = text(element, "CurrencyCode") or ledger.organisation.base_currency
    if currency not in ledger.organisation.currencies:
        raise Invalid(f"Organisation is not subscribed to currency {currency}")
    number = text(element, "CreditNoteNumber") or f"CN-{len(ledger.credits) + 1:04d}"
    if any(credit.number == number for credit in ledger.credits.values()):
        raise Invalid("Credit note # must be unique.")
    lines = read_lines(
        ledger, rows(element, "LineItems") or [], known=(), document="ACCREC", kind=amounts, unit_decimals=4
    )
    if not lines:
        raise Invalid("One or more line items must be specified")
    dated = day(element, "Date") or ledger.stamp().date()
    if status == "AUTHORISED":
        require_approvable(lines)
        ledger.require_open_period(dated)
    sums = totals(lines, amounts)
    credit = Credit(
        credit_id=ledger.new_id(),
        kind=kind,
        type=receiving if sent_type == "ACCRECCREDIT" else spending,
        number=number,
        contact_id=contact_of_document(ledger, nested(element, "Contact")).contact_id,
        day=dated,
        status=status,
        line_amount_types=amounts,
        lines=lines,
        currency=currency,
        updated=ledger.stamp(),
        reference=text(element, "Reference") or "",
        sub_total=sums.sub_total,
        total_tax=sums.total_tax,
        total=sums.total,
    )
    ledger.credits[credit.credit_id] = credit
    ledger.changed(kind, "CREATE", credit.credit_id, credit.updated)
    return credit
