"""The lines of a request become lines of the books: what an account, a tax type, an item and a text may be."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from relay.sandbox.xero_arithmetic import computed, require_line_amount, rounded
from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_rows import ZERO, Account, Line
from relay.sandbox.xero_wire import Element, amount, rows, text

LONGEST_DESCRIPTION: Final = 4000
MOST_TRACKING: Final = 2


def read_lines(
    ledger: Ledger,
    sent: Sequence[Element],
    *,
    known: Sequence[Line],
    document: str,
    kind: str,
    unit_decimals: int,
) -> tuple[Line, ...]:
    """Return the lines as they will stand; those without a known LineItemID get a new one.

    Raises:
        Invalid: with the words for every bad line.
    """
    kept = {line.line_item_id for line in known}
    lines: list[Line] = []
    problems: list[str] = []
    for element in sent:
        try:
            lines.append(_read_line(ledger, element, kept=kept, document=document, kind=kind, decimals=unit_decimals))
        except Invalid as error:
            problems.extend(error.messages)
    if problems:
        raise Invalid(*problems)
    return tuple(lines)


def _read_line(ledger: Ledger, element: Element, *, kept: set[str], document: str, kind: str, decimals: int) -> Line:
    line_item_id = text(element, "LineItemID")
    if line_item_id and line_item_id not in kept:
        raise Invalid(f"The LineItemID {line_item_id} is not a line of this document")
    description = text(element, "Description") or ""
    if len(description) > LONGEST_DESCRIPTION:
        raise Invalid("Description must not be longer than 4000 characters")
    item = ledger.items.get(text(element, "ItemCode") or "")
    if text(element, "ItemCode") and not item:
        raise Invalid(f"Item code '{text(element, 'ItemCode')}' is not valid")
    discount_amount, discount_rate = amount(element, "DiscountAmount"), amount(element, "DiscountRate")
    if document == "ACCPAY" and (discount_amount is not None or discount_rate is not None):
        raise Invalid("A discount can only be given on an ACCREC invoice")
    unit_amount = amount(element, "UnitAmount")
    line_amount = amount(element, "LineAmount")
    account = _account(ledger, element, item.account_code if item else None)
    line = Line(
        line_item_id=line_item_id or ledger.new_id(),
        description=description or (item.name if item else ""),
        quantity=amount(element, "Quantity"),
        unit_amount=item.unit_price if item and unit_amount is None else unit_amount,
        discount_amount=discount_amount,
        discount_rate=discount_rate,
        item_code=item.code if item else None,
        account_code=account.code if account else None,
        tax_type=text(element, "TaxType") or (account.tax_type if account else None),
        tax_sent=amount(element, "TaxAmount"),
        tracking=_tracking(ledger, element),
    )
    line = computed(line, kind=kind, rate=_rate(ledger, line, account, kind), unit_decimals=decimals)
    require_line_amount(line, line_amount)
    return line


def recomputed(ledger: Ledger, lines: Sequence[Line], kind: str) -> tuple[Line, ...]:
    """Return the lines under another LineAmountTypes; taxes set by hand fall away."""
    results = []
    for line in lines:
        rate = ledger.tax_rates.get(line.tax_type or "")
        plain = replace(line, tax_sent=None)
        results.append(computed(plain, kind=kind, rate=rate.rate if rate else ZERO, unit_decimals=4))
    return tuple(results)


def in_percent(ledger: Ledger, lines: Sequence[Line], kind: str) -> tuple[Line, ...]:
    """Return the lines as the classic editor saves them: a discount becomes a percentage of two decimals.

    (community.breww.com 1035; XeroAPI/Xero-OpenAPI#713)
    """
    results = []
    for line in lines:
        changed = line
        if line.discount_amount and line.quantity and line.unit_amount:
            percent = rounded(line.discount_amount * 100 / (line.quantity * line.unit_amount))
            changed = replace(line, discount_amount=None, discount_rate=percent)
        rate = ledger.tax_rates.get(line.tax_type or "")
        results.append(computed(changed, kind=kind, rate=rate.rate if rate else ZERO, unit_decimals=4))
    return tuple(results)


def _account(ledger: Ledger, element: Element, fallback: str | None) -> Account | None:
    account_id, code = text(element, "AccountID"), text(element, "AccountCode") or fallback
    if not account_id and not code:
        return None
    account = ledger.accounts.get(account_id or "") or ledger.account(code)
    if account is None or not account.takes_lines:
        raise Invalid(f"Account code '{code or account_id}' is not a valid code for this document.")
    if account.status != "ACTIVE":
        raise Invalid(f"Account code '{account.code}' has been archived, or deleted.")
    return account


def _rate(ledger: Ledger, line: Line, account: Account | None, kind: str) -> Decimal:
    if kind == "NoTax" or not line.tax_type:
        return ZERO
    rate = ledger.tax_rates.get(line.tax_type)
    if rate is None or rate.status != "ACTIVE":
        raise Invalid(f"The TaxType code '{line.tax_type}' does not exist or is not active")
    if account and account.account_class not in rate.classes:
        raise Invalid(f"The TaxType code '{line.tax_type}' cannot be used with account code '{account.code}'")
    return rate.rate


def _tracking(ledger: Ledger, element: Element) -> tuple[tuple[str, str], ...]:
    sent = rows(element, "Tracking") or []
    if len(sent) > MOST_TRACKING:
        raise Invalid("A line can have at most two tracking categories")
    categories = ledger.organisation.tracking or {}
    chosen = tuple((text(row, "Name") or "", text(row, "Option") or "") for row in sent)
    for name, option in chosen:
        if option not in categories.get(name, ()):
            raise Invalid(f"The tracking option '{option}' of '{name}' does not exist")
    return chosen


def require_approvable(lines: Sequence[Line]) -> None:
    """Refuse what may stand in a draft but not in an approved document.

    Raises:
        Invalid: a line without description or account, or one whose price rounds to nothing.
    """
    for line in lines:
        if not line.description:
            raise Invalid("Description must be given on every line of an approved document")
        if line.quantity is None and line.unit_amount is None:
            continue
        # a price whose line rounds to 0.00 is refused in these words too (XeroAPI/xero-node#702)
        if not line.account_code or (line.unit_amount and not line.line_amount):
            raise Invalid("Account must be valid")
