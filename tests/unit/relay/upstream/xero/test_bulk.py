from decimal import Decimal
from typing import Any

import pytest

from relay.upstream.call import Request
from relay.upstream.errors import OutcomeUnknown
from relay.upstream.ports import ElementRefused
from relay.upstream.xero.bulk import BATCH, MAX_PAGES, PAGE, all_pages, batch, blocks, encoded, per_element
from tests.givens.upstream import Script, answer, xero_caller


def numbered(element: Any) -> Any:
    return element.get("Number")


def test_ids_go_forty_at_a_time_each_once() -> None:
    ids = [f"id-{number}" for number in range(85)]

    assert [len(block) for block in blocks([*ids, *ids])] == [40, 40, 5]


def test_values_cannot_leave_their_place_in_the_address() -> None:
    assert encoded("a&b=c", "d,e", "f+g") == "a%26b%3Dc,d%2Ce,f%2Bg"


def test_a_body_keeps_every_digit() -> None:
    assert batch("Invoices", [{"UnitAmount": Decimal("0.10")}]) == b'{"Invoices":[{"UnitAmount":0.10}]}'


@pytest.mark.parametrize("count", [0, BATCH + 1])
def test_a_batch_that_is_none_is_a_bug(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} Invoices in one request"):
        batch("Invoices", [{}] * count)


@pytest.mark.parametrize(("sizes", "calls"), [([0], 1), ([99], 1), ([100, 3], 2), ([100, 100, 0], 3)])
async def test_pages_are_read_until_one_is_not_full(sizes: list[int], calls: int) -> None:
    vendor = Script(*(answer({"Things": ["x"] * size}) for size in sizes))

    found = await all_pages(xero_caller(vendor), _things, lambda document: document["Things"])

    assert (len(found), len(vendor.requests)) == (sum(sizes), calls)


async def test_pages_without_end_are_left() -> None:
    vendor = Script(answer({"Things": ["x"] * PAGE}))

    await all_pages(xero_caller(vendor), _things, lambda document: document["Things"])

    assert len(vendor.requests) == MAX_PAGES


def _things(page: int) -> Request:
    return Request("GET /Things", "GET", f"/Things?page={page}")


def test_each_element_gets_its_own_answer_in_order() -> None:
    sent = [{"Number": "1"}, {"Number": "2"}, {"Number": "3"}]
    document = {"Things": [{"Number": "1"}, {"Number": "2", "HasErrors": True}, {"Number": "3"}]}

    first, second, third = per_element("Things", sent, numbered, numbered)(document)

    assert (first, type(second), third) == ("1", ElementRefused, "3")


@pytest.mark.parametrize(
    "answered",
    [
        pytest.param([{"Number": "1"}], id="fewer"),
        pytest.param([{"Number": "1"}, {"Number": "2"}, {"Number": "3"}], id="more"),
        pytest.param([{"Number": "2"}, {"Number": "1"}], id="in another order"),
    ],
)
def test_answers_that_cannot_be_told_apart_say_nothing(answered: list[dict[str, str]]) -> None:
    read = per_element("Things", [{"Number": "1"}, {"Number": "2"}], numbered, numbered)

    with pytest.raises(OutcomeUnknown):
        read({"Things": answered})


@pytest.mark.parametrize("answered", ["abc-1 ", "ABC-1", None])
def test_the_vendors_spelling_of_an_identity_is_the_same_one(answered: str | None) -> None:
    read = per_element("Things", [{"Number": "abc-1"}], numbered, numbered)

    assert read({"Things": [{"Number": answered}]}) == [answered]
