"""The reading that explains what the customer was asked for (mapping.md 3.4). Pure.

How HighLevel computes a total is not documented. A reading is one way it may have been: in which unit, which discount,
taken before or after tax, with charges or without. The first one that comes to the total exactly is it; failing that,
the first that comes within a few units, which then go where they do least harm.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from consumers.invoice_push import discounts, nudges
from consumers.invoice_push.lines import Line
from consumers.invoice_push.nudges import Candidate
from consumers.invoice_push.numbers import exact, plain
from consumers.invoice_push.taxes import Tax
from consumers.invoice_push.verdict import Unmappable
from schemas import money
from schemas.connection_settings import ConnectionSettings
from schemas.ghl import Invoice
from schemas.money import CENT, ZERO, rounded
from schemas.reasons import Reason

MOST_LINES_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """What each line with money comes to, and what stands beside the lines. Amounts in whole units of `unit`."""

    lines: tuple[Line, ...]  # those with money
    unit: Decimal
    amounts: tuple[Decimal, ...]  # A of each line
    discounts: tuple[Decimal, ...]  # d of each line, zero for one taken after tax
    taxes: tuple[Decimal, ...]  # t of each line, zero where tax is not on top
    charges: tuple[tuple[str, Decimal], ...] = ()
    discount_after_tax: Decimal = ZERO
    automatic_tax: Decimal = ZERO
    surplus: Decimal = ZERO  # "Additional charges"
    rounding: Decimal = ZERO  # "Rounding"

    @property
    def total(self) -> Decimal:
        """Return what the reading comes to."""
        charges = sum((amount for _, amount in self.charges), ZERO)
        lines = sum(self.amounts, ZERO) - sum(self.discounts, ZERO) + sum(self.taxes, ZERO)
        return lines + charges - self.discount_after_tax + self.automatic_tax + self.surplus + self.rounding

    def net(self, index: int) -> Decimal:
        """Return a line's amount less its discount."""
        return self.amounts[index] - self.discounts[index]

    def exact_tax(self, index: int) -> Decimal:
        """Return a line's tax on top before it is rounded."""
        line = self.lines[index]
        return self.net(index) * line.rate if line.tax is Tax.ON_TOP else ZERO


def explain(invoice: Invoice, lines: Sequence[Line], total: Decimal, settings: ConnectionSettings) -> Reading:
    """Return the reading that comes to `total`.

    Raises:
        Unmappable: none does, within the limits that the settings draw.
    """
    candidates = list(_readings(invoice, [line for line in lines if not line.is_text], total))
    for reading in candidates:
        if reading.total == total:
            return reading
    for reading in candidates:
        if absorbed := _absorb(reading, total - reading.total, settings):
            return absorbed
    first = candidates[0] if candidates else None
    if first and settings.extra_charges_account_code and total > first.total:
        return replace(first, surplus=total - first.total)
    raise Unmappable(Reason.TOTAL_DIFFERS, _figures(first, total))


def _readings(invoice: Invoice, lines: Sequence[Line], total: Decimal) -> Iterator[Reading]:
    unit = max(money.unit(invoice.currency), CENT)
    units = [unit, CENT] if unit != CENT and not total % unit else [CENT]
    for each in units:
        charges = _charges(invoice, each)
        for reading in _discounted(invoice, lines, each):
            yield reading
            if charges:
                yield replace(reading, charges=charges)


def _discounted(invoice: Invoice, lines: Sequence[Line], unit: Decimal) -> Iterator[Reading]:
    amounts = _amounts(invoice, lines, unit)
    automatic = _automatic_tax(invoice, unit)
    nothing = tuple(ZERO for _ in lines)
    for discount in discounts.amounts(invoice, lines, amounts, unit):
        undiscounted = Reading(tuple(lines), unit, tuple(amounts), nothing, nothing, automatic_tax=automatic)
        shares = discounts.shares(discount, lines, amounts, unit)
        if shares is not None:
            yield _taxed(replace(undiscounted, discounts=tuple(shares)))
        if discount > 0:
            yield _taxed(replace(undiscounted, discount_after_tax=discount))


def _taxed(reading: Reading) -> Reading:
    taxes = tuple(rounded(reading.exact_tax(index), reading.unit) for index in range(len(reading.lines)))
    return replace(reading, taxes=taxes)


def _amounts(invoice: Invoice, lines: Sequence[Line], unit: Decimal) -> list[Decimal]:
    """Return the lines in whole units; where HighLevel summed them unrounded, moved to its subtotal."""
    amounts = [rounded(line.exact, unit) for line in lines]
    stated = invoice.total_summary.sub_total
    if stated is None or any(line.tax is Tax.INSIDE for line in lines):
        return amounts
    units = int((rounded(exact(stated, "the subtotal"), unit) - sum(amounts, ZERO)) / unit)
    moved = nudges.once_each(amounts, _fractions(lines, amounts), units, unit)
    return amounts if moved is None else moved


def _fractions(lines: Sequence[Line], amounts: Sequence[Decimal]) -> list[Candidate]:
    return [
        Candidate(index, line.exact - amount, line.exact)
        for index, (line, amount) in enumerate(zip(lines, amounts, strict=True))
        if line.exact != amount
    ]


def _charges(invoice: Invoice, unit: Decimal) -> tuple[tuple[str, Decimal], ...]:
    paid = (
        (charge.name, rounded(exact(charge.amount, "a charge"), unit))
        for charge in invoice.miscellaneous_charges.paid_charges
    )
    return tuple((name, amount) for name, amount in paid if amount)


def _automatic_tax(invoice: Invoice, unit: Decimal) -> Decimal:
    tax = invoice.total_summary.tax
    if not invoice.automatic_taxes_enabled or not tax or tax < 0 or any(item.taxes for item in invoice.items):
        return ZERO
    return rounded(exact(tax, "the computed tax"), unit)


def _absorb(reading: Reading, delta: Decimal, settings: ConnectionSettings) -> Reading | None:
    """Return the reading with the missing units put where they do least harm; None where that is not allowed."""
    units = delta / reading.unit
    if units % 1 or abs(units) > settings.rounding_limit:
        return None
    on_top = [index for index, line in enumerate(reading.lines) if line.tax is Tax.ON_TOP]
    absorbed = _into_tax(reading, on_top, int(units)) if on_top else _into_fractions(reading, int(units))
    if absorbed is None and settings.rounding_account_code:
        return replace(reading, rounding=delta)
    return absorbed


def _into_tax(reading: Reading, on_top: Sequence[int], units: int) -> Reading | None:
    candidates = [
        Candidate(index, reading.exact_tax(index) - reading.taxes[index], reading.net(index)) for index in on_top
    ]

    def allowed(index: int, tax: Decimal) -> bool:
        return abs(tax) <= abs(reading.net(index))  # Xero takes no tax above the line

    moved = nudges.in_rounds(reading.taxes, candidates, units, reading.unit, allowed)
    return None if moved is None else replace(reading, taxes=tuple(moved))


def _into_fractions(reading: Reading, units: int) -> Reading | None:
    step = reading.unit if units > 0 else -reading.unit
    candidates = [
        candidate
        for candidate in _fractions(reading.lines, reading.amounts)
        if not reading.discounts[candidate.index] or reading.net(candidate.index) + step >= 0
    ]
    moved = nudges.once_each(reading.amounts, candidates, units, reading.unit)
    return None if moved is None else replace(reading, amounts=tuple(moved))


def _figures(reading: Reading | None, total: Decimal) -> str:
    if reading is None:
        return f"HighLevel asks {total:.2f}, and its discount is more than its lines"
    lines = "; ".join(
        f"line {line.position}: {reading.amounts[index]:.2f} - {reading.discounts[index]:.2f}"
        f" + {reading.taxes[index]:.2f} tax"
        for index, line in enumerate(reading.lines[:MOST_LINES_TOLD])
    )
    return f"HighLevel asks {total:.2f}, its lines come to {plain(reading.total)} ({lines})"
