from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consumers.payments.perform import SeenInXero
from consumers.runtime.outcome import Dead, Done, Park, Retry, Skipped
from relay.store.ledger import Origin, State
from relay.upstream.errors import OutcomeUnknown, Refused, Throttled, Unavailable
from schemas.reasons import Reason
from tests.givens.payments import CONNECTION, GHL_INVOICE, PUSHING, row, transaction, uuid, xero_payment
from tests.givens.payments_world import World

LEASE = f"link:{CONNECTION.id}:{GHL_INVOICE}"


async def test_a_payment_of_xero_is_recorded_and_its_twin_known() -> None:
    world = World()
    world.books.payments = [xero_payment()]

    outcome = await world.settle()

    assert outcome == Done("recorded: 1, confirmed: 1, status paid", "l1")
    assert [(one.state, one.twin, one.planned) for one in world.rows] == [
        (State.APPLIED, world.crm.transactions[0].id, None)
    ]


async def test_a_payment_of_highlevel_is_paid_in_xero() -> None:
    world = World(**PUSHING)
    world.crm.person_pays(110)

    outcome = await world.settle()

    assert outcome == Done("paid in Xero: 1, status paid", "l1")
    assert world.books.invoice().amount_due == 0


async def test_settling_again_does_nothing() -> None:
    world = World(**PUSHING)
    world.books.payments = [xero_payment()]
    await world.settle()
    world.crm.calls.clear()

    outcome = await world.settle()

    assert outcome == Skipped(Reason.ALREADY_IN_STEP, link="l1")
    assert "record" not in world.crm.calls


async def test_the_lease_of_the_link_is_held_and_let_go() -> None:
    world = World()

    await world.settle()

    assert world.leases.names[0] == LEASE
    assert world.leases.taken == set()


async def test_a_link_whose_lease_is_taken_is_tried_again_soon() -> None:
    world = World()
    world.leases.taken.add(LEASE)

    outcome = await world.settle()

    assert outcome == Retry(timedelta(seconds=0.2), Reason.QUEUED_BEHIND, outcome.detail)
    assert world.books.calls == []


async def test_a_contact_whose_lease_is_taken_is_tried_again_soon() -> None:
    world = World()
    world.leases.taken.add("contact:c1:contact-1")

    outcome = await world.settle()

    assert isinstance(outcome, Retry)
    assert world.link.shown_status is None


async def test_a_lost_answer_of_highlevel_waits_a_minute_and_is_then_found() -> None:
    world = World()
    world.books.payments = [xero_payment()]
    world.crm.loses = OutcomeUnknown("no answer")

    outcome = await world.settle()

    assert isinstance(outcome, Park)
    assert (outcome.until, outcome.reason) == (world.clock.now() + timedelta(minutes=1), Reason.OUTCOME_UNKNOWN)
    world.crm.loses = None
    world.advance(59)
    assert isinstance(await world.settle(), Park)
    world.advance(1)
    assert isinstance(await world.settle(), Done)
    assert world.crm.calls.count("record") == 1


async def test_a_write_to_highlevel_that_never_arrived_is_repeated_once() -> None:
    world = World()
    world.books.payments = [xero_payment()]
    world.crm.refuses = OutcomeUnknown("no answer")
    await world.settle()
    world.crm.refuses = None
    world.advance(60)

    outcome = await world.settle()

    assert outcome == Done("repeated: 1, confirmed: 1, status paid", "l1")
    assert world.crm.paid() == 110


async def test_a_lost_answer_of_xero_is_brought_by_its_key() -> None:
    world = World(**PUSHING)
    world.crm.person_pays(110)
    world.books.loses = OutcomeUnknown("no answer")
    outcome = await world.settle()
    assert isinstance(outcome, Retry)
    world.books.loses = None

    await world.settle()

    assert len(world.books.payments) == 1
    assert [one.state for one in world.rows] == [State.APPLIED]


async def test_after_six_minutes_a_lost_write_to_xero_is_looked_for() -> None:
    world = World(**PUSHING)
    world.crm.person_pays(110)
    world.books.loses = OutcomeUnknown("no answer")
    await world.settle()
    world.books.loses = None
    world.advance(360)
    world.books.calls.clear()

    outcome = await world.settle()

    assert isinstance(outcome, Done)
    assert "PUT /Payments" not in world.books.calls
    assert len(world.books.payments) == 1


async def test_what_was_surely_not_done_is_repeated_without_waiting() -> None:
    world = World()
    world.books.payments = [xero_payment()]
    world.crm.refuses = Unavailable("offline")
    assert isinstance(await world.settle(), Retry)
    world.crm.refuses = None

    assert isinstance(await world.settle(), Done)
    assert world.crm.paid() == 110


async def test_a_throttled_vendor_parks() -> None:
    world = World()
    world.books.down = Throttled("slow down", 30.0)

    outcome = await world.settle()

    assert isinstance(outcome, Park)
    assert outcome.until == world.clock.now() + timedelta(seconds=30)


async def test_a_refusal_of_highlevel_is_a_dead_letter_and_tried_anew_by_the_next_event() -> None:
    world = World()
    world.books.payments = [xero_payment()]
    world.crm.refuses = Refused(("mode must be one of",))
    outcome = await world.settle()
    assert outcome == Dead(Reason.REFUSED, "mode must be one of", "l1")
    world.crm.refuses = None

    assert isinstance(await world.settle(), Done)
    assert world.crm.paid() == 110


async def test_a_refusal_of_xero_is_a_dead_letter_in_its_words() -> None:
    world = World(**PUSHING)
    world.crm.person_pays(110)
    world.books.locked = True

    outcome = await world.settle()

    assert isinstance(outcome, Dead)
    assert outcome.reason is Reason.PERIOD_LOCKED
    assert world.link.xero_read_at is None


async def test_a_tip_waits_for_a_person_and_moves_no_mark() -> None:
    world = World(**PUSHING)
    world.crm.person_pays(125)

    outcome = await world.settle()

    assert isinstance(outcome, Dead)
    assert outcome.reason is Reason.PAYMENT_TOO_LARGE
    assert world.books.payments == []
    assert (world.link.xero_read_at, world.link.xero_updated_at) == (None, None)
    assert world.link.total == 110


async def test_a_side_that_never_adds_up_is_retried_and_at_last_for_a_person() -> None:
    world = World()
    world.books.payments = [xero_payment()]
    await world.ledger.save("l1", [row(state=State.INTENDED, planned=110)])
    world.crm.transactions.append(transaction("hidden", 50))
    world.crm.hides = 1

    first = await world.settle()
    last = await world.settle(attempts=3)

    assert isinstance(first, Retry)
    assert isinstance(last, Dead)
    assert (first.reason, last.reason) == (Reason.PAYMENT_UNCLEAR, Reason.PAYMENT_UNCLEAR)
    assert "record" not in world.crm.calls


async def test_a_transaction_that_highlevel_lists_late_gets_its_twin_later() -> None:
    world = World()
    world.books.payments = [xero_payment()]
    world.crm.hides = 1
    assert isinstance(await world.settle(), Done)
    assert world.rows[0].twin is None
    world.crm.hides = 0
    world.books.payments.append(xero_payment(uuid(2), 0))

    await world.payments().settle_held(CONNECTION, "l1", ghl_invoice=await world.crm.read(GHL_INVOICE))

    assert world.rows[0].twin == world.crm.transactions[0].id
    assert world.crm.calls.count("record") == 1


async def test_a_complete_read_whose_effect_is_done_moves_the_marks() -> None:
    world = World()
    world.books.payments = [xero_payment()]
    world.books.changed_at = world.clock.now() - timedelta(hours=1)

    await world.settle()

    assert world.link.xero_read_at == world.clock.now()
    assert world.link.xero_updated_at == world.books.changed_at
    assert (world.link.xero_status, world.link.amount_paid, world.link.ghl_status) == ("PAID", 110, "sent")


async def test_after_a_write_to_xero_it_is_read_again_so_that_its_echo_is_known() -> None:
    world = World(**PUSHING)
    world.crm.person_pays(110)

    await world.settle()

    assert world.books.calls[-1].startswith("GET /Invoices")
    assert world.link.amount_paid == 110


async def seen(world: World) -> SeenInXero:
    return SeenInXero(world.books.invoice(), world.clock.now(), await world.ledger.read("l1"))


async def test_what_was_read_before_the_lease_is_not_read_again() -> None:
    world = World()
    world.books.payments = [xero_payment()]

    outcome = await world.settle(seen=await seen(world))

    assert isinstance(outcome, Done)
    assert world.books.calls == []


async def test_what_was_read_before_another_writer_changed_the_ledger_is_read_again() -> None:
    world = World(**PUSHING)
    before = await seen(world)
    made = world.crm.person_pays(110)
    world.books.payments = [xero_payment(uuid(9), Reference=f"GHL {made.id}")]
    await world.ledger.save("l1", [row(made.id, origin=Origin.GHL, twin=uuid(9))])

    await world.settle(seen=before)

    assert world.rows[0].state is State.APPLIED
    assert world.crm.notes == []


@pytest.mark.parametrize("change", [{"xero_invoice_id": None}, None])
async def test_a_link_without_an_invoice_in_xero_is_not_ours(change: dict[str, Any] | None) -> None:
    world = World()
    link = world.link
    world.links.rows = {} if change is None else {"l1": replace(link, **change)}

    outcome = await world.payments().settle(CONNECTION, link)

    assert isinstance(outcome, Skipped)
    assert outcome.reason is Reason.NOT_OURS


async def test_a_void_invoice_shows_so_and_its_payment_is_told() -> None:
    world = World(crm_status={"void": {"add_tags": ["invoice void"]}})
    world.books.status = "VOIDED"

    outcome = await world.settle()

    assert outcome == Done("status void", "l1")
    assert world.crm.tags == {"invoice void"}


async def test_with_pulling_off_only_the_status_is_shown() -> None:
    world = World(pull_payments=False)
    world.books.payments = [xero_payment()]

    outcome = await world.settle()

    assert outcome == Done("status paid", "l1")
    assert world.crm.transactions == []
