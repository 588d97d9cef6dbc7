from decimal import Decimal
from typing import Any

import pytest

from consumers.invoice_push.discounts import amounts, shares
from schemas.money import CENT
from tests.givens.mapping import an_invoice, an_item, lines

HUNDRED = [Decimal("100.00")]


@pytest.mark.parametrize(
    ("discount", "taken", "found"),
    [
        pytest.param({"type": "percentage", "value": 10}, 0, ["0.00", "10.00"], id="named but not taken"),
        pytest.param({"type": "percentage", "value": 10}, 10, ["10.00"], id="both say the same"),
        pytest.param({"type": "percentage", "value": 10}, None, ["10.00"], id="nothing said about what was taken"),
        pytest.param({"type": "fixed", "value": 150}, None, ["100.00"], id="at most what there is"),
    ],
)
def test_what_was_taken_goes_before_what_was_named(
    discount: dict[str, Any], taken: int | None, found: list[str]
) -> None:
    summary = {} if taken is None else {"discount": taken}
    invoice = an_invoice(an_item(), total=0, discount=discount, totalSummary=summary)

    assert amounts(invoice, lines(an_item()), HUNDRED, CENT) == [Decimal(each) for each in found]


def test_only_positive_lines_carry_a_discount() -> None:
    given = lines(an_item(60), an_item(-20), an_item(40))

    assert shares(Decimal(10), given, [Decimal(60), Decimal(-20), Decimal(40)], CENT) == [6, 0, 4]


@pytest.mark.parametrize("discount", ["100.01", "-1"])
def test_lines_do_not_carry_more_than_they_are(discount: str) -> None:
    assert shares(Decimal(discount), lines(an_item()), HUNDRED, CENT) is None
