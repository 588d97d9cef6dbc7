from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from consumers.payments.actions import PayInXero, RecordInGhl
from consumers.payments.writing import Writing, rejected
from relay.store.ledger import Kind, Origin, State
from relay.upstream.errors import KeyReused, OutcomeUnknown, Refused, Throttled, Unavailable, UpstreamError
from schemas import money
from schemas.reasons import Reason
from tests.givens.payments import PUSHING, row, settings, uuid
from tests.givens.payments_world import World

RECORD = RecordInGhl(Kind.PAYMENT, uuid(1), Decimal(110), "bank_transfer", date(2026, 11, 9), "Xero payment")
PAY = PayInXero("t1", Decimal(110), "614", date(2026, 11, 9), "GHL t1")
RECORDED = row(twin="*")
PAID = row("t1", origin=Origin.GHL, twin="*")


def writing(world: World, **chosen: Any) -> Writing:
    return Writing(world.link, settings(**{**PUSHING, **chosen}), world.ledger, world.writes, world.clock)


async def record(world: World, of: Any = RECORDED) -> None:
    await writing(world).record(world.ghl(), RECORD, of)


async def pay(world: World) -> Any:
    return await writing(world).pay(world.xero(), [PAY], [PAID])


async def test_what_is_recorded_carries_our_marks_and_falls_on_the_day_in_the_location() -> None:
    world = World()

    await writing(world, timezone="Australia/Sydney").record(world.ghl(), RECORD, RECORDED)

    (made,) = world.crm.transactions
    assert (made.meta, made.notes) == ({"xero_payment_id": uuid(1)}, "Xero payment")
    assert made.fulfilled_at == "2026-11-09T01:00:00+00:00"


async def test_after_an_answer_the_row_is_applied_and_its_twin_still_to_be_found() -> None:
    world = World()

    await record(world)

    assert [(one.state, one.twin, one.planned) for one in world.rows] == [(State.APPLIED, None, 110)]


@pytest.mark.parametrize(
    ("error", "state", "sent"),
    [
        pytest.param(OutcomeUnknown("no answer"), State.INTENDED, True, id="no answer: looked for later"),
        pytest.param(Unavailable("away"), State.INTENDED, False, id="nothing was done: repeated without waiting"),
        pytest.param(Throttled("slow down", 5.0), State.INTENDED, False, id="throttled: the same"),
        pytest.param(Refused(("no",)), State.REVERSED, False, id="refused: as if it had never been"),
    ],
)
async def test_after_an_error_the_row_says_what_is_known(error: UpstreamError, state: State, sent: bool) -> None:
    world = World()
    world.crm.refuses = error

    with pytest.raises(type(error)):
        await record(world)

    assert [(one.state, one.intended_at is not None) for one in world.rows] == [(state, sent)]


async def test_xero_gets_one_call_with_our_reference_and_its_answer_is_the_twin() -> None:
    world = World()

    refused = await pay(world)

    assert refused == []
    assert [(one.state, one.twin) for one in world.rows] == [(State.APPLIED, world.books.payments[0].payment_id)]
    (write,) = world.writes.rows.values()
    assert (write.method, write.path) == ("PUT", "/Payments?summarizeErrors=false")
    assert write.answered_at is not None
    assert money.loads(write.body)["Payments"] == [
        {
            "Invoice": {"InvoiceID": world.link.xero_invoice_id},
            "Account": {"Code": "614"},
            "Date": "2026-11-09",
            "Amount": 110,
            "Reference": "GHL t1",
        }
    ]


async def test_a_refused_payment_is_a_dead_letter_in_xeros_words_and_decided_anew() -> None:
    world = World()
    world.books.locked = True

    (letter,) = await pay(world)

    assert (letter.reason, letter.external_id) == (Reason.PERIOD_LOCKED, "t1")
    assert "lock date" in letter.detail
    assert [(one.state, one.recorded, one.twin) for one in world.rows] == [(State.REVERSED, 0, None)]


async def test_a_lost_answer_is_brought_by_the_identical_request_under_its_key() -> None:
    world = World()
    world.books.loses = OutcomeUnknown("no answer")
    with pytest.raises(OutcomeUnknown):
        await pay(world)
    world.books.loses = None
    world.advance(240)

    assert await writing(world).resend(world.xero()) == []

    assert len(world.books.payments) == 1
    assert [(one.state, one.twin) for one in world.rows] == [(State.APPLIED, world.books.payments[0].payment_id)]


async def test_after_five_minutes_nothing_is_sent_again_unlooked() -> None:
    world = World()
    world.books.loses = OutcomeUnknown("no answer")
    with pytest.raises(OutcomeUnknown):
        await pay(world)
    world.advance(300)
    world.books.calls.clear()

    assert await writing(world).resend(world.xero()) is None
    assert world.books.calls == []
    assert await writing(world).resend(world.xero()) is None


async def test_a_key_that_xero_knows_for_something_else_means_looking() -> None:
    world = World()
    world.books.refuses = KeyReused(("used with a different request",))

    with pytest.raises(OutcomeUnknown):
        await pay(world)

    assert [one.state for one in world.rows] == [State.INTENDED]
    assert await writing(world).resend(world.xero()) is None


@pytest.mark.parametrize(
    ("error", "state"), [(Unavailable("away"), State.INTENDED), (Refused(("no",)), State.REVERSED)]
)
async def test_a_call_to_xero_that_did_nothing_leaves_no_open_write(error: UpstreamError, state: State) -> None:
    world = World()
    world.books.refuses = error

    with pytest.raises(type(error)):
        await pay(world)

    assert [(one.state, one.intended_at) for one in world.rows] == [(state, None)]
    assert await writing(world).resend(world.xero()) is None


async def test_our_key_differs_from_one_write_to_the_next() -> None:
    world = World(total=500)

    await pay(world)
    world.advance(1)
    await pay(world)

    assert len(world.writes.rows) == 2


def test_a_refused_rest_keeps_what_was_taken_over() -> None:
    partly = row(amount=60, state=State.INTENDED, planned=10, intended_at=datetime(2026, 11, 24, tzinfo=UTC))

    assert rejected(partly) == replace(partly, intended_at=None)
