import pytest

from consumers.payments.actions import Decision
from relay.store.ledger import Origin
from tests.givens.payments import row, uuid


def test_a_decision_finds_its_rows_by_origin_and_id() -> None:
    decision = Decision((), (row(uuid(1)), row("t1", origin=Origin.GHL)))

    assert decision.row(Origin.GHL, "t1").origin is Origin.GHL
    with pytest.raises(KeyError):
        decision.row(Origin.GHL, uuid(1))
