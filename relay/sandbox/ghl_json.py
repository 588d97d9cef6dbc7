"""HighLevel's JSON: numbers as a JavaScript server writes them (121, 12.1), times with milliseconds and `Z`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

Json = Mapping[str, Any]  # a document in HighLevel's own keys, amounts as Decimal
Document = dict[str, Any]  # the same, being made


def loads(text: bytes | str) -> Any:
    """Return the value of a JSON text, fractions as Decimal.

    Raises:
        ValueError: it is no JSON.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def dumps(value: object) -> bytes:
    """Return compact JSON as JSON.stringify writes it: no spaces, letters as they are, no trailing zeros."""
    return orjson.dumps(value, default=_number)


def iso(instant: datetime) -> str:
    """Return an instant as `2023-12-12T09:27:42.355Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value.normalize():f}".encode())
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
