"""The discount of an invoice: how much it may have been, and each line's share of it (mapping.md 3.4). Pure."""

from collections.abc import Sequence
from decimal import Decimal

from consumers.invoice_push.lines import Line
from consumers.invoice_push.numbers import exact
from schemas.ghl import Invoice
from schemas.money import ZERO, rounded, spread


def amounts(invoice: Invoice, lines: Sequence[Line], rounded_lines: Sequence[Decimal], unit: Decimal) -> list[Decimal]:
    """Return the amounts the discount may have been, the likeliest first: as taken, then as computed.

    HighLevel's own sample names 10 % and takes nothing: what was taken goes first.
    """
    taken = invoice.total_summary.discount
    found = [] if taken is None else [rounded(exact(taken, "the discount taken"), unit)]
    computed = rounded(_computed(invoice, lines, rounded_lines), unit)
    return found if computed in found else [*found, computed]


def _computed(invoice: Invoice, lines: Sequence[Line], rounded_lines: Sequence[Decimal]) -> Decimal:
    value = exact(invoice.discount.value, "the discount")
    base = sum((amount for line, amount in zip(lines, rounded_lines, strict=True) if line.discounted), ZERO)
    return base * value / 100 if invoice.discount.type == "percentage" else min(value, base)


def shares(
    discount: Decimal, lines: Sequence[Line], rounded_lines: Sequence[Decimal], unit: Decimal
) -> Sequence[Decimal] | None:
    """Return each line's share in whole units, by largest remainder; None when the lines cannot carry it.

    Only positive lines that take part carry anything, none more than its own amount.
    """
    weights = [
        amount if line.discounted and amount > 0 else ZERO for line, amount in zip(lines, rounded_lines, strict=True)
    ]
    if discount < 0 or discount > sum(weights, ZERO):
        return None
    return spread(discount, weights, unit)
