from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from relay.sandbox.xero_errors import Refusal
from relay.sandbox.xero_queries import listed, matching, modified_since, ordered, paged


@dataclass(frozen=True)
class Row:
    name: str
    due: Decimal = Decimal(0)
    day: date | None = None
    sent: bool = False


FIELDS: Any = {
    "Name": lambda row: row.name,
    "AmountDue": lambda row: row.due,
    "Date": lambda row: row.day,
    "Sent": lambda row: row.sent,
    "Contact.ContactID": lambda row: row.name,
}
ROWS = [Row("Ann", Decimal(5), date(2026, 11, 2)), Row("Ben (Co)", Decimal("7.5"), sent=True), Row('O"Hara')]


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ('Name=="Ann"', ["Ann"]),
        ('Name="ann"', ["Ann"]),
        ('Name=="Ben (Co)"', ["Ben (Co)"]),
        (r'Name=="O\"Hara"', ['O"Hara']),
        ('Name!="Ann"', ["Ben (Co)", 'O"Hara']),
        ("AmountDue>5", ["Ben (Co)"]),
        ('AmountDue >= 5 AND Name == "Ann"', ["Ann"]),
        ('Name=="Ann" OR AmountDue==7.5', ["Ann", "Ben (Co)"]),
        ('Name=="Ann"&&AmountDue<1||Sent==true', ["Ben (Co)"]),
        ("Date>=DateTime(2026, 11, 01)", ["Ann"]),
        ("Date==null", ["Ben (Co)", 'O"Hara']),
        ("Date!=null", ["Ann"]),
        ('Contact.ContactID==guid("Ann")', ["Ann"]),
        ('Contact.ContactID=="nobody"', []),
    ],
)
def test_a_filter_finds(where: str, names: list[str]) -> None:
    assert [row.name for row in filter(matching(where, "Invoice", FIELDS), ROWS)] == names


@pytest.mark.parametrize(
    "where",
    [
        'Foo=="x"',
        "Name==",
        "Name",
        'Name=="Ann',
        '(Name=="Ann")',
        'Name=="Ann" XOR Sent==true',
        'Name.Contains("A")',
        "AmountDue==much",
        "Date==DateTime(2026,13,1)",
    ],
)
def test_what_is_not_understood_is_a_query_parse_exception(where: str) -> None:
    with pytest.raises(Refusal) as refused:
        matching(where, "Invoice", FIELDS)

    assert (refused.value.status, b"QueryParseException" in refused.value.body) == (400, True)


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(Refusal, match="No property or field 'Foo' exists in type 'Invoice'"):
        matching("Foo==1", "Invoice", FIELDS)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("AmountDue DESC", ["Ben (Co)", "Ann", 'O"Hara']),
        ("Name", ["Ann", "Ben (Co)", 'O"Hara']),
        ("Date ASC", ["Ben (Co)", 'O"Hara', "Ann"]),
        ("Sent, AmountDue", ['O"Hara', "Ann", "Ben (Co)"]),
    ],
)
def test_rows_are_ordered(order: str, names: list[str]) -> None:
    assert [row.name for row in ordered(ROWS, order, "Invoice", FIELDS)] == names


@pytest.mark.parametrize("order", ["Foo", "Name UP"])
def test_an_unknown_order_is_refused(order: str) -> None:
    with pytest.raises(Refusal):
        ordered(ROWS, order, "Invoice", FIELDS)


def test_a_page_says_how_many_there_are() -> None:
    page = paged(list(range(250)), "3", None)

    assert (page.rows, page.pagination) == (
        list(range(200, 250)),
        {"page": 3, "pageSize": 100, "pageCount": 3, "itemCount": 250},
    )


@pytest.mark.parametrize(("page", "size"), [("0", None), ("x", None), ("1", "0"), ("1", "1001")])
def test_numbers_that_are_no_page_are_refused(page: str, size: str | None) -> None:
    with pytest.raises(Refusal):
        paged([], page, size)


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        (None, None),
        ("2026-11-02T00:00:00", datetime(2026, 11, 2, tzinfo=UTC)),
        ("2026-11-02 00:00:00+00:00", datetime(2026, 11, 2, tzinfo=UTC)),
        ("Mon, 02 Nov 2026 00:00:00 GMT", datetime(2026, 11, 2, tzinfo=UTC)),
    ],
)
def test_if_modified_since_is_read(header: str | None, moment: datetime | None) -> None:
    assert modified_since(header) == moment


def test_a_condition_that_cannot_be_read_is_a_412() -> None:
    with pytest.raises(Refusal) as refused:
        modified_since("yesterday")

    assert refused.value.status == 412


def test_a_comma_list_is_split() -> None:
    assert (listed("a, b,,c"), listed(None)) == (["a", "b", "c"], [])
