from decimal import Decimal
from typing import Any

import pytest

from consumers.payments.book import Book, uncovered, void
from relay.store.ledger import Kind, LedgerRow, Origin, State
from tests.givens.payments import row, transaction, uuid

GONE: dict[str, Any] = {"state": State.REVERSED}
GHL: dict[str, Any] = {"origin": Origin.GHL, "twin": uuid(9)}


@pytest.mark.parametrize(
    ("one", "amount"),
    [
        pytest.param(row(), 0, id="nothing while it stands"),
        pytest.param(row(**GONE), 110, id="all that was recorded, once it is gone"),
        pytest.param(row(**GONE, recorded=60), 60, id="less what was taken over"),
        pytest.param(row(**GONE, refunded=40), 70, id="less what was refunded"),
        pytest.param(row(amount=12, recorded=20), 8, id="what a lowered credit no longer covers"),
        pytest.param(row(amount=40, recorded=80, refunded=40), 0, id="a pair whose refunds were known"),
        pytest.param(row("t1", **GHL), 0, id="a transaction that Xero holds"),
        pytest.param(row("t1", **GHL, **GONE), 110, id="a transaction whose payment is gone from Xero"),
        pytest.param(row("t1", **GHL, **GONE, recorded=70, refunded=40), 70, id="refunded before it was pushed"),
        pytest.param(row("t1", **GHL, **GONE, refunded=110), 0, id="refunded altogether"),
        pytest.param(row(state=State.INTENDED), 0, id="an outcome nobody knows"),
        pytest.param(row(state=State.IGNORED), 0, id="discarded by a person"),
    ],
)
def test_what_highlevel_shows_beyond_what_xero_holds_is_uncovered(one: LedgerRow, amount: int) -> None:
    assert uncovered(one) == amount


def test_rows_keep_their_order_and_new_ones_are_appended() -> None:
    book = Book([row(uuid(1)), row(uuid(2))])

    book.put(row(uuid(3)))
    book.put(row(uuid(1), 50))

    assert [(one.external_id, one.amount) for one in book.rows] == [(uuid(1), 50), (uuid(2), 110), (uuid(3), 110)]


def test_a_payment_is_known_by_id_or_twin() -> None:
    book = Book([row(uuid(1)), row("t1", **GHL)])

    assert [book.knows_payment(uuid(number)) for number in (1, 9, 2)] == [True, True, False]


def test_a_transaction_is_known_by_id_twin_or_mark() -> None:
    book = Book([row(uuid(1), twin="t2"), row("t1", **GHL)])
    marked = transaction("t3", meta={"xero_payment_id": uuid(5)})

    assert [book.is_new(one) for one in (transaction("t1"), transaction("t2"), marked, transaction("t4"))] == [
        False,
        False,
        False,
        True,
    ]


def test_a_row_that_stands_for_nothing_knows_nothing() -> None:
    refused = row("t1", origin=Origin.GHL, recorded=0, state=State.REVERSED)

    assert void(refused)
    assert Book([refused]).is_new(transaction("t1"))
    assert Book([row("t1", origin=Origin.GHL, state=State.IGNORED)]).is_new(transaction("t1")) is False


def test_each_growth_of_a_credit_gets_an_id_of_its_own() -> None:
    book = Book([row(uuid(1), 20, kind=Kind.CREDIT_NOTE, twin="t1")])

    assert book.free_id(uuid(2), Decimal(30)) == uuid(2)
    assert book.free_id(uuid(1), Decimal(30)) == f"{uuid(1)}:30.00"
    book.put(row(f"{uuid(1)}:30.00", 10, kind=Kind.CREDIT_NOTE, twin="t2", state=State.REVERSED))
    assert book.free_id(uuid(1), Decimal(30)) == f"{uuid(1)}:30.00#2"
