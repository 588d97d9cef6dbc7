from decimal import Decimal
from typing import Any

import pytest

from consumers.payments.actions import Note, Refund, Reverse
from consumers.payments.telling import REVERSED_TAG, tell, words
from relay.store.ledger import Kind, Origin, State
from schemas.reasons import Reason
from tests.givens.payments import CONTACT, LINK, row, uuid
from tests.givens.payments_world import World

REVERSE = Reverse(Origin.XERO, uuid(1), Decimal(110))
GONE = row(state=State.REVERSED)


async def told(world: World, telling: Any = REVERSE, of: Any = GONE) -> None:
    await tell(world.ghl().contacts, CONTACT, LINK, telling, of)


async def test_a_reversal_is_a_note_and_a_tag() -> None:
    world = World()

    await told(world)

    assert world.crm.tags == {REVERSED_TAG}
    assert len(world.crm.notes) == 1
    assert "110.00 AUD" in world.crm.notes[0]
    assert "INV-1" in world.crm.notes[0]


async def test_a_note_is_written_once_however_often_it_is_asked_for() -> None:
    world = World()

    await told(world)
    await told(world)

    assert len(world.crm.notes) == 1


async def test_two_tellings_of_one_amount_are_two_notes() -> None:
    world = World()
    refund = Refund("t1", Decimal(20))

    await told(world, refund, row("t1", origin=Origin.GHL, refunded=20))
    await told(world, refund, row("t1", origin=Origin.GHL, refunded=40))

    assert len(world.crm.notes) == 2
    assert world.crm.tags == set()


async def test_a_contact_that_is_gone_stops_nothing() -> None:
    world = World()
    world.crm.contact_gone = True

    await told(world)

    assert world.crm.notes == []


@pytest.mark.parametrize(
    ("telling", "of", "said"),
    [
        pytest.param(REVERSE, GONE, "110.00 AUD of payment", id="a payment"),
        pytest.param(REVERSE, row(amount=12, kind=Kind.CREDIT_NOTE), "12.00 of it is left", id="a lowered credit"),
        pytest.param(
            Reverse(Origin.GHL, "t1", Decimal(9)),
            row("t1", origin=Origin.GHL, state=State.REVERSED),
            "9.00 AUD of the payment from here t1",
            id="our own payment",
        ),
        pytest.param(Refund("t1", Decimal(20)), row("t1", refunded=30), "30.00 so far", id="a refund"),
        pytest.param(
            Note(Reason.PAYMENT_TOO_LARGE, uuid(1), Decimal(5)), row(), "no more than that is owed", id="too much"
        ),
        pytest.param(
            Note(Reason.CREDIT_NOTED, uuid(5), Decimal(5)),
            row(kind=Kind.CREDIT_NOTE),
            "5.00 AUD of credit note",
            id="a credit",
        ),
        pytest.param(Note(Reason.INVOICE_NOT_OPEN, uuid(1), Decimal(5)), row(), "takes no payments", id="not open"),
    ],
)
def test_the_words_say_how_much_of_what(telling: Any, of: Any, said: str) -> None:
    assert said in words(telling, LINK, of)
