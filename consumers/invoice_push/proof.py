"""Xero's own arithmetic: what it will answer to a document (mapping.md 1.1). Pure.

Written apart from the mapping on purpose: every document is proved against it before it is sent, so that a mistake of
the mapping ends as a dead letter and never in the books.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from schemas.xero import Organisation

_CENT = Decimal("0.01")
_UNIT = Decimal("0.0001")  # unitdp=4, always sent


class Unprovable(Exception):
    """Xero would refuse the document, or its arithmetic is not known to us."""


def xero_total(document: Mapping[str, Any], organisation: Organisation) -> Decimal:
    """Return the Total that Xero will answer.

    Raises:
        Unprovable: a line that Xero refuses, or a tax type without a rate.
    """
    lines = sum((_line(line) for line in document["LineItems"]), Decimal(0))
    tax = xero_tax(document, organisation)
    return lines + tax if document["LineAmountTypes"] == "Exclusive" else lines


def xero_tax(document: Mapping[str, Any], organisation: Organisation) -> Decimal:
    """Return the TotalTax that Xero will answer.

    Raises:
        Unprovable: as `xero_total`.
    """
    kind = document["LineAmountTypes"]
    if kind not in ("Exclusive", "Inclusive", "NoTax"):
        raise Unprovable(f"LineAmountTypes {kind!r}")
    if kind == "NoTax":
        return Decimal(0)
    rates = {rate.tax_type: rate.effective_rate for rate in organisation.tax_rates}
    return sum((_tax(line, kind, rates) for line in document["LineItems"]), Decimal(0))


def _line(line: Mapping[str, Any]) -> Decimal:
    if "Quantity" not in line:
        return Decimal(0)  # words only
    quantity, price, discount = line["Quantity"], line["UnitAmount"], line.get("DiscountAmount", Decimal(0))
    unit = _half_up(price, _UNIT)
    if quantity <= 0:
        raise Unprovable(f"Quantity {quantity} is refused")
    if quantity != _half_up(quantity, _UNIT):
        raise Unprovable(f"Quantity {quantity} has more than four decimals")
    if "DiscountAmount" in line and not 0 < discount <= quantity * unit:
        raise Unprovable(f"DiscountAmount {discount} of {quantity * unit} is refused")
    amount = _half_up(quantity * unit - discount, _CENT)
    if price and not amount:
        raise Unprovable("a price whose line comes to 0.00 is refused")
    return amount


def _tax(line: Mapping[str, Any], kind: str, rates: Mapping[str, Decimal]) -> Decimal:
    if "Quantity" not in line:
        return Decimal(0)
    amount = _line(line)
    if "TaxAmount" in line:
        tax: Decimal = line["TaxAmount"]
        if kind != "Exclusive" or abs(tax) > abs(amount) or tax != _half_up(tax, _CENT):
            raise Unprovable(f"TaxAmount {tax} on {amount} is refused")
        return tax
    if line.get("TaxType") not in rates:
        raise Unprovable(f"the tax type {line.get('TaxType')} has no rate")
    rate = rates[line["TaxType"]] / 100
    return _half_up(amount * rate if kind == "Exclusive" else amount - amount / (1 + rate), _CENT)


def _half_up(value: Decimal, unit: Decimal) -> Decimal:
    return value.quantize(unit, rounding=ROUND_HALF_UP)
