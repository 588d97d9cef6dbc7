from decimal import Decimal
from typing import Any

import pytest

from consumers.payments.actions import GhlSide
from consumers.payments.view import View, net
from tests.givens.payments import TODAY, ghl_side, settings, transaction


@pytest.mark.parametrize(
    ("side", "full"),
    [
        pytest.param(ghl_side(transaction(amount=50)), True, id="adds up"),
        pytest.param(ghl_side(transaction(amount=125), amountPaid=110), True, id="a tip is listed, not paid"),
        pytest.param(ghl_side(amountPaid=50), False, id="a payment is not listed"),
        pytest.param(ghl_side(transaction(amount=50, status="failed"), amountPaid=50), False, id="what failed is none"),
        pytest.param(ghl_side(readable=False), False, id="unreadable is not none"),
        pytest.param(None, False, id="not read"),
    ],
)
def test_transactions_must_explain_what_was_paid(side: GhlSide | None, full: bool) -> None:
    assert View(None, side, settings(), TODAY).ghl_in_full is full


@pytest.mark.parametrize(
    ("status", "is_open"), [("sent", True), ("partially_paid", True), ("draft", False), ("void", False)]
)
def test_a_draft_or_void_invoice_takes_no_payment(status: str, is_open: bool) -> None:
    given: dict[str, Any] = {"status": status}

    assert View(None, ghl_side(**given), settings(), TODAY).ghl_open is is_open


def test_refunds_leave_the_rest() -> None:
    assert net(transaction(amount=80, amountRefunded=Decimal(30))) == 50
