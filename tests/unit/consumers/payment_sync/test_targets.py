from dataclasses import replace
from typing import Any

import pytest

from consumers.payment_sync.targets import Target, Targets
from consumers.runtime.outcome import Park, Retry, Skipped
from relay.store.connections import ConnectionState
from relay.store.ledger import Origin
from relay.store.links import LinkState
from relay.upstream.errors import Unavailable
from schemas.reasons import Reason
from tests.givens.payments import (
    CONNECTION,
    GHL_INVOICE,
    INVOICE,
    event,
    row,
    subject,
    uuid,
    xero_invoice,
    xero_payment,
)
from tests.givens.payments_world import World

OTHER = uuid(777)
STRANGE = subject(event(OTHER), connection=None)
INTENDED: dict[str, Any] = {"state": LinkState.INTENDED, "xero_invoice_id": None}


def targets(world: World) -> Targets:
    return Targets(world, world.connections, world.links, world.ledger, world.clock)


async def found(world: World, *subjects: Any) -> list[Any]:
    return list(await targets(world).find(subjects))


async def test_an_invoice_is_found_by_its_link() -> None:
    world = World()

    assert await found(world, subject(event())) == [Target(world.link, CONNECTION)]
    assert world.books.calls == []


async def test_an_invoice_without_a_link_is_not_ours_and_costs_nothing() -> None:
    world = World()

    assert await found(world, STRANGE) == [Skipped(Reason.NOT_OURS)]
    assert world.books.calls == []


async def test_an_invoice_whose_link_is_being_written_is_tried_again_in_a_moment() -> None:
    world = World()
    world.links.rows["l1"] = replace(world.link, **INTENDED)
    bill = subject(event(uuid(778)), connection=None)
    world.books.others = {
        OTHER: xero_invoice(invoice_id=OTHER, reference=GHL_INVOICE),
        uuid(778): xero_invoice(invoice_id=uuid(778), reference="a bill"),
    }

    ours, theirs = await found(world, STRANGE, bill)

    assert isinstance(ours, Retry)
    assert theirs == Skipped(Reason.NOT_OURS)
    assert world.books.calls == ["GET /Invoices 2"]


async def test_an_invoice_whose_link_never_comes_waits_as_a_parked_event() -> None:
    world = World()
    world.links.rows["l1"] = replace(world.link, **INTENDED)
    world.books.others = {OTHER: xero_invoice(invoice_id=OTHER, reference=GHL_INVOICE)}

    (outcome,) = await found(world, subject(event(OTHER), connection=None, attempts=6))

    assert isinstance(outcome, Park)


async def test_a_payment_that_the_ledger_knows_is_found_without_a_call() -> None:
    world = World()
    await world.ledger.save("l1", [row("t1", origin=Origin.GHL, twin=uuid(9)), row(uuid(8))])

    answers = await found(world, *(subject(event(uuid(number), "payment.update")) for number in (8, 9)))

    assert answers == [Target(world.link, CONNECTION)] * 2
    assert world.books.calls == []


async def test_a_payment_that_nobody_knows_is_asked_for_its_invoice() -> None:
    world = World()
    world.books.payments = [xero_payment()]

    assert await found(world, subject(event(uuid(1), "payment.create"), connection=None)) == [
        Target(world.link, CONNECTION)
    ]


async def test_a_payment_of_somebody_elses_invoice_is_not_ours() -> None:
    world = World()
    world.books.payments = [xero_payment()]
    world.links.rows.clear()

    (outcome,) = await found(world, subject(event(uuid(1), "payment.create"), connection=None))

    assert outcome == Skipped(Reason.NOT_OURS)


async def test_a_payment_that_xero_does_not_know_is_not_ours() -> None:
    (outcome,) = await found(World(), subject(event(uuid(1), "payment.create"), connection=None))

    assert isinstance(outcome, Skipped)
    assert outcome.reason is Reason.NOT_OURS


@pytest.mark.parametrize("kind", ["creditnote.update", "prepayment.create", "overpayment.create"])
async def test_a_credit_is_covered_by_the_event_of_its_invoice(kind: str) -> None:
    world = World()

    (outcome,) = await found(world, subject(event(uuid(1), kind), connection=None))

    assert isinstance(outcome, Skipped)
    assert (outcome.reason, world.books.calls) == (Reason.ALREADY_IN_STEP, [])


@pytest.mark.parametrize("kind", ["payment.create", "invoice.update"])
async def test_a_vendor_that_is_away_is_tried_again(kind: str) -> None:
    world = World()
    world.links.rows["l1"] = replace(world.link, **INTENDED)
    world.books.down = Unavailable("offline")

    (outcome,) = await found(world, subject(event(uuid(1), kind), connection=None))

    assert isinstance(outcome, Retry)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (ConnectionState.PAUSED, Reason.PAUSED),
        (ConnectionState.SETTING_UP, Reason.BEING_SET_UP),
        (ConnectionState.DISCONNECTED, Reason.NOT_CONNECTED),
    ],
)
async def test_a_link_of_a_connection_that_is_not_active_waits_or_is_skipped(
    state: ConnectionState, reason: Reason
) -> None:
    world = World()
    world.connections.rows["c1"] = replace(CONNECTION, state=state)

    (outcome,) = await found(world, subject(event(INVOICE)))

    assert isinstance(outcome, Park | Skipped)
    assert outcome.reason is reason


async def test_without_an_active_connection_of_the_organisation_nobody_can_be_asked() -> None:
    world = World()
    world.connections.rows["c1"] = replace(CONNECTION, state=ConnectionState.PAUSED)

    (outcome,) = await found(world, subject(event(uuid(1), "payment.create"), connection=None))

    assert isinstance(outcome, Skipped)
    assert world.books.calls == []
