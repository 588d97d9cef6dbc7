from decimal import Decimal
from typing import Any

import pytest

from consumers.payments.actions import Confirm, DeadLetter, Note, Wait
from consumers.payments.conclusion import conclude
from consumers.runtime.outcome import Dead, Done, Skipped
from relay.store.ledger import Origin
from schemas.reasons import Reason

CONFIRMED = Confirm(Origin.XERO, "p1", "t1")
NOTED = Note(Reason.PAYMENT_TOO_LARGE, "p1", Decimal(10))
WAITS = Wait(Reason.NOT_APPROVED, "t1")


@pytest.mark.parametrize(
    ("done", "left", "shown", "remarks", "outcome"),
    [
        pytest.param([], [], None, [], Skipped(Reason.ALREADY_IN_STEP, link="l1"), id="nothing was to be done"),
        pytest.param([CONFIRMED, CONFIRMED, NOTED], [], None, [], Done("confirmed: 2, noted: 1", "l1"), id="steps"),
        pytest.param(
            [], [], "paid", ["the contact is gone"], Done("status paid, the contact is gone", "l1"), id="shown"
        ),
        pytest.param(
            [],
            [WAITS],
            None,
            [],
            Skipped(Reason.NOT_APPROVED, "payments wait for the approval in Xero", "l1"),
            id="something waits",
        ),
        pytest.param(
            [CONFIRMED], [WAITS], None, [], Done("confirmed: 1", "l1"), id="something was done, the rest waits"
        ),
        pytest.param(
            [CONFIRMED],
            [DeadLetter(Reason.PAYMENT_TOO_LARGE, "t1", "125 paid"), DeadLetter(Reason.REFUSED, "t2", "no")],
            "paid",
            [],
            Dead(Reason.PAYMENT_TOO_LARGE, "payment_too_large t1: 125 paid; refused t2: no", "l1"),
            id="a person must decide, whatever else was done",
        ),
    ],
)
def test_a_link_comes_to_one_outcome(done: Any, left: Any, shown: Any, remarks: Any, outcome: Any) -> None:
    assert conclude("l1", done, left, shown, remarks) == outcome
