from typing import Any

import pytest

from consumers.payments.echoes import marked_receipt, marked_transaction, meta_of, notes_of, reference_of
from relay.store.ledger import Kind
from tests.givens.payments import transaction, uuid, xero_payment


@pytest.mark.parametrize(
    ("marks", "named"),
    [
        pytest.param({"meta": meta_of(uuid(7))}, uuid(7), id="by meta"),
        pytest.param({"notes": notes_of(Kind.PAYMENT, uuid(7), "Deposit 4711")}, uuid(7), id="by notes"),
        pytest.param({"notes": notes_of(Kind.CREDIT_NOTE, uuid(7), "CN-1")}, uuid(7), id="a credit note"),
        pytest.param({"notes": notes_of(Kind.PREPAYMENT, f"{uuid(7)}:30.00", "")}, f"{uuid(7)}:30.00", id="a growth"),
        pytest.param(
            {"notes": notes_of(Kind.OVERPAYMENT, f"{uuid(7)}:30.00#2", "x")}, f"{uuid(7)}:30.00#2", id="again"
        ),
        pytest.param({"notes": "Xero payment received with thanks"}, None, id="the words of a person"),
        pytest.param({"notes": f"see Xero payment {uuid(7)}"}, None, id="a person who quotes us"),
        pytest.param({"meta": {"stepId": "a"}, "notes": ""}, None, id="somebody else's meta"),
        pytest.param({"meta": "text", "notes": ["x"]}, None, id="shapes nobody documented"),
        pytest.param({}, None, id="not given back"),
    ],
)
def test_a_transaction_names_the_money_it_was_recorded_for(marks: dict[str, Any], named: str | None) -> None:
    assert marked_receipt(transaction(**marks)) == named


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        pytest.param(reference_of("t1"), "t1", id="ours"),
        pytest.param(" GHL t1 ", "t1", id="with spaces around it"),
        pytest.param("GHL t1 and more", None, id="changed by a person"),
        pytest.param("Deposit 4711", None, id="a bookkeeper's"),
        pytest.param("", None, id="none"),
    ],
)
def test_a_payment_names_the_transaction_it_was_written_for(reference: str, named: str | None) -> None:
    assert marked_transaction(xero_payment(Reference=reference)) == named


def test_notes_say_what_xero_calls_it() -> None:
    assert notes_of(Kind.CREDIT_NOTE, "id", "CN-7") == "Xero credit note id (CN-7)"
    assert notes_of(Kind.PAYMENT, "id", "") == "Xero payment id"


def test_a_payment_without_a_reference_names_nothing() -> None:
    assert marked_transaction(xero_payment(Reference=None)) is None
