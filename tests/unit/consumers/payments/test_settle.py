from datetime import UTC, datetime
from typing import Any

import pytest

from consumers.payments.actions import Confirm, DeadLetter, Drop, Note, Read, Repeat, Side
from consumers.payments.book import Book
from consumers.payments.echoes import meta_of
from consumers.payments.settle import dropped, settle
from consumers.payments.view import View
from relay.store.ledger import Kind, Origin, State
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

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SENT: dict[str, Any] = {"state": State.INTENDED, "planned": 110, "intended_at": AT}
TO_GHL = row(**SENT)
TO_XERO = row("t1", origin=Origin.GHL, **SENT)
NOW: dict[str, Any] = {"createdAt": "2026-11-24T12:00:01.000Z"}
HELD = xero_invoice(xero_payment())
MARKED = transaction("t9", meta=meta_of(uuid(1)))


def settled(ledger: Any, xero: Any, crm: Any, **chosen: Any) -> list[Any]:
    book = ledger if isinstance(ledger, Book) else Book(ledger)
    return list(settle(book, View(xero, crm, settings(**chosen), TODAY)))


@pytest.mark.parametrize(
    ("crm", "twin"),
    [
        pytest.param(ghl_side(MARKED), "t9", id="it carries our mark"),
        pytest.param(ghl_side(transaction("t8", **NOW)), "t8", id="the one transaction of the amount"),
        pytest.param(ghl_side(transaction("t8", **NOW), MARKED), "t9", id="the mark goes before the amount"),
        pytest.param(ghl_side(transaction("t8", createdAt="2026-11-24T11:55:30.000Z")), "t8", id="clocks differ"),
    ],
)
def test_a_write_to_highlevel_that_landed_is_confirmed(crm: Any, twin: str) -> None:
    book = Book([TO_GHL])

    assert settled(book, HELD, crm) == [Confirm(Origin.XERO, uuid(1), twin)]
    assert [(one.state, one.twin, one.planned, one.intended_at) for one in book.rows] == [
        (State.APPLIED, twin, None, None)
    ]


@pytest.mark.parametrize(
    "crm",
    [
        pytest.param(ghl_side(transaction("t8", 20, **NOW), total=500), id="another amount"),
        pytest.param(ghl_side(transaction("t8"), total=500), id="long before the write"),
        pytest.param(ghl_side(transaction("t8", meta=meta_of(uuid(7)), **NOW), total=500), id="another one's mark"),
        pytest.param(ghl_side(), id="nothing at all"),
    ],
)
def test_a_write_to_highlevel_that_did_not_land_is_repeated(crm: Any) -> None:
    (action,) = settled([TO_GHL], HELD, crm)

    assert isinstance(action, Repeat)
    assert (action.call.external_id, action.call.amount) == (uuid(1), 110)


def test_what_was_surely_not_sent_is_not_taken_for_a_persons_entry() -> None:
    unsent = row(state=State.INTENDED, planned=110)

    (action,) = settled([unsent], HELD, ghl_side(transaction("t8", **NOW), total=500))

    assert isinstance(action, Repeat)


def test_several_that_look_like_it_are_for_a_person() -> None:
    crm = ghl_side(transaction("t7", **NOW), transaction("t8", **NOW), total=500)

    (action,) = settled([TO_GHL], HELD, crm)

    assert isinstance(action, DeadLetter)
    assert action.reason.value == "payment_unclear"


def test_as_many_alike_as_there_are_writes_are_those_writes() -> None:
    landed = row(uuid(2), twin=None, planned=110, intended_at=AT)
    crm = ghl_side(transaction("t7", **NOW), transaction("t8", createdAt="2026-11-24T12:00:09Z"), total=500)
    xero = xero_invoice(xero_payment(uuid(1)), xero_payment(uuid(2)), total=500)

    assert settled([TO_GHL, landed], xero, crm) == [
        Confirm(Origin.XERO, uuid(2), "t7"),
        Confirm(Origin.XERO, uuid(1), "t8"),
    ]


def test_of_one_that_landed_and_one_unknown_a_single_entry_is_the_landed_one() -> None:
    landed = row(uuid(2), twin=None, planned=110, intended_at=AT)
    xero = xero_invoice(xero_payment(uuid(1)), xero_payment(uuid(2)), total=500)

    first, second = settled([TO_GHL, landed], xero, ghl_side(transaction("t7", **NOW), total=500))

    assert first == Confirm(Origin.XERO, uuid(2), "t7")
    assert isinstance(second, Repeat)


def test_one_that_landed_and_is_not_listed_yet_holds_nothing_up() -> None:
    landed = row(twin=None, planned=110, intended_at=AT)

    assert settled([landed], HELD, ghl_side()) == []


@pytest.mark.parametrize(
    ("xero", "crm", "chosen"),
    [
        pytest.param(xero_invoice(), ghl_side(), {}, id="Xero holds it no more"),
        pytest.param(HELD, ghl_side(), {"pull_payments": False}, id="payments are not pulled any more"),
        pytest.param(HELD, ghl_side(transaction("t8", 20)), {}, id="less is owed now: decided anew"),
    ],
)
def test_a_write_to_highlevel_that_must_not_be_any_more_is_dropped(xero: Any, crm: Any, chosen: Any) -> None:
    book = Book([TO_GHL])

    assert settled(book, xero, crm, **chosen) == [Drop(Origin.XERO, uuid(1))]
    assert [(one.state, one.recorded) for one in book.rows] == [(State.REVERSED, 0)]


def test_a_rest_that_does_not_fit_any_more_is_told() -> None:
    partly = row(state=State.INTENDED, planned=60, intended_at=AT)

    actions = settled([partly], HELD, ghl_side(transaction("t8", 80)))

    assert [type(action) for action in actions] == [Drop, Note]


def test_a_credit_lowered_meanwhile_is_dropped() -> None:
    credit = row(uuid(500), 20, kind=Kind.CREDIT_NOTE, state=State.INTENDED, planned=20, intended_at=AT)

    assert settled([credit], xero_invoice(credits_=[xero_credit(applied=10)]), ghl_side()) == [
        Drop(Origin.XERO, uuid(500))
    ]


@pytest.mark.parametrize(
    ("payments", "twin"),
    [
        pytest.param([xero_payment(uuid(8), Reference="GHL t1")], uuid(8), id="it stands"),
        pytest.param([xero_payment(uuid(8), Reference="GHL t1", Status="DELETED")], uuid(8), id="deleted meanwhile"),
        pytest.param(
            [
                xero_payment(uuid(7), Reference="GHL t1", Status="DELETED"),
                xero_payment(uuid(8), Reference="GHL t1"),
            ],
            uuid(8),
            id="edited meanwhile: the one that stands",
        ),
    ],
)
def test_a_write_to_xero_is_found_by_its_reference(payments: Any, twin: str) -> None:
    crm = ghl_side(transaction())

    assert settled([TO_XERO], xero_invoice(*payments), crm, **PUSHING) == [Confirm(Origin.GHL, "t1", twin)]


@pytest.mark.parametrize(
    ("xero", "chosen", "step"),
    [
        pytest.param(xero_invoice(), PUSHING, Repeat, id="repeated"),
        pytest.param(xero_invoice(xero_payment(amount=50)), PUSHING, Drop, id="less is owed now"),
        pytest.param(xero_invoice(status="VOIDED"), PUSHING, Drop, id="void now"),
        pytest.param(xero_invoice(), {}, Drop, id="not pushed any more"),
        pytest.param(xero_invoice(), {"push_payments": True}, Drop, id="no account any more"),
    ],
)
def test_a_write_to_xero_that_did_not_land_is(xero: Any, chosen: Any, step: type) -> None:
    (action,) = settled([TO_XERO], xero, ghl_side(transaction()), **chosen)

    assert isinstance(action, step)


@pytest.mark.parametrize(
    ("ledger", "xero", "crm", "sides"),
    [
        pytest.param([TO_GHL], HELD, None, [Side.GHL], id="HighLevel was not read"),
        pytest.param([TO_GHL], HELD, ghl_side(amountPaid=50), [Side.GHL], id="HighLevel was not read in full"),
        pytest.param([TO_GHL], HELD, ghl_side(readable=False), [Side.GHL], id="transactions cannot be read"),
        pytest.param([TO_GHL], None, ghl_side(), [Side.XERO], id="whether Xero still holds it is not known"),
        pytest.param([TO_GHL], xero_invoice(amount_paid=110), ghl_side(), [Side.XERO], id="nor from half a list"),
        pytest.param([TO_XERO], None, ghl_side(), [Side.XERO], id="Xero was not read"),
        pytest.param([TO_XERO], xero_invoice(), None, [Side.GHL], id="whether HighLevel still holds it"),
        pytest.param([TO_XERO], xero_invoice(), ghl_side(amountPaid=9), [Side.GHL], id="nor from half a list there"),
        pytest.param([TO_GHL, TO_XERO], None, None, [Side.XERO, Side.GHL], id="both"),
    ],
)
def test_a_side_that_is_needed_is_asked_for(ledger: Any, xero: Any, crm: Any, sides: list[Side]) -> None:
    assert settled(ledger, xero, crm, **PUSHING) == [Read(side) for side in sides]


def test_what_is_dropped_of_a_partly_covered_row_leaves_the_rest() -> None:
    partly = dropped(row(amount=60, state=State.INTENDED, planned=10, intended_at=AT))

    assert (partly.state, partly.recorded, partly.planned) == (State.APPLIED, 50, None)
