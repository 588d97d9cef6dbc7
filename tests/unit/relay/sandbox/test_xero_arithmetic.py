import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from relay.sandbox.xero_arithmetic import computed, cut, require_line_amount, rounded, totals
from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_invoice_rules import create_invoice
from relay.sandbox.xero_rows import Line
from relay.sandbox.xero_seed import adopt_chart
from tests.givens.xero_sandbox import some_books

VECTORS = Path(__file__).parents[3] / "vectors" / "mapping"


def line(**fields: Any) -> Line:
    numbers = {"quantity": Decimal(1), "unit_amount": Decimal(100), **fields}
    return Line("line", "Work", **{key: None if value is None else Decimal(value) for key, value in numbers.items()})


def figures(kind: str = "Exclusive", rate: str = "10", decimals: int = 4, **fields: Any) -> tuple[str, str]:
    result = computed(line(**fields), kind=kind, rate=Decimal(rate), unit_decimals=decimals)
    return str(result.line_amount), str(result.tax_amount)


@pytest.mark.parametrize(
    ("amount", "decimals", "result"),
    [
        pytest.param("2.165", 2, "2.17", id="half a cent goes up"),
        pytest.param("2.164", 2, "2.16", id="less stays"),
        pytest.param("19.125", 2, "19.13", id="no banker's rounding"),
        pytest.param("-0.005", 2, "-0.01", id="away from zero"),
        pytest.param("0.33335", 4, "0.3334", id="four decimals"),
    ],
)
def test_amounts_are_rounded_half_up(amount: str, decimals: int, result: str) -> None:
    assert str(rounded(Decimal(amount), decimals)) == result


def test_a_cut_amount_is_never_larger() -> None:
    assert str(cut(Decimal("1908.396"))) == "1908.39"


@pytest.mark.parametrize(
    ("given", "line_amount", "tax_amount"),
    [
        pytest.param({}, "100.00", "10.00", id="tax on top"),
        pytest.param({"kind": "Inclusive"}, "100.00", "9.09", id="tax inside"),
        pytest.param({"kind": "NoTax"}, "100.00", "0.00", id="no tax"),
        pytest.param({"unit_amount": "21.65"}, "21.65", "2.17", id="tax per line, half up"),
        pytest.param({"unit_amount": "0.33335", "quantity": "3"}, "1.00", "0.10", id="four decimals of the unit"),
        pytest.param({"unit_amount": "0.3333", "quantity": 3, "decimals": 2}, "0.99", "0.10", id="two without unitdp"),
        pytest.param({"discount_amount": "0.01"}, "99.99", "10.00", id="a discount off the line, not the unit"),
        pytest.param({"discount_rate": "33.339"}, "66.67", "6.67", id="a rate is cut to hundredths of a percent"),
        pytest.param({"unit_amount": "1963.37", "discount_rate": "2.8"}, "1908.39", "190.84", id="and its line down"),
        pytest.param({"tax_sent": "9.98"}, "100.00", "9.98", id="a tax amount overrides"),
        pytest.param({"quantity": None}, "100.00", "10.00", id="a price alone is one piece"),
        pytest.param({"unit_amount": "-20"}, "-20.00", "-2.00", id="a negative price"),
    ],
)
def test_a_line_comes_to(given: dict[str, Any], line_amount: str, tax_amount: str) -> None:
    assert figures(**given) == (line_amount, tax_amount)


def test_a_line_of_text_comes_to_nothing() -> None:
    assert figures(quantity=None, unit_amount=None) == ("0.00", "0.00")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"quantity": -1}, "Quantity must not be negative", id="a negative quantity"),
        pytest.param({"quantity": 0}, "must not be zero", id="nothing at a price"),
        pytest.param({"discount_amount": "100.01"}, "greater than the line amount", id="a discount beyond the line"),
        pytest.param({"discount_amount": -1}, "must not be negative", id="a negative discount"),
        pytest.param({"unit_amount": -1, "discount_amount": 0}, "negative line", id="no discount on a negative price"),
        pytest.param({"discount_amount": 1, "discount_rate": 1}, "not both", id="two discounts"),
        pytest.param({"discount_rate": 101}, "between 0 and 100", id="more than all of it"),
        pytest.param({"tax_sent": "100.01"}, "tax amount cannot be greater", id="more tax than line"),
        pytest.param({"unit_amount": "10000000000"}, "must not exceed", id="too large"),
    ],
)
def test_figures_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        figures(**given)


@pytest.mark.parametrize(
    ("sent", "given", "fits"),
    [
        pytest.param("199.96", {"unit_amount": "199.96"}, True, id="exactly right"),
        pytest.param("199.97", {"unit_amount": "199.96"}, False, id="a cent off"),
        pytest.param("0.00", {"discount_amount": "100"}, False, id="right, but zero beside a discount"),
    ],
)
def test_a_line_amount_must_be_the_computed_one(sent: str, given: dict[str, Any], fits: bool) -> None:
    result = computed(line(**given), kind="Exclusive", rate=Decimal(0), unit_decimals=2)

    if fits:
        require_line_amount(result, Decimal(sent))
    else:
        with pytest.raises(Invalid, match=f"The line total {sent} does not match the expected line total"):
            require_line_amount(result, Decimal(sent))


@pytest.mark.parametrize(
    ("kind", "sums"),
    [
        ("Exclusive", ("300.00", "30.00", "330.00")),
        ("Inclusive", ("272.73", "27.27", "300.00")),
        ("NoTax", ("300.00", "0.00", "300.00")),
    ],
)
def test_totals_are_sums_of_rounded_lines(kind: str, sums: tuple[str, str, str]) -> None:
    lines = [computed(line(), kind=kind, rate=Decimal(10), unit_decimals=2) for _ in range(3)]

    result = totals(lines, kind)

    assert (str(result.sub_total), str(result.total_tax), str(result.total)) == sums


def golden() -> list[Any]:
    cases = []
    for path in sorted(VECTORS.glob("*.json")):
        case = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        if case["expect"].get("xero_invoice", {}).get("LineItems") and "total" in case["expect"]:
            cases.append(pytest.param(case, id=path.stem))
    assert cases
    return cases


@pytest.mark.parametrize("case", golden())
def test_the_golden_documents_come_to_the_total_they_promise(case: dict[str, Any]) -> None:
    ledger = some_books()
    adopt_chart(ledger, case["organisation"])
    sent = case["expect"]["xero_invoice"]
    lines = [{key: value for key, value in each.items() if key != "LineItemID"} for each in sent["LineItems"]]
    element = {**sent, "Contact": {"Name": "Sample Customer"}, "LineItems": lines}
    for key in ("InvoiceID", "BrandingThemeID"):  # of an organisation that is not this one
        element.pop(key, None)

    invoice = create_invoice(ledger, element, unit_decimals=4)

    assert (invoice.total, invoice.total_tax) == (
        Decimal(case["expect"]["total"]),
        Decimal(case["expect"]["total_tax"]),
    )
