from decimal import Decimal

import pytest

from relay.store.engine import Database
from relay.store.ledger import Kind, Ledger, Origin, State
from tests.givens.store import at, payment

INTENDED = payment(
    "transaction-1",
    origin=Origin.GHL,
    recorded=Decimal("0.00"),
    state=State.INTENDED,
    planned=Decimal("110.00"),
    intended_at=at(7),
)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


async def test_rows_come_back_in_the_order_they_were_first_written(ledger: Ledger) -> None:
    second = payment("a", kind=Kind.CREDIT_NOTE, amount=Decimal("0.01"), recorded=Decimal(0))
    await ledger.save("link-1", [INTENDED])
    await ledger.save("link-1", [second, payment("b")])
    await ledger.save("link-2", [payment("c")])

    applied = payment("transaction-1", origin=Origin.GHL, twin="xero-payment-1")
    await ledger.save("link-1", [payment("d"), applied])

    assert await ledger.read("link-1") == [applied, second, payment("b"), payment("d")]
    assert await ledger.read("link-3") == []


async def test_the_same_id_of_two_origins_is_two_rows(ledger: Ledger) -> None:
    rows = [payment("same"), payment("same", origin=Origin.GHL)]

    await ledger.save("link-1", rows)

    assert await ledger.read("link-1") == rows


async def test_an_intended_row_keeps_its_plan_and_time(ledger: Ledger) -> None:
    await ledger.save("link-1", [INTENDED])

    assert await ledger.read("link-1") == [INTENDED]


async def test_a_payment_is_found_by_its_id_and_by_its_twin(ledger: Ledger) -> None:
    mine = payment("transaction-1", origin=Origin.GHL, twin="xero-payment-1")
    await ledger.save("link-1", [mine, payment("xero-payment-2")])

    assert await ledger.of_external("transaction-1") == await ledger.of_external("xero-payment-1") == [("link-1", mine)]
    assert await ledger.of_external("xero-payment-2") == [("link-1", payment("xero-payment-2"))]
    assert await ledger.of_external("unknown") == []


async def test_a_row_that_does_not_fit_leaves_the_others_unsaved_too(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="whole number of cents"):
        await ledger.save("link-1", [payment("a"), payment("b", amount=Decimal("1.001"))])
    await ledger.save("link-1", [])

    assert await ledger.read("link-1") == []
