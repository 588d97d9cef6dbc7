"""Writing a line so that Xero's own arithmetic comes to its target (mapping.md 3.5). Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from consumers.invoice_push.descriptions import description
from consumers.invoice_push.lines import Line
from consumers.invoice_push.numbers import places, plain
from consumers.invoice_push.readings import Reading
from consumers.invoice_push.taxes import Kind, Tax
from consumers.invoice_push.verdict import Document
from schemas.money import ZERO, rounded

_FOUR = Decimal("0.0001")
_PLACES = 4


@dataclass(frozen=True, slots=True)
class _Price:
    """How a line is put: `quantity` times `unit`, less `discount` where Xero is told of it."""

    quantity: Decimal
    unit: Decimal
    discount: Decimal = ZERO


def text_line(line: Line) -> Document:
    """Return a line of words: Xero refuses a quantity of 0 with a price."""
    figures = f"{plain(line.quantity)} x {plain(line.price)}" if line.price else None
    return {"Description": description(line.item.name, line.item.description, line.position, figures)}


def money_line(reading: Reading, index: int, kind: Kind, style: Literal["amount", "net"]) -> Document:
    """Return the line as Xero is sent it; its LineItemID is the caller's to add."""
    line, discount, tax = reading.lines[index], reading.discounts[index], reading.taxes[index]
    grossed_up = kind is Kind.INCLUSIVE and line.tax is Tax.ON_TOP
    net = reading.net(index)
    target = net + tax if grossed_up else net
    told = discount if style == "amount" and not grossed_up else ZERO
    price = _price(line, target, told)
    figures = None if _shows(line, price, discount) else _figures(line, discount, tax if grossed_up else ZERO)
    written: dict[str, Any] = {
        "Description": description(line.item.name, line.item.description, line.position, figures),
        "Quantity": price.quantity,
        "UnitAmount": price.unit,
        "AccountCode": line.account_code,
    }
    if price.discount:
        written["DiscountAmount"] = price.discount
    if line.item_code:
        written["ItemCode"] = line.item_code
    if kind is not Kind.NO_TAX:
        written["TaxType"] = line.tax_type
    if kind is Kind.EXCLUSIVE and tax != rounded(target * line.rate):
        written["TaxAmount"] = tax
    if line.tracking:
        written["Tracking"] = [{"Name": each.name, "Option": each.option} for each in line.tracking]
    return written


def extra_line(words: str, amount: Decimal, account_code: str, tax_type: str | None) -> Document:
    """Return a line that stands for no line of HighLevel: a charge, a discount after tax, tax, rounding."""
    line = {"Description": words, "Quantity": Decimal(1), "UnitAmount": amount, "AccountCode": account_code}
    return line if tax_type is None else {**line, "TaxType": tax_type}


def _price(line: Line, target: Decimal, discount: Decimal) -> _Price:
    quantity = abs(line.quantity)
    price = line.price if line.quantity > 0 else -line.price  # Xero takes no negative quantity
    countable = places(quantity) <= _PLACES
    if not target:
        return _Price(quantity if countable else Decimal(1), ZERO)  # a price whose line is 0.00 is refused
    before = target + discount
    if countable and places(price) <= _PLACES and rounded(quantity * price) == before:
        return _Price(quantity, price, discount)
    each = rounded(before / quantity, _FOUR)
    if countable and rounded(quantity * each) == before:
        return _Price(quantity, each, discount)
    return _Price(Decimal(1), before, discount)


def _shows(line: Line, price: _Price, discount: Decimal) -> bool:
    signed = line.price if line.quantity > 0 else -line.price
    return (price.quantity, price.unit, price.discount) == (abs(line.quantity), signed, discount)


def _figures(line: Line, discount: Decimal, tax: Decimal) -> str:
    told = f"{plain(line.quantity)} x {plain(line.price)}"
    if discount:
        told += f", discount {discount:.2f}"
    return told + (f", plus tax {tax:.2f}" if tax else "")
