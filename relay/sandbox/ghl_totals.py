"""How HighLevel adds up an invoice: prices to lines, discount, tax, total. Pure; an arithmetic of its own.

HighLevel documents none of it (help centre: discounts "typically reduce the taxable base"). Lines are rounded, the
discount comes before tax and is shared out in exact proportion, tax is rounded where the behaviour says. Rounding is
half up, away from zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from relay.sandbox.ghl_behaviour import TaxRounding
from relay.sandbox.ghl_json import Json

ZERO: Final = Decimal(0)
WITHOUT_CENTS: Final = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"})


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of an invoice. `sub_total` is the sum of the lines; `tax` counts tax inside prices too."""

    sub_total: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class _Line:
    amount: Decimal
    rates: tuple[Decimal, ...]
    inclusive: bool
    discounted: bool

    def taxes(self, net: Decimal) -> Sequence[Decimal]:
        """Return the exact tax of each rate; `net` holds the tax already where prices include it."""
        base = net / (1 + sum(self.rates, ZERO)) if self.inclusive else net
        return [base * rate for rate in self.rates]


def decimal(value: Any) -> Decimal:
    """Return a JSON number as Decimal; nothing is zero."""
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


def unit_of(currency: str) -> Decimal:
    """Return the smallest amount HighLevel keeps: a hundredth, or one in currencies without cents."""
    return Decimal(1) if currency.upper() in WITHOUT_CENTS else Decimal("0.01")


def add_up(document: Json, rounding: TaxRounding) -> Totals:
    """Return the figures of an invoice: its `invoiceItems`, `discount`, `currency` and paid charges."""
    unit = unit_of(document["currency"])
    discount = document.get("discount") or {}
    lines = [_line(item, discount.get("validOnProductIds") or (), unit) for item in document["invoiceItems"]]
    sub_total = sum((line.amount for line in lines), ZERO)
    taken = _discount(discount, lines, unit)
    tax, on_top = _tax(lines, taken, unit, rounding)
    charges = (document.get("miscellaneousCharges") or {}).get("paidCharges") or ()
    charged = sum((decimal(charge["amount"]) for charge in charges), ZERO)
    return Totals(sub_total, taken, tax, sub_total - taken + on_top + charged)


def _line(item: Json, valid_on: Sequence[str], unit: Decimal) -> _Line:
    rates = tuple(decimal(tax["rate"]) / 100 for tax in item.get("taxes") or ())
    return _Line(
        amount=_rounded(decimal(item["qty"]) * decimal(item["amount"]), unit),
        rates=rates,
        inclusive=bool(item.get("taxInclusive")),
        discounted=not valid_on or item.get("productId") in valid_on,
    )


def _discount(discount: Json, lines: Sequence[_Line], unit: Decimal) -> Decimal:
    """Return what the discount takes off; a fixed one never takes more than the lines it is valid on."""
    base = sum((line.amount for line in lines if line.discounted), ZERO)
    value = decimal(discount.get("value"))
    if discount.get("type") == "fixed":
        return min(_rounded(value, unit), max(base, ZERO))
    return _rounded(base * value / 100, unit)


def _tax(lines: Sequence[_Line], taken: Decimal, unit: Decimal, rounding: TaxRounding) -> tuple[Decimal, Decimal]:
    """Return all tax, and the part of it that comes on top of the prices."""
    base = sum((line.amount for line in lines if line.discounted), ZERO)
    inside, on_top = ZERO, ZERO
    for line in lines:
        share = taken * line.amount / base if line.discounted and base else ZERO
        exact = line.taxes(line.amount - share)
        match rounding:
            case TaxRounding.LINE:
                tax = _rounded(sum(exact, ZERO), unit)
            case TaxRounding.TAX:
                tax = sum((_rounded(one, unit) for one in exact), ZERO)
            case TaxRounding.DOCUMENT:
                tax = sum(exact, ZERO)
        inside, on_top = (inside + tax, on_top) if line.inclusive else (inside, on_top + tax)
    on_top = _rounded(on_top, unit)
    return _rounded(inside, unit) + on_top, on_top


def _rounded(amount: Decimal, unit: Decimal) -> Decimal:
    return (amount / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit
