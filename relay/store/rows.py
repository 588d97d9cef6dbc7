"""Rows of a table and the dataclass they hold: columns are named as its fields."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Table

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

BLOCK: Final = 500  # values of one IN list: below every database's limit of parameters


def columns_of(table: Table, kind: "type[DataclassInstance]") -> Sequence[ColumnElement[Any]]:
    """Return the columns that hold the fields of a dataclass, in their order."""
    return [table.c[field.name] for field in fields(kind)]


def values_of(row: "DataclassInstance") -> dict[str, Any]:
    """Return the fields of a dataclass as column values; a member of a closed list as its word."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}


def blocks(values: Collection[str]) -> Iterator[Sequence[str]]:
    """Yield the different values in blocks that fit into one IN list."""
    remaining = iter(dict.fromkeys(values))
    while block := list(islice(remaining, BLOCK)):
        yield block
