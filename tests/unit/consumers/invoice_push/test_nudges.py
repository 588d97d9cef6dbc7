from decimal import Decimal

import pytest

from consumers.invoice_push.nudges import Candidate, in_rounds, once_each, order
from schemas.money import CENT

FIGURES = [Decimal("1.00"), Decimal("2.00"), Decimal("3.00")]
CANDIDATES = [
    Candidate(0, Decimal("0.004"), Decimal(10)),
    Candidate(1, Decimal("-0.003"), Decimal(20)),
    Candidate(2, Decimal("0.004"), Decimal(30)),
]


@pytest.mark.parametrize(("units", "first"), [(1, [2, 0, 1]), (-1, [1, 2, 0])], ids=["adding", "taking away"])
def test_who_was_rounded_furthest_the_other_way_goes_first_then_the_larger(units: int, first: list[int]) -> None:
    assert order(CANDIDATES, units) == first


def test_equals_go_in_their_place() -> None:
    equal = [Candidate(index, Decimal(0), Decimal(1)) for index in (2, 0, 1)]

    assert order(equal, 1) == [0, 1, 2]


def test_each_moves_once_or_none_at_all() -> None:
    assert once_each(FIGURES, CANDIDATES, 2, CENT) == [Decimal("1.01"), Decimal("2.00"), Decimal("3.01")]
    assert once_each(FIGURES, CANDIDATES, 4, CENT) is None
    assert once_each(FIGURES, CANDIDATES, 0, CENT) == FIGURES


def test_units_go_round_until_nobody_may_move() -> None:
    four = in_rounds(FIGURES, CANDIDATES, 4, CENT, lambda _index, _figure: True)
    stuck = in_rounds(FIGURES, CANDIDATES, 4, CENT, lambda index, _figure: index == 1 and _figure < Decimal("2.03"))

    assert four == [Decimal("1.01"), Decimal("2.01"), Decimal("3.02")]
    assert stuck is None
