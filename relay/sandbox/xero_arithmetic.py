"""What Xero makes of a line's figures: the published rounding rules, and what it refuses.

    unit  = round(UnitAmount, unitdp)
    line  = round(Quantity x unit - DiscountAmount, 2)
    tax   = TaxAmount if sent, else round(line x rate, 2)          Exclusive
          = round(line - line / (1 + rate), 2)                     Inclusive
    Total = sum(line) + sum(tax)   Exclusive;   sum(line)   Inclusive and NoTax

Round is half up, away from zero; tax per line on the rounded line, then summed
("Rounding in Xero", developer.xero.com).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final

from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_rows import ZERO, Line

CENT: Final = Decimal("0.01")
LARGEST_LINE: Final = Decimal("9999999999.99")
HUNDRED: Final = Decimal(100)
KINDS: Final = ("Exclusive", "Inclusive", "NoTax")


def rounded(amount: Decimal, decimals: int = 2) -> Decimal:
    """Return the amount with that many decimals, half up, away from zero."""
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def cut(amount: Decimal, decimals: int = 2) -> Decimal:
    """Return the amount with further decimals cut off."""
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN)


def computed(line: Line, *, kind: str, rate: Decimal, unit_decimals: int) -> Line:
    """Return the line with its amounts; `rate` is the effective rate in percent, `kind` the LineAmountTypes.

    Raises:
        Invalid: figures that Xero does not take.
    """
    if line.unit_amount is None and line.quantity is None:
        return replace(line, line_amount=ZERO, tax_amount=ZERO)  # only text
    unit = rounded(line.unit_amount or ZERO, unit_decimals)
    quantity = rounded(Decimal(1) if line.quantity is None else line.quantity, 4)
    if quantity < 0:
        raise Invalid("Quantity must not be negative")
    if quantity == 0 and unit != 0:
        raise Invalid("Quantity must not be zero where there is a unit amount")
    line = replace(line, unit_amount=unit, quantity=quantity)
    line = _discounted(line, quantity * unit)
    if abs(line.line_amount) > LARGEST_LINE:
        raise Invalid(f"The line amount must not exceed {LARGEST_LINE}")
    return replace(line, tax_amount=_tax(line, kind, rate / HUNDRED))


def _discounted(line: Line, gross: Decimal) -> Line:
    if line.discount_rate is not None and line.discount_amount is not None:
        raise Invalid("Give a DiscountRate or a DiscountAmount, not both")
    if line.discount_rate is not None:
        # cut to hundredths of a percent; a line was seen cut too (community.xero.com/developer/discussion/144129369)
        rate = cut(line.discount_rate)
        if not 0 <= rate <= HUNDRED:
            raise Invalid("DiscountRate must be between 0 and 100")
        return replace(line, discount_rate=rate, line_amount=cut(gross * (1 - rate / HUNDRED)))
    if line.discount_amount is None:
        return replace(line, line_amount=rounded(gross))
    if gross < 0:
        raise Invalid("A discount cannot be applied to a negative line amount")
    if line.discount_amount < 0:
        raise Invalid("DiscountAmount must not be negative")
    if line.discount_amount > rounded(gross, 4):
        raise Invalid("The discount amount cannot be greater than the line amount")
    return replace(line, line_amount=rounded(gross - line.discount_amount))


def _tax(line: Line, kind: str, rate: Decimal) -> Decimal:
    if kind == "NoTax":
        return ZERO
    if line.tax_sent is not None:
        if abs(line.tax_sent) > abs(line.line_amount):
            raise Invalid("The tax amount cannot be greater than the line amount")
        return rounded(line.tax_sent)
    if kind == "Inclusive":
        return rounded(line.line_amount - line.line_amount / (1 + rate))
    return rounded(line.line_amount * rate)


def require_line_amount(line: Line, sent: Decimal | None) -> None:
    """Refuse a LineAmount that is not exactly the computed one, and 0.00 beside a discount even where it is right.

    Raises:
        Invalid: they differ.
    """
    if sent is None:
        return
    if sent != line.line_amount or (sent == 0 and line.discount_amount):
        raise Invalid(f"The line total {sent:f} does not match the expected line total {line.line_amount:f}")


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a document."""

    sub_total: Decimal
    total_tax: Decimal
    total: Decimal


def totals(lines: Sequence[Line], kind: str) -> Totals:
    """Return the totals of computed lines."""
    lines_sum = sum((line.line_amount for line in lines), ZERO).quantize(CENT)
    tax = sum((line.tax_amount for line in lines), ZERO).quantize(CENT)
    if kind == "Inclusive":
        return Totals(sub_total=lines_sum - tax, total_tax=tax, total=lines_sum)
    return Totals(sub_total=lines_sum, total_tax=tax, total=lines_sum + tax)
