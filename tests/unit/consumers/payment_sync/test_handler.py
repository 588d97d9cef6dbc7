from dataclasses import replace
from datetime import timedelta

from consumers.runtime.handler import Handler
from consumers.runtime.outcome import Done, Retry, Skipped
from relay.upstream.errors import Unavailable
from schemas.reasons import Reason
from tests.givens.payments import CONNECTION, INVOICE, event, row, subject, uuid, xero_invoice, xero_payment
from tests.givens.payments_world import World


def test_it_is_a_handler_of_both_topics_of_money() -> None:
    handler: Handler = World().handler()

    assert (handler.name, tuple(handler.topics)) == ("payment-sync", ("xero.invoices", "xero.payments"))
    assert handler.max_subjects == 40
    assert not handler.needs_connection


def test_the_subject_is_what_xero_names() -> None:
    assert World().handler().subject_of(event(uuid(1), "payment.create")) == uuid(1)


async def test_the_lane_is_that_of_the_link_where_the_store_knows_one() -> None:
    world = World()
    await world.ledger.save("l1", [row(uuid(8))])
    handler = world.handler()

    assert await handler.connection_of(event()) == CONNECTION
    assert await handler.connection_of(event(uuid(8), "payment.update")) == CONNECTION
    assert await handler.connection_of(event(uuid(9))) is None
    assert await handler.connection_of(event(uuid(9), "payment.create")) is None
    assert await handler.connection_of(event(uuid(8), "creditnote.update")) is None


async def test_a_payment_made_in_xero_shows_in_highlevel() -> None:
    world = World(crm_status={"paid": {"add_tags": ["invoice paid"]}})
    world.books.payments = [xero_payment()]

    outcomes = await world.handler().handle([subject(event())])

    assert outcomes == [Done("recorded: 1, confirmed: 1, status paid", "l1")]
    assert world.crm.paid() == 110
    assert world.crm.tags == {"invoice paid"}
    assert world.books.calls == ["GET /Invoices 1"]


async def test_an_invoice_and_its_payment_that_ring_together_are_handled_once() -> None:
    world = World()
    world.books.payments = [xero_payment()]

    outcomes = await world.handler().handle([subject(event()), subject(event(uuid(1), "payment.create"))])

    assert outcomes[0] == outcomes[1]
    assert world.crm.calls.count("record") == 1
    assert world.books.calls == ["GET /Payments", "GET /Invoices 1"]


async def test_a_redelivered_event_costs_no_call() -> None:
    world = World()
    world.books.payments = [xero_payment()]
    await world.handler().handle([subject(event())])
    world.books.calls.clear()
    world.crm.calls.clear()

    outcomes = await world.handler().handle([subject(event())])

    assert outcomes == [Skipped(Reason.ALREADY_IN_STEP, link="l1")]
    assert (world.books.calls, world.crm.calls) == ([], [])


async def test_an_event_newer_than_what_is_held_is_looked_at() -> None:
    world = World()
    await world.handler().handle([subject(event())])
    world.advance(10)
    world.books.payments = [xero_payment()]
    now = world.clock.now()

    outcomes = await world.handler().handle([subject(event(at=now, received_at=now + timedelta(seconds=1)))])

    assert isinstance(outcomes[0], Done)
    assert world.crm.paid() == 110


async def test_a_forced_replay_looks_again_and_writes_nothing_twice() -> None:
    world = World()
    world.books.payments = [xero_payment()]
    await world.handler().handle([subject(event())])
    world.books.calls.clear()

    outcomes = await world.handler().handle([subject(event(), forced=True)])

    assert outcomes == [Skipped(Reason.ALREADY_IN_STEP, link="l1")]
    assert world.books.calls == ["GET /Invoices 1"]
    assert world.crm.calls.count("record") == 1


async def test_outcomes_come_in_the_order_of_the_batch() -> None:
    world = World()
    world.links.rows["l2"] = replace(
        world.link, id="l2", ghl_invoice_id="ghl-2", xero_invoice_id=uuid(2), ghl_contact_id="contact-2"
    )
    world.books.others = {uuid(2): xero_invoice(invoice_id=uuid(2))}
    batch = [
        subject(event(uuid(9))),
        subject(event(uuid(2))),
        subject(event(uuid(3), "creditnote.create")),
        subject(event(INVOICE)),
    ]

    outcomes = await world.handler().handle(batch)

    assert [getattr(outcome, "link", None) for outcome in outcomes] == [None, "l2", None, "l1"]
    assert world.books.calls == ["GET /Invoices 2"]


async def test_a_vendor_that_is_away_is_tried_again_for_all_that_rang() -> None:
    world = World()
    world.books.down = Unavailable("offline")

    outcomes = await world.handler().handle([subject(event()), subject(event(uuid(9)))])

    assert isinstance(outcomes[0], Retry)
    assert outcomes[1] == Skipped(Reason.NOT_OURS)
