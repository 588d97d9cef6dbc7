"""Filters of a list: `where` in its optimised forms, `order`, pages, and If-Modified-Since."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final, Generic, TypeVar

from relay.sandbox.xero_errors import bad_condition, query_parse

Row = TypeVar("Row")
Fields = Mapping[str, Callable[[Row], Any]]  # Xero's name of a property -> its value

DEFAULT_PAGE: Final = 100
LARGEST_PAGE: Final = 1000
OPERATORS: Final = {"==": eq, "=": eq, "!=": ne, ">=": ge, "<=": le, ">": gt, "<": lt}
_COMPARISON: Final = re.compile(
    r"""\s*([A-Za-z.]+)\s*(==|!=|>=|<=|=|>|<)\s*("(?:[^"\\]|\\.)*"|[^\s()&|"]+\([^()]*\)|[^\s()&|"]+)\s*""", re.VERBOSE
)
_JOINT: Final = re.compile(r"(AND\b|&&|OR\b|\|\|)", re.IGNORECASE)
_CALL: Final = re.compile(r"(guid|datetime)\((.*)\)", re.IGNORECASE)


def matching(where: str, kind: str, fields: Fields[Row]) -> Callable[[Row], bool]:
    """Return the predicate of a `where`: comparisons joined by AND and OR, AND binding tighter, no brackets.

    Raises:
        Refusal: 400 QueryParseException for anything else.
    """
    alternatives: list[list[Callable[[Row], bool]]] = [[]]
    position = 0
    while True:
        found = _COMPARISON.match(where, position)
        if found is None:
            raise query_parse(f"Syntax error in '{where}' at {position}")
        alternatives[-1].append(_comparison(*found.groups(), kind=kind, fields=fields))
        position = found.end()
        if position == len(where):
            return lambda row: any(all(test(row) for test in tests) for tests in alternatives)
        joint = _JOINT.match(where, position)
        if joint is None:
            raise query_parse(f"Syntax error in '{where}' at {position}")
        if joint[1].upper() in {"OR", "||"}:
            alternatives.append([])
        position = joint.end()


def _comparison(name: str, operator: str, literal: str, *, kind: str, fields: Fields[Row]) -> Callable[[Row], bool]:
    read = fields.get(name)
    if read is None:
        raise query_parse(f"No property or field '{name}' exists in type '{kind}'")
    value = _literal(literal)
    compare = OPERATORS[operator]

    def test(row: Row) -> bool:
        mine = read(row)
        if mine is None or value is None or type(mine) is not type(value):
            return (mine is not value) if compare is ne else (compare is eq and mine is value)
        if isinstance(mine, str):
            mine, wanted = mine.casefold(), str(value).casefold()
            return bool(compare(mine, wanted))
        return bool(compare(mine, value))

    return test


def _literal(literal: str) -> str | bool | date | Decimal | None:
    if literal.startswith('"'):
        return re.sub(r"\\(.)", r"\1", literal[1:-1])
    if literal.lower() in {"null", "true", "false"}:
        return {"null": None, "true": True, "false": False}[literal.lower()]
    if call := _CALL.fullmatch(literal):
        if call[1].lower() == "guid":
            return call[2].strip('"')
        try:
            return date(*(int(part) for part in call[2].split(",")[:3]))
        except (TypeError, ValueError):
            raise query_parse(f"'{literal}' is no date") from None
    try:
        return Decimal(literal)
    except InvalidOperation:
        raise query_parse(f"'{literal}' is no value") from None


def ordered(rows: Sequence[Row], order: str, kind: str, fields: Fields[Row]) -> list[Row]:
    """Return the rows sorted by `Field [ASC|DESC], ...`.

    Raises:
        Refusal: 400 QueryParseException for an unknown field or direction.
    """
    result = list(rows)
    for part in reversed(order.split(",")):
        name, _, direction = part.strip().partition(" ")
        read = fields.get(name)
        if read is None or direction.strip().upper() not in {"", "ASC", "DESC"}:
            raise query_parse(f"No property or field '{part.strip()}' exists in type '{kind}'")
        missing = [row for row in result if read(row) is None]
        given = sorted((row for row in result if read(row) is not None), key=read)
        result = [*missing, *given]
        if direction.strip().upper() == "DESC":
            result.reverse()
    return result


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A part of a list, and the numbers that Xero gives with it."""

    rows: Sequence[Row]
    page: int
    page_size: int
    count: int

    @property
    def pagination(self) -> dict[str, int]:
        """Return the `pagination` of the answer."""
        pages = -(-self.count // self.page_size)
        return {"page": self.page, "pageSize": self.page_size, "pageCount": pages, "itemCount": self.count}


def paged(rows: Sequence[Row], page: str | None, page_size: str | None) -> Page[Row]:
    """Return one page of the rows.

    Raises:
        Refusal: 400 for numbers that Xero does not take.
    """
    try:
        number, size = int(page or 1), int(page_size or DEFAULT_PAGE)
    except ValueError:
        raise query_parse("page and pageSize must be whole numbers") from None
    if number < 1 or not 1 <= size <= LARGEST_PAGE:
        raise query_parse(f"page must be at least 1, pageSize between 1 and {LARGEST_PAGE}")
    return Page(rows[(number - 1) * size : number * size], number, size, len(rows))


def modified_since(header: str | None) -> datetime | None:
    """Return the moment of an If-Modified-Since, ISO or HTTP date, UTC; None where there is none.

    Raises:
        Refusal: 412, it cannot be read.
    """
    if not header:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(header)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise bad_condition()


def listed(value: str | None) -> list[str]:
    """Return the parts of a comma list."""
    return [part.strip() for part in (value or "").split(",") if part.strip()]
