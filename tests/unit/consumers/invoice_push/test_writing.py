from decimal import Decimal
from typing import Any, Literal

import pytest

from consumers.invoice_push.readings import explain
from consumers.invoice_push.taxes import Kind
from consumers.invoice_push.writing import extra_line, money_line, text_line
from tests.givens.mapping import GST, an_invoice, an_item, lines, settings


def written(
    item: dict[str, Any],
    total: str,
    kind: Kind = Kind.EXCLUSIVE,
    style: Literal["amount", "net"] = "amount",
    **given: Any,
) -> dict[str, Any]:
    given_lines = lines(item)
    reading = explain(an_invoice(item, total=Decimal(total), **given), given_lines, Decimal(total), settings())
    line = money_line(reading, 0, kind, style)
    return {key: value for key, value in line.items() if key not in ("AccountCode", "TaxType")}


OFF = {"discount": {"type": "fixed", "value": 5}}


@pytest.mark.parametrize(
    ("item", "total", "given", "quantity", "unit"),
    [
        pytest.param(an_item("33.33", "1.5"), "50.00", {}, "1.5", "33.33", id="HighLevel's own figures"),
        pytest.param(an_item(40, -1), "-40", {}, "1", "-40", id="the sign moves into the price"),
        pytest.param(an_item("0.061171", 1000), "61.17", {}, "1", "61.17", id="a price Xero cannot hold"),
        pytest.param(an_item(300, "0.33333"), "100.00", {}, "1", "100.00", id="a quantity Xero cannot hold"),
        pytest.param(an_item("0.001", 1), "0", {}, "1", "0", id="a price that comes to nothing"),
        pytest.param(an_item(0, 3), "0", {}, "3", "0", id="a gift"),
    ],
)
def test_quantity_and_price_come_to_the_target_in_xero(
    item: dict[str, Any], total: str, given: dict[str, Any], quantity: str, unit: str
) -> None:
    line = written(item, total, Kind.NO_TAX, **given)

    assert (line["Quantity"], line["UnitAmount"]) == (Decimal(quantity), Decimal(unit))


def test_a_discount_stands_in_its_field_or_in_the_price() -> None:
    item = an_item("33.35", 3)

    told, net = written(item, "95.05", Kind.NO_TAX, **OFF), written(item, "95.05", Kind.NO_TAX, "net", **OFF)

    assert told == {
        "Description": "Consulting",
        "Quantity": 3,
        "UnitAmount": Decimal("33.35"),
        "DiscountAmount": Decimal("5.00"),
    }
    assert net == {
        "Description": "Consulting\n3 x 33.35, discount 5.00",
        "Quantity": 3,
        "UnitAmount": Decimal("31.6833"),
    }


def test_tax_is_sent_only_where_xero_would_find_another() -> None:
    same, moved = written(an_item("25.63", taxes=[GST]), "28.19"), written(an_item("25.63", taxes=[GST]), "28.20")

    assert "TaxAmount" not in same
    assert moved["TaxAmount"] == Decimal("2.57")


def test_under_inclusive_a_line_with_tax_on_top_is_grossed_up_and_says_so() -> None:
    line = written(an_item("33.35", 3, taxes=[GST]), "110.06", Kind.INCLUSIVE)

    assert line == {
        "Description": "Consulting\n3 x 33.35, plus tax 10.01",
        "Quantity": 3,
        "UnitAmount": Decimal("36.6867"),
    }


def test_a_text_line_has_no_figures_but_those_of_its_price() -> None:
    silent, priced = lines(an_item(0, 0), an_item(15, None))

    assert text_line(silent) == {"Description": "Consulting"}
    assert text_line(priced) == {"Description": "Consulting\n0 x 15"}


def test_an_extra_line_is_one_of_its_amount() -> None:
    assert extra_line("Rounding", Decimal("0.02"), "860", None) == {
        "Description": "Rounding",
        "Quantity": 1,
        "UnitAmount": Decimal("0.02"),
        "AccountCode": "860",
    }
    assert extra_line("Rounding", Decimal("0.02"), "860", "NONE")["TaxType"] == "NONE"
