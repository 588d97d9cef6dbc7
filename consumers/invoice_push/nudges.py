"""Moving single units between lines, where HighLevel rounded a sum and Xero rounds each line (mapping.md 3.4). Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Candidate:
    """A figure that may move: `residual` is what rounding took from it, `size` breaks ties, then its place."""

    index: int
    residual: Decimal
    size: Decimal


def order(candidates: Sequence[Candidate], units: int) -> list[int]:
    """Return the indices in the order they move: those rounded furthest the other way first."""
    sign = -1 if units > 0 else 1
    return [
        candidate.index for candidate in sorted(candidates, key=lambda c: (sign * c.residual, -abs(c.size), c.index))
    ]


def once_each(
    figures: Sequence[Decimal], candidates: Sequence[Candidate], units: int, unit: Decimal
) -> list[Decimal] | None:
    """Move at most one unit on each candidate; None when there are too few of them."""
    if abs(units) > len(candidates):
        return None
    step = unit if units > 0 else -unit
    moved = list(figures)
    for index in order(candidates, units)[: abs(units)]:
        moved[index] += step
    return moved


def in_rounds(
    figures: Sequence[Decimal],
    candidates: Sequence[Candidate],
    units: int,
    unit: Decimal,
    allowed: Callable[[int, Decimal], bool],
) -> list[Decimal] | None:
    """Move one unit after the other, round and round; None when no candidate may move any further."""
    step = unit if units > 0 else -unit
    moved, left, sequence = list(figures), abs(units), order(candidates, units)
    while left:
        before = left
        for index in sequence:
            if left and allowed(index, moved[index] + step):
                moved[index] += step
                left -= 1
        if left == before:
            return None
    return moved
