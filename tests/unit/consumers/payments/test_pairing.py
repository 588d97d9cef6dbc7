from typing import Any

import pytest

from consumers.payments.actions import Pair
from consumers.payments.book import Book
from consumers.payments.echoes import meta_of
from consumers.payments.pairing import pair
from consumers.payments.view import View
from relay.store.ledger import Origin, State
from tests.givens.payments import (
    PUSHING,
    TODAY,
    ghl_side,
    row,
    settings,
    transaction,
    uuid,
    xero_credit,
    xero_invoice,
    xero_payment,
)

FAR: dict[str, Any] = {"fulfilledAt": "2026-11-01T03:00:00.000Z"}


def paired(book: Book, xero: Any, crm: Any, **chosen: Any) -> list[tuple[str, str]]:
    return [(one.external_id, one.twin) for one in pair(book, View(xero, crm, settings(**chosen), TODAY))]


@pytest.mark.parametrize(
    ("made", "total", "chosen", "same"),
    [
        pytest.param(transaction(amount=50), 200, PUSHING, True, id="one amount on one day"),
        pytest.param(transaction(amount=50, **FAR), 200, PUSHING, False, id="weeks apart, and both still owed"),
        pytest.param(transaction(amount=50, **FAR), 200, {}, True, id="weeks apart, and nothing is pushed"),
        pytest.param(transaction(amount=50, **FAR), 60, PUSHING, True, id="weeks apart, and neither is owed that"),
        pytest.param(transaction(amount=49), 200, {}, False, id="other amounts"),
        pytest.param(transaction(amount=80, amountRefunded=30), 200, PUSHING, True, id="one amount after refunds"),
        pytest.param(transaction(amount=50, status="failed"), 200, PUSHING, False, id="one that failed"),
    ],
)
def test_money_entered_on_both_sides_is_one_money(made: Any, total: int, chosen: dict[str, Any], same: bool) -> None:
    xero = xero_invoice(xero_payment(amount=50), total=total)

    found = paired(Book([]), xero, ghl_side(made, total=total), **chosen)

    assert found == ([(uuid(1), "t1")] if same else [])


def test_the_nearest_date_pairs_first_and_each_money_once() -> None:
    xero = xero_invoice(xero_payment(uuid(1), 50), xero_payment(uuid(2), 50, Date="2026-11-16"), total=300)
    crm = ghl_side(transaction("t1", 50), transaction("t2", 50, fulfilledAt="2026-11-17T03:00:00Z"), total=300)

    assert sorted(paired(Book([]), xero, crm)) == [(uuid(1), "t1"), (uuid(2), "t2")]


def test_what_a_row_knows_is_not_paired() -> None:
    book = Book([row(uuid(1), 50, twin="t7"), row("t1", 50, origin=Origin.GHL, twin=uuid(9))])

    assert paired(book, xero_invoice(xero_payment(amount=50)), ghl_side(transaction(amount=50))) == []


def test_after_a_lost_ledger_our_record_finds_its_payment_of_any_amount() -> None:
    book = Book([])
    ours = transaction("t5", 30, meta=meta_of(uuid(1)))

    found = paired(book, xero_invoice(xero_payment(amount=50)), ghl_side(ours), **PUSHING)

    assert found == [(uuid(1), "t5")]
    assert [(one.amount, one.recorded, one.state) for one in book.rows] == [(50, 30, State.APPLIED)]


def test_after_a_lost_ledger_the_growths_of_a_credit_find_their_records() -> None:
    records = (
        transaction("t1", 20, meta=meta_of(uuid(500))),
        transaction("t2", 10, meta=meta_of(f"{uuid(500)}:30.00")),
    )
    book = Book([])

    found = paired(book, xero_invoice(credits_=[xero_credit(applied=30)]), ghl_side(*records))

    assert found == [(uuid(500), "t1"), (f"{uuid(500)}:30.00", "t2")]
    assert [(one.amount, one.recorded) for one in book.rows] == [(20, 20), (10, 10)]


def test_refunds_that_the_payment_already_leaves_out_are_no_news() -> None:
    book = Book([])
    crm = ghl_side(transaction(amount=80, amountRefunded=30))

    pair(book, View(xero_invoice(xero_payment(amount=50)), crm, settings(), TODAY))

    assert [(one.recorded, one.refunded) for one in book.rows] == [(80, 30)]


@pytest.mark.parametrize("sides", [(None, ghl_side()), (xero_invoice(), None)])
def test_nothing_pairs_without_both_sides(sides: tuple[Any, Any]) -> None:
    found: list[Pair] = list(pair(Book([]), View(*sides, settings(), TODAY)))

    assert found == []
