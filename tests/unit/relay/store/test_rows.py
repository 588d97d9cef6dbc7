from dataclasses import dataclass
from enum import StrEnum

import pytest
from sqlalchemy import Column, MetaData, String, Table

from relay.store.rows import BLOCK, blocks, columns_of, values_of


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    colour: Colour


def test_a_dataclass_becomes_column_values_with_plain_words() -> None:
    values = values_of(Thing("a", Colour.RED))

    assert values == {"name": "a", "colour": "red"}
    assert type(values["colour"]) is str


def test_columns_are_those_of_the_fields_in_their_order() -> None:
    table = Table("things", MetaData(), Column("extra", String), Column("colour", String), Column("name", String))

    assert columns_of(table, Thing) == [table.c.name, table.c.colour]


@pytest.mark.parametrize(
    ("values", "sizes"),
    [([], []), (["a", "b", "a"], [2]), ([str(n) for n in range(2 * BLOCK + 1)], [BLOCK, BLOCK, 1])],
    ids=["none", "repeated", "more than a block"],
)
def test_values_come_once_each_in_blocks_that_fit(values: list[str], sizes: list[int]) -> None:
    cut = list(blocks(values))

    assert [len(block) for block in cut] == sizes
    assert [value for block in cut for value in block] == list(dict.fromkeys(values))
