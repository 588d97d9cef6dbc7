"""How Xero writes: JSON with exact numbers, `/Date(ms+0000)/`, and readers for the elements of a request."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

from relay.sandbox.xero_errors import Invalid, bad_json

Element = Mapping[str, Any]  # one element of a request, in Xero's keys, fractions as Decimal

_MS_DATE: Final = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


def read_json(body: bytes) -> Any:
    """Return the value of a body, fractions as Decimal.

    Raises:
        Refusal: it is no JSON, or empty.
    """
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError as error:
        raise bad_json() from error


def write_json(value: object) -> bytes:
    """Return compact JSON; a Decimal becomes a number with exactly its digits."""
    return orjson.dumps(value, default=_number)


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}".encode())
    raise TypeError(f"{type(value).__name__} has no JSON form")


def ms_date(value: date | datetime) -> str:
    """Return Xero's spelling of a day or a moment in time."""
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    return f"/Date({round(moment.timestamp() * 1000)}+0000)/"


def day_text(value: date) -> str:
    """Return the `DateString` beside a date."""
    return f"{value.isoformat()}T00:00:00"


def moment_text(value: datetime) -> str:
    """Return the `UpdatedDateUTCString` beside a moment."""
    return value.astimezone(UTC).isoformat(sep=" ", timespec="milliseconds")


def text(element: Element, key: str) -> str | None:
    """Return a text of the element; None where it is missing, null or of another kind."""
    value = element.get(key)
    return value if isinstance(value, str) else None


def flag(element: Element, key: str) -> bool | None:
    """Return a yes or no; None where it is missing."""
    value = element.get(key)
    if isinstance(value, bool):
        return value
    return value.lower() == "true" if isinstance(value, str) else None


def amount(element: Element, key: str) -> Decimal | None:
    """Return a number, exactly; None where it is missing or null.

    Raises:
        Invalid: it is no number.
    """
    value = element.get(key)
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = None
    if number is None or isinstance(value, bool) or not number.is_finite():
        raise Invalid(f"{key} is not a valid number")
    return number


def day(element: Element, key: str) -> date | None:
    """Return a day, given as ISO date, ISO time or `/Date(ms)/`; None where it is missing.

    Raises:
        Invalid: none of these spellings.
    """
    value = element.get(key)
    if value is None or value == "":
        return None
    if match := _MS_DATE.fullmatch(str(value)):
        return datetime.fromtimestamp(int(match[1]) / 1000, UTC).date()
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        raise Invalid(f"{key} is not a valid date") from None


def nested(element: Element, key: str) -> Element:
    """Return an object inside the element; an empty one where it is missing."""
    value = element.get(key)
    return value if isinstance(value, dict) else {}


def rows(element: Element, key: str) -> list[Element] | None:
    """Return a list of objects; None where the key is missing or null."""
    value = element.get(key)
    if not isinstance(value, list):
        return None
    return [row for row in value if isinstance(row, dict)]


def elements(body: bytes, name: str) -> list[Element]:
    """Return the elements of a request: `{"Invoices": [...]}`, or one element by itself.

    Raises:
        Refusal: no JSON, or no object.
    """
    content = read_json(body)
    if not isinstance(content, dict):
        raise bad_json()
    listed = content.get(name)
    if isinstance(listed, list):
        if not all(isinstance(element, dict) for element in listed):
            raise bad_json()
        return listed
    return [content]
