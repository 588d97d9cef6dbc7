from decimal import Decimal
from typing import Any

import pytest

from schemas.money import CENT, digits, dumps, loads, rounded, spread, unit


def amounts(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("amount", "unit_", "result"),
    [
        ("1.005", "0.01", "1.01"),
        ("1.004", "0.01", "1.00"),
        ("-1.005", "0.01", "-1.01"),
        ("2.675", "0.01", "2.68"),
        ("0.5", "1", "1"),
        ("-0.5", "1", "-1"),
        ("1.0005", "0.001", "1.001"),
    ],
)
def test_rounding_is_half_up_away_from_zero(amount: str, unit_: str, result: str) -> None:
    assert rounded(Decimal(amount), Decimal(unit_)) == Decimal(result)


@pytest.mark.parametrize(
    ("currency", "count", "smallest"), [("AUD", 2, "0.01"), ("jpy", 0, "1"), ("KWD", 3, "0.001"), ("XXX", 2, "0.01")]
)
def test_a_currency_has_its_smallest_unit(currency: str, count: int, smallest: str) -> None:
    assert (digits(currency), unit(currency)) == (count, Decimal(smallest))


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        pytest.param("10.00", amounts("1", "1", "1"), amounts("3.34", "3.33", "3.33"), id="ties go to the earlier"),
        pytest.param("0.02", amounts("1", "1", "1"), amounts("0.01", "0.01", "0"), id="less than one each"),
        pytest.param("10.00", amounts("70", "20", "10"), amounts("7", "2", "1"), id="even"),
        pytest.param("1.00", amounts("0", "3"), amounts("0", "1"), id="nothing to a weight of zero"),
        pytest.param("0", amounts("0", "0"), amounts("0", "0"), id="nothing over nothing"),
        pytest.param("0.05", amounts("1", "2"), amounts("0.02", "0.03"), id="the largest remainder gets it"),
    ],
)
def test_an_amount_is_spread_to_the_cent(amount: str, weights: list[Decimal], shares: list[Decimal]) -> None:
    assert list(spread(Decimal(amount), weights)) == shares


@pytest.mark.parametrize(
    ("amount", "weights", "words"),
    [("0.005", amounts("1"), "no multiple"), ("1.00", amounts("0"), "nothing to spread"), ("1.00", [], "nothing")],
)
def test_what_cannot_be_spread_is_an_error(amount: str, weights: list[Decimal], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        spread(Decimal(amount), weights, CENT)


@pytest.mark.parametrize("text", ["0.1", "1.10", "999.0", "123456789012345678901234567890.01", "7", "-0.005"])
def test_a_number_keeps_its_digits_on_the_way_in_and_out(text: str) -> None:
    assert dumps({"amount": loads(f'{{"amount":{text}}}')["amount"]}) == f'{{"amount":{text}}}'.encode()
    assert Decimal(loads(text)) == Decimal(text)


def test_a_decimal_never_goes_out_in_scientific_notation() -> None:
    assert dumps([Decimal("1E+3"), Decimal("1E-7")]) == b"[1000,0.0000001]"


@pytest.mark.parametrize("value", [{1, 2}, object()])
def test_what_has_no_json_form_is_an_error(value: Any) -> None:
    with pytest.raises(TypeError):
        dumps(value)


@pytest.mark.parametrize("text", ["", "{", b"\xff"])
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        loads(text)
