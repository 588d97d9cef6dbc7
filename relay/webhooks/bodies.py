"""Reads what vendors send, whatever it is: nothing here raises, nothing here changes a byte of what is kept.

What is read is used for routing and ids alone. It is as tolerant as `money.loads`, with which consumers read a value:
half of a surrogate pair in a customer's name, or a byte order mark, must not hide an invoice.
"""

import json
from typing import Any, Final, NamedTuple

import orjson

OCTETS: Final = "application/octet-stream"  # content type of a value that is no JSON
_MAX_IDENTIFIER: Final = 200
_BOM: Final = "\ufeff"
_GAP: Final = frozenset(" \t\r\n,:")  # in a text known to be valid, nothing else stands between its tokens
# numbers stay text: exact, whatever their length
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
_SCAN: Final = _DECODER.raw_decode


class Unreadable:
    """Stands for a body that is no JSON."""


UNREADABLE: Final = Unreadable()


class Element(NamedTuple):
    """An element of an array: what it says, and its bytes as sent."""

    value: Any
    raw: bytes


def read(body: bytes) -> Any:
    """Return the value of a JSON body, `UNREADABLE` for anything else, also when it is nested beyond reason."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _read_slowly(body)


def _read_slowly(body: bytes) -> Any:
    try:
        return _DECODER.decode(body.decode().removeprefix(_BOM))
    except (ValueError, RecursionError):
        return UNREADABLE


def elements(body: bytes, field: str) -> list[Element] | None:
    """Return the elements of the array in a field of the body's object, each with exactly its bytes.

    None where the body is no JSON object, or the field is missing or no array. Of a repeated field the last one counts.
    """
    value = read(body)
    if not isinstance(value, dict) or not isinstance(value.get(field), list):
        return None
    try:
        return _cut(body.decode().removeprefix(_BOM), field)
    except RecursionError:  # orjson reads deeper than the standard library
        return None


def _cut(text: str, field: str) -> list[Element]:
    """Return the elements of a field of the object that a valid JSON text is."""
    found: list[Element] = []
    at = _after_gap(text, text.index("{") + 1)
    while text[at] != "}":
        name, at = _SCAN(text, at)
        at = _after_gap(text, at)
        if name == field and text[at] == "[":
            found, at = _items(text, at)
        else:
            _, at = _SCAN(text, at)
        at = _after_gap(text, at)
    return found


def _items(text: str, at: int) -> tuple[list[Element], int]:
    """Return the elements of the array at a position of a valid JSON text, and the position after it."""
    found: list[Element] = []
    at = _after_gap(text, at + 1)
    while text[at] != "]":
        value, end = _SCAN(text, at)
        found.append(Element(value, text[at:end].encode()))
        at = _after_gap(text, end)
    return found, at + 1


def _after_gap(text: str, at: int) -> int:
    while text[at] in _GAP:
        at += 1
    return at


def identifier(value: object) -> str:
    """Return a text or number as an id; empty for anything else, and for what no id looks like.

    Control characters, lone surrogates and novels would break headers, databases and screens further on.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    text = str(value)
    return text if len(text) <= _MAX_IDENTIFIER and text.isprintable() and not text.isspace() else ""
