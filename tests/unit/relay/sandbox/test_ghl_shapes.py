from typing import Any

import pytest

from relay.sandbox.ghl_behaviour import RecordPayment
from relay.sandbox.ghl_errors import Refusal
from relay.sandbox.ghl_shapes import CREATE_INVOICE, RECORD_PAYMENT, SEND, TAGS, Shape, demand
from tests.givens.ghl_sandbox import highlevel

PAYMENT = highlevel().payment_body()
INVOICE = highlevel().invoice_body()


def reasons(body: Any, shape: Shape) -> list[str]:
    with pytest.raises(Refusal) as refused:
        demand(body, shape)
    assert refused.value.status == 422
    return list(refused.value.message)


@pytest.mark.parametrize("missing", ["altId", "altType", "mode", "card", "cheque", "notes"])
def test_the_description_wants_all_of_a_payment_for_every_mode(missing: str) -> None:
    body = {key: value for key, value in PAYMENT.items() if key != missing}

    assert any(reason.startswith(missing) for reason in reasons(body, RECORD_PAYMENT[RecordPayment.DESCRIPTION]))


@pytest.mark.parametrize("missing", ["card", "cheque", "notes", "amount"])
def test_the_community_sends_less_of_a_payment(missing: str) -> None:
    body = {key: value for key, value in PAYMENT.items() if key != missing}

    assert demand(body, RECORD_PAYMENT[RecordPayment.COMMUNITY]) == body


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mode": "paypal"}, "mode must be one of the following values: cash, card, cheque, bank_transfer, other"),
        ({"amount": "21"}, "amount must be a number conforming to the specified constraints"),
        ({"amount": True}, "amount must be a number conforming to the specified constraints"),
        ({"card": {"brand": "visa"}}, "card.last4 must be a string"),
        ({"cheque": {}}, "cheque.number must be a string"),
        ({"meta": "xero"}, "meta must be an object"),
        ({"altType": "company"}, "altType must be one of the following values: location"),
    ],
)
def test_a_payment_that_does_not_fit_is_told_why(change: dict[str, Any], reason: str) -> None:
    assert reasons(PAYMENT | change, RECORD_PAYMENT[RecordPayment.DESCRIPTION]) == [reason]


@pytest.mark.parametrize(
    "missing",
    ["name", "businessDetails", "currency", "items", "discount", "contactDetails", "issueDate", "sentTo", "liveMode"],
)
def test_an_invoice_wants_what_the_description_requires(missing: str) -> None:
    body = {key: value for key, value in INVOICE.items() if key != missing}

    assert reasons(body, CREATE_INVOICE)


@pytest.mark.parametrize("missing", ["phoneNo", "email"])
def test_phone_and_email_of_the_customer_are_really_enforced(missing: str) -> None:
    body = INVOICE | {"contactDetails": INVOICE["contactDetails"] | {missing: ""}}

    assert reasons(body, CREATE_INVOICE) == [f"contactDetails.{missing} should not be empty"]


def test_every_reason_is_told_at_once_with_its_place() -> None:
    body = INVOICE | {"items": [{"name": "A", "currency": "AUD", "qty": 1}], "liveMode": "yes"}

    assert reasons(body, CREATE_INVOICE) == [
        "items.0.amount must be a number conforming to the specified constraints",
        "liveMode must be a boolean value",
    ]


@pytest.mark.parametrize(("body", "shape"), [([], SEND), ({"tags": []}, TAGS), ({"tags": "a"}, TAGS), (None, TAGS)])
def test_what_is_no_such_thing_at_all_is_refused(body: Any, shape: Shape) -> None:
    assert reasons(body, shape)
