from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from consumers.payments.status import status_of
from consumers.payments.view import View
from relay.store.ledger import Kind, State
from tests.givens.payments import (
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

OPEN = xero_invoice()
LATE: dict[str, Any] = {"due_date": date(2026, 11, 23)}


@pytest.mark.parametrize(
    ("xero", "crm", "ledger", "status"),
    [
        pytest.param(OPEN, ghl_side(), [], "unpaid", id="nothing paid"),
        pytest.param(OPEN, ghl_side(transaction(amount=10)), [], "partially_paid", id="part paid in HighLevel"),
        pytest.param(xero_invoice(xero_payment(amount=10)), ghl_side(), [], "partially_paid", id="part paid in Xero"),
        pytest.param(xero_invoice(credits_=[xero_credit()]), ghl_side(), [], "partially_paid", id="part credited"),
        pytest.param(xero_invoice(xero_payment()), ghl_side(), [], "paid", id="paid in Xero"),
        pytest.param(OPEN, ghl_side(transaction()), [], "paid", id="paid in HighLevel"),
        pytest.param(OPEN, ghl_side(transaction()), [row(state=State.REVERSED)], "unpaid", id="shown, but gone"),
        pytest.param(xero_invoice(**LATE), ghl_side(), [], "overdue", id="late"),
        pytest.param(xero_invoice(due_date=TODAY), ghl_side(), [], "unpaid", id="the due date itself is not late"),
        pytest.param(xero_invoice(xero_payment(amount=10), **LATE), ghl_side(), [], "overdue", id="late, part paid"),
        pytest.param(xero_invoice(xero_payment(), **LATE), ghl_side(), [], "paid", id="late, but paid"),
        pytest.param(None, ghl_side(dueDate="2026-11-23"), [], "overdue", id="late by HighLevel's own date"),
        pytest.param(xero_invoice(status="VOIDED"), ghl_side(transaction()), [], "void", id="void in Xero"),
        pytest.param(xero_invoice(status="DELETED"), None, [], "void", id="deleted in Xero"),
        pytest.param(OPEN, ghl_side(status="void"), [], "void", id="void in HighLevel"),
        pytest.param(OPEN, ghl_side(status="deleted"), [], "void", id="deleted in HighLevel"),
        pytest.param(xero_invoice(status="DRAFT"), ghl_side(status="draft"), [], None, id="a draft shows nothing"),
        pytest.param(
            xero_invoice(xero_payment()), ghl_side(transaction(amountRefunded=110)), [], "refunded", id="refunded"
        ),
        pytest.param(
            xero_invoice(xero_payment()),
            ghl_side(transaction(amountRefunded=100)),
            [],
            "paid",
            id="refunded in part",
        ),
        pytest.param(
            xero_invoice(credits_=[xero_credit(applied=110)]),
            ghl_side(),
            [row(uuid(500), kind=Kind.CREDIT_NOTE)],
            "refunded",
            id="all credited",
        ),
        pytest.param(
            xero_invoice(credits_=[xero_credit(applied=110)]),
            ghl_side(transaction()),
            [row(uuid(500), kind=Kind.CREDIT_NOTE, twin="t1")],
            "refunded",
            id="all credited, and recorded as a payment",
        ),
        pytest.param(
            xero_invoice(xero_payment(amount=50), credits_=[xero_credit(applied=60)]), None, [], "paid", id="both"
        ),
    ],
)
def test_the_first_status_that_applies(xero: Any, crm: Any, ledger: Any, status: str | None) -> None:
    assert status_of(View(xero, crm, settings(), TODAY), ledger) == status


def test_an_invoice_over_nothing_is_paid() -> None:
    assert status_of(View(xero_invoice(total=0, amount_due=Decimal(0)), None, settings(), TODAY), []) == "paid"
