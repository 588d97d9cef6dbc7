"""Money and JSON: Decimal from the text of a number to the text of a number, never through float.

Amounts are major units. Rounding is half up, away from zero, as both vendors do.
"""

import json
from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, Final

import orjson

CENT: Final = Decimal("0.01")
ZERO: Final = Decimal(0)

# ISO 4217 currencies whose smallest unit is not a hundredth
_DIGITS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def rounded(amount: Decimal, unit: Decimal = CENT) -> Decimal:
    """Return the amount in whole units, half up, away from zero."""
    return (amount / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit


def digits(currency: str) -> int:
    """Return how many decimals a currency has (ISO 4217)."""
    return _DIGITS.get(currency.upper(), 2)


def unit(currency: str) -> Decimal:
    """Return the smallest unit of a currency: 1 for JPY, 0.01 for AUD, 0.001 for KWD."""
    return Decimal(1).scaleb(-digits(currency))


def spread(amount: Decimal, weights: Sequence[Decimal], unit: Decimal = CENT) -> Sequence[Decimal]:
    """Return `amount` divided in proportion to the weights, in whole units, adding up exactly.

    Largest remainder: each share is cut down to units, the missing units go to the largest fractions, ties to the
    earlier one. Amount and weights are not negative.

    Raises:
        ValueError: the amount is no whole number of units, or there is nothing to spread it over.
    """
    total = sum(weights, ZERO)
    if amount % unit:
        raise ValueError(f"{amount} is no multiple of {unit}")
    if total <= 0:
        if amount:
            raise ValueError(f"nothing to spread {amount} over")
        return [ZERO for _ in weights]
    exact = [amount * weight / total / unit for weight in weights]
    whole = [share.to_integral_value(rounding=ROUND_DOWN) for share in exact]
    missing = int(amount / unit - sum(whole, ZERO))
    by_fraction = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    for i in by_fraction[:missing]:
        whole[i] += 1
    return [share * unit for share in whole]


def loads(text: bytes | str) -> Any:
    """Return the value of a JSON text, fractions as Decimal.

    Raises:
        ValueError: it is no JSON.
    """
    return json.loads(text, parse_float=Decimal)


def dumps(value: object) -> bytes:
    """Return compact JSON; a Decimal goes out as a number with exactly its digits."""
    return orjson.dumps(value, default=_decimal)


def _decimal(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}".encode())
    raise TypeError(f"{type(value).__name__} has no JSON form")
