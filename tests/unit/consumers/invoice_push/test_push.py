from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from consumers.invoice_push.push import _together
from consumers.runtime.outcome import Dead, Done, Outcome, Park, Retry, Skipped
from schemas.reasons import Reason
from tests.givens.invoice_push import World, opened_world
from tests.givens.store import NOON

IN_STEP = Skipped(Reason.ALREADY_IN_STEP, link="l")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("done", "settled", "told"),
    [
        (Done("created", "l"), Done("recorded: 1", "l"), Done("created, recorded: 1", "l")),
        (Done("created", "l"), IN_STEP, Done("created", "l")),
        (IN_STEP, Done("recorded: 1", "l"), Done("recorded: 1", "l")),
        (IN_STEP, Skipped(Reason.NOT_APPROVED), IN_STEP),
    ],
)
def test_what_was_done_counts(done: Any, settled: Any, told: Any) -> None:
    assert _together(done, settled) == told


@pytest.mark.parametrize(
    "answer",
    [
        Retry(timedelta(seconds=1), Reason.OUTCOME_UNKNOWN),
        Park(NOON, Reason.VENDOR_AWAY),
        Dead(Reason.PAYMENT_TOO_LARGE, "5.00 too much"),
    ],
)
async def test_what_the_payments_ask_for_is_what_becomes_of_the_event(world: World, answer: Outcome) -> None:
    world.till.answer = answer
    invoice_id = world.invoice()

    assert await world.handle(invoice_id) == answer
    assert (await world.link(invoice_id)).ghl_read_at is None


async def test_the_mark_is_when_the_reading_began(world: World) -> None:
    invoice_id = world.invoice()
    began = world.clock.now()

    await world.handle(invoice_id)

    link = await world.link(invoice_id)
    assert (link.ghl_read_at, link.ghl_status) == (began, "sent")


@pytest.mark.parametrize(("pays", "settles"), [(True, 2), (False, 1)])
async def test_where_nothing_is_written_only_money_is_settled(world: World, pays: bool, settles: int) -> None:
    invoice_id = world.invoice()
    await world.handle(invoice_id)
    if pays:
        world.do("record-payment", invoice_id, amount=10)

    await world.handle(invoice_id, "InvoicePartiallyPaid")

    assert len(world.till.settled) == settles
    assert len(world.asked_of("POST /Invoices")) == 0


async def test_a_due_date_still_moves_under_a_payment(world: World) -> None:
    invoice_id = world.invoice()
    await world.handle(invoice_id)
    [sale] = world.sales
    world.sandbox.xero.books.enter_payment(world.connection.tenant_id, sale.invoice_id, Decimal(50))
    world.do("edit", invoice_id, dueDate="2027-01-15")

    outcome, again = await world.handle(invoice_id), await world.handle(invoice_id)

    [sale] = world.sales
    assert isinstance(outcome, Done)
    assert (str(sale.due_date), str(sale.total)) == ("2027-01-15", "110.00")
    assert isinstance(again, Skipped)
    assert len(world.asked_of("POST /Invoices")) == 1


async def test_an_invoice_voided_in_xero_by_hand_gets_no_second_document(world: World) -> None:
    invoice_id = world.invoice()
    await world.handle(invoice_id)
    world.sandbox.xero.books.void_invoice(world.connection.tenant_id, world.sales[0].invoice_id)
    world.do("edit", invoice_id, items=[{"name": "Consulting", "amount": 200}])

    outcome = await world.handle(invoice_id)

    assert isinstance(outcome, Dead)
    assert outcome.reason is Reason.EDITED_IN_XERO
    assert [sale.status for sale in world.sales] == ["VOIDED"]


async def test_money_that_came_before_the_document_is_paid_with_it_and_once(tmp_path: Path) -> None:
    settings = {"push_payments": True, "payment_account_map": {"default": "090"}}
    async with opened_world(tmp_path, real_payments=True, **settings) as world:
        invoice_id = world.invoice()
        world.do("record-payment", invoice_id, amount=110)

        first = await world.handle(invoice_id, "InvoicePaid")
        second = await world.handle(invoice_id, "InvoicePaid", forced=True)

        [sale] = world.sales
        assert isinstance(first, Done)
        assert isinstance(second, Skipped)
        assert sale.status == "PAID"
        assert [str(payment.amount) for payment in world.ledger.payments_on(sale.invoice_id)] == ["110.00"]


async def test_an_unpaid_invoice_costs_one_more_call_for_its_money_and_the_echo_none(tmp_path: Path) -> None:
    async with opened_world(tmp_path, real_payments=True) as world:
        invoice_id = world.invoice()

        await world.handle(invoice_id)

        link = await world.link(invoice_id)
        assert world.network.asked[-1] == "GET /payments/transactions"
        assert link.xero_updated_at == world.sales[0].updated
