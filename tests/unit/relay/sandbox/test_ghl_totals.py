from decimal import Decimal
from typing import Any

import pytest

from relay.sandbox.ghl_behaviour import TaxRounding
from relay.sandbox.ghl_totals import Totals, add_up
from tests.givens.ghl_sandbox import item, tax

NONE = {"type": "percentage", "value": 0}
HALF = Decimal("0.5")
TIES = [item(amount=Decimal("1.05"), taxes=[tax(10)]) for _ in range(3)]


def figures(items: list[dict[str, Any]], rounding: TaxRounding = TaxRounding.LINE, **more: Any) -> Totals:
    return add_up({"currency": "AUD", "discount": NONE, "invoiceItems": items, **more}, rounding)


@pytest.mark.parametrize(
    ("items", "more", "expected"),
    [
        pytest.param([item(amount=999)], {}, (999, 0, 0, 999), id="no tax"),
        pytest.param([item(amount=121, taxes=[tax(10)])], {}, (121, 0, "12.1", "133.1"), id="tax on top"),
        pytest.param(
            [item(amount=110, taxes=[tax(10)], taxInclusive=True)], {}, (110, 0, 10, 110), id="tax inside the price"
        ),
        pytest.param(
            [item(qty=Decimal("1.5"), amount=Decimal("0.33"))], {}, ("0.5", 0, 0, "0.5"), id="a line is rounded half up"
        ),
        pytest.param(
            [item(amount=100, taxes=[tax(10)]), item(amount=100)],
            {"discount": {"type": "percentage", "value": 10}},
            (200, 20, 9, 189),
            id="a discount comes before tax",
        ),
        pytest.param(
            [item(amount=100, taxes=[tax(10)])],
            {"discount": {"type": "fixed", "value": 500}},
            (100, 100, 0, 0),
            id="a fixed discount takes no more than there is",
        ),
        pytest.param(
            [item(amount=100, productId="a"), item(amount=100, productId="b")],
            {"discount": {"type": "percentage", "value": 50, "validOnProductIds": ["b"]}},
            (200, 50, 0, 150),
            id="a discount on some products",
        ),
        pytest.param(
            [item(amount=100)],
            {"miscellaneousCharges": {"charges": [], "paidCharges": [{"name": "Card fee", "amount": Decimal("2.9")}]}},
            (100, 0, 0, "102.9"),
            id="charges paid come on top",
        ),
        pytest.param([item(amount=Decimal("100.5"))], {"currency": "JPY"}, (101, 0, 0, 101), id="yen have no cents"),
        pytest.param([item(amount=50), item(qty=1, amount=-20)], {}, (30, 0, 0, 30), id="a negative line"),
        pytest.param([], {}, (0, 0, 0, 0), id="no lines"),
    ],
)
def test_an_invoice_adds_up(items: list[dict[str, Any]], more: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert figures(items, **more) == Totals(*(Decimal(str(figure)) for figure in expected))


@pytest.mark.parametrize(
    ("rounding", "items", "expected"),
    [
        pytest.param(TaxRounding.LINE, TIES, "0.33", id="each line's 0.105 becomes 0.11"),
        pytest.param(TaxRounding.DOCUMENT, TIES, "0.32", id="0.315 is rounded once"),
        pytest.param(TaxRounding.LINE, [item(amount=HALF, taxes=[tax(5), tax(4)])], "0.05", id="0.045, once"),
        pytest.param(TaxRounding.TAX, [item(amount=HALF, taxes=[tax(5), tax(4)])], "0.05", id="0.025 and 0.02"),
        pytest.param(TaxRounding.TAX, [item(amount=HALF, taxes=[tax(5), tax(5)])], "0.06", id="0.025 twice"),
    ],
)
def test_tax_is_rounded_where_the_behaviour_says(
    rounding: TaxRounding, items: list[dict[str, Any]], expected: str
) -> None:
    assert figures(items, rounding).tax == Decimal(expected)
