from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from relay.upstream.errors import Unavailable
from relay.upstream.ghl.transactions import MAX_PAGES, PAGE, Transactions
from tests.givens.upstream import Script, answer, ghl_caller


def row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "_id": f"txn-{number}",
        "entityId": "inv-1",
        "amount": 10.1,
        "amountRefunded": None,
        "status": "succeeded",
        **changes,
    }


class Pages:
    """A list of transactions that obeys limit and offset; with `insert`, one more comes in front after each answer."""

    def __init__(self, rows: list[dict[str, Any]], *, insert: bool = False) -> None:
        self.rows, self.insert = rows, insert
        self.queries: list[dict[str, list[str]]] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        query = parse_qs(urlsplit(str(request.url)).query)
        self.queries.append(query)
        start, limit = int(query["offset"][0]), int(query["limit"][0])
        page = answer({"data": self.rows[start : start + limit], "totalCount": len(self.rows)})
        if self.insert:
            self.rows = [row(1000 + len(self.rows)), *self.rows]
        return page


async def test_transactions_of_an_invoice_are_read_to_the_end() -> None:
    vendor = Pages([row(number) for number in range(PAGE + 5)])

    found = await Transactions(ghl_caller(vendor), "loc-1").of_invoice("inv-1")

    assert len(found) == PAGE + 5
    assert [query["offset"] for query in vendor.queries] == [["0"], [str(PAGE)]]
    asked = {"altId": ["loc-1"], "altType": ["location"], "entityId": ["inv-1"], "limit": [str(PAGE)], "offset": ["0"]}
    assert vendor.queries[0] == asked
    assert (found[0].amount, found[0].amount_refunded) == (Decimal("10.1"), 0)


async def test_a_payment_made_while_pages_are_read_loses_none_and_doubles_none() -> None:
    vendor = Pages([row(number) for number in range(2 * PAGE)], insert=True)

    found = await Transactions(ghl_caller(vendor), "loc-1").of_invoice("inv-1")

    ids = [transaction.id for transaction in found]
    assert len(ids) == len(set(ids))
    assert {f"txn-{number}" for number in range(2 * PAGE)} <= set(ids)


async def test_what_belongs_to_something_else_is_left_out_though_the_filter_was_not_obeyed() -> None:
    vendor = Pages([row(1), row(2, entityId="inv-2"), row(3, entityId=None)])

    found = await Transactions(ghl_caller(vendor), "loc-1").of_invoice("inv-1")

    assert [transaction.id for transaction in found] == ["txn-1"]


async def test_a_vendor_that_ignores_the_offset_is_left_after_the_first_repetition() -> None:
    vendor = Script(answer({"data": [row(1), row(2)], "totalCount": 99}))

    found = await Transactions(ghl_caller(vendor), "loc-1").of_invoice("inv-1")

    assert (len(found), len(vendor.requests)) == (2, 2)


async def test_a_list_without_a_count_is_read_until_nothing_new_comes() -> None:
    vendor = Script(answer({"data": [row(1)]}), answer({"data": []}))

    found = await Transactions(ghl_caller(vendor), "loc-1").of_invoice("inv-1")

    assert (len(found), len(vendor.requests)) == (1, 2)


async def test_a_list_without_end_is_no_answer() -> None:
    vendor = Pages([row(number) for number in range(PAGE * MAX_PAGES + 1)])

    with pytest.raises(Unavailable):
        await Transactions(ghl_caller(vendor), "loc-1").of_invoice("inv-1")
