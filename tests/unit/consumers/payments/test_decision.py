from typing import Any

import pytest

from consumers.payments.actions import Read, RecordInGhl, ShowStatus, Side
from consumers.payments.decision import decide
from relay.store.ledger import Origin
from tests.givens.payments import PUSHING, TODAY, ghl_side, row, settings, transaction, uuid, xero_invoice, xero_payment


def steps(ledger: Any, xero: Any, crm: Any, shown: str | None = "unpaid", **chosen: Any) -> list[Any]:
    return list(decide(ledger, xero, crm, settings(**chosen), shown, TODAY).actions)


@pytest.mark.parametrize(
    ("ledger", "xero", "crm", "shown", "chosen", "sides"),
    [
        pytest.param([], None, None, None, {}, [Side.XERO, Side.GHL], id="nothing was read"),
        pytest.param([], xero_invoice(xero_payment()), None, "unpaid", {}, [Side.GHL], id="new money in Xero"),
        pytest.param([row()], xero_invoice(), None, "unpaid", {}, [Side.GHL], id="money gone from Xero"),
        pytest.param([], xero_invoice(), None, "overdue", {}, [Side.GHL], id="a status that would change"),
        pytest.param([], None, ghl_side(), "paid", {}, [Side.XERO], id="a status that would change, seen from there"),
        pytest.param([], None, ghl_side(transaction()), "paid", PUSHING, [Side.XERO], id="a transaction to push"),
        pytest.param(
            [],
            xero_invoice(xero_payment()),
            ghl_side(amountPaid=110, amountDue=0),
            "paid",
            {},
            [Side.GHL],
            id="new money that may be what HighLevel does not list",
        ),
    ],
)
def test_a_side_that_is_needed_is_asked_for_and_nothing_else_is_decided(
    *, ledger: Any, xero: Any, crm: Any, shown: str | None, chosen: Any, sides: list[Side]
) -> None:
    assert steps(ledger, xero, crm, shown, **chosen) == [Read(side) for side in sides]


@pytest.mark.parametrize(
    ("ledger", "xero", "crm", "shown", "chosen"),
    [
        pytest.param([], xero_invoice(), None, "unpaid", {}, id="nothing new in Xero"),
        pytest.param([row()], xero_invoice(xero_payment()), None, "paid", {}, id="known money"),
        pytest.param([], None, ghl_side(), "unpaid", PUSHING, id="nothing new in HighLevel"),
        pytest.param([], xero_invoice(xero_payment()), None, "paid", {"pull_payments": False}, id="switched off"),
    ],
)
def test_a_side_that_nothing_needs_is_not_asked_for(ledger: Any, xero: Any, crm: Any, shown: str, chosen: Any) -> None:
    assert steps(ledger, xero, crm, shown, **chosen) == []


def test_what_is_hidden_but_known_to_us_does_not_stop_new_money() -> None:
    known = row(uuid(1), 50, twin="t1")
    xero = xero_invoice(xero_payment(uuid(1), 50), xero_payment(uuid(2), 60))

    actions = steps([known], xero, ghl_side(readable=False, amountPaid=50, amountDue=60), "partially_paid")

    assert [type(action) for action in actions] == [RecordInGhl, ShowStatus]


def test_both_directions_at_once_do_not_meet_in_the_middle() -> None:
    crm = ghl_side(transaction(amount=60))

    decision = decide([], xero_invoice(xero_payment(amount=50)), crm, settings(**PUSHING), "partially_paid", TODAY)

    assert [(one.origin, one.recorded) for one in decision.ledger] == [(Origin.XERO, 50), (Origin.GHL, 60)]
