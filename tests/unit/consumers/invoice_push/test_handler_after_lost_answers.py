from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from consumers.runtime.outcome import Done, Retry, Skipped
from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind, Rule
from relay.store.links import LinkState
from schemas.reasons import Reason
from tests.givens.invoice_push import World, opened_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as opened:
        yield opened


def lose(world: World, kind: FaultKind, method: str, path: str, **rule: Any) -> None:
    world.sandbox.faults.add(Rule(kind, Vendor.XERO, path=path, method=method, **rule))


@pytest.mark.parametrize("minutes", [1, 10], ids=["within the life of the key", "after it"])
@pytest.mark.parametrize("kind", [FaultKind.DROP_ANSWER, FaultKind.REFUSE], ids=["it landed", "it did not"])
async def test_after_a_lost_answer_one_document_stands(world: World, kind: FaultKind, minutes: int) -> None:
    invoice_id = world.invoice()
    lose(world, kind, "PUT", "/Invoices")

    first = await world.handle(invoice_id)
    intended = await world.link(invoice_id)
    world.clock.advance(minutes * 60)
    second = await world.handle(invoice_id)

    assert isinstance(first, Retry)
    assert first.reason is Reason.OUTCOME_UNKNOWN
    assert (intended.state, intended.digest) == (LinkState.INTENDED, None)
    assert isinstance(second, Done)
    assert [str(sale.total) for sale in world.sales] == ["110.00"]
    assert len(world.asked_of("PUT /Invoices")) == (1 if minutes == 10 and kind is FaultKind.DROP_ANSWER else 2)


async def test_the_identical_request_goes_again_though_the_invoice_has_changed_since(world: World) -> None:
    invoice_id = world.invoice()
    lose(world, FaultKind.DROP_ANSWER, "PUT", "/Invoices")
    await world.handle(invoice_id)
    world.do("edit", invoice_id, items=[{"name": "Consulting", "amount": 200}])
    world.clock.advance(30)

    outcome = await world.handle(invoice_id)

    assert isinstance(outcome, Done)
    assert [str(sale.total) for sale in world.sales] == ["200.00"]


@pytest.mark.parametrize("seconds", [5, 600])
@pytest.mark.parametrize("kind", [FaultKind.DROP_ANSWER, FaultKind.REFUSE], ids=["it landed", "it did not"])
async def test_after_a_lost_answer_to_a_change_it_is_no_edit_by_a_person(
    world: World, kind: FaultKind, seconds: int
) -> None:
    invoice_id = world.invoice()
    await world.handle(invoice_id)
    world.do("edit", invoice_id, items=[{"name": "Consulting", "amount": 200}])
    lose(world, kind, "POST", "/Invoices")
    first = await world.handle(invoice_id)
    world.clock.advance(seconds)
    world.do("edit", invoice_id, items=[{"name": "Consulting", "amount": 300}])

    second = await world.handle(invoice_id)

    assert isinstance(first, Retry)
    assert isinstance(second, Done)
    assert [str(sale.total) for sale in world.sales] == ["300.00"]


async def test_an_edit_taken_back_after_a_lost_answer_is_taken_back_in_xero(world: World) -> None:
    invoice_id = world.invoice(items=[{"_id": "one", "name": "Consulting", "amount": 100}])
    await world.handle(invoice_id)
    world.do("edit", invoice_id, items=[{"_id": "one", "name": "Consulting", "amount": 200}])
    lose(world, FaultKind.DROP_ANSWER, "POST", "/Invoices")
    await world.handle(invoice_id)
    world.clock.advance(600)
    world.do("edit", invoice_id, items=[{"_id": "one", "name": "Consulting", "amount": 100}])

    await world.handle(invoice_id)

    assert [str(sale.total) for sale in world.sales] == ["100.00"]


@pytest.mark.parametrize("seconds", [5, 90, 600])
async def test_a_void_that_meets_an_unknown_outcome_looks_the_number_up_first(world: World, seconds: int) -> None:
    invoice_id = world.invoice()
    lose(world, FaultKind.DROP_ANSWER, "PUT", "/Invoices")
    await world.handle(invoice_id)
    world.do("void", invoice_id)
    world.clock.advance(seconds)

    outcome = await world.handle(invoice_id)

    assert isinstance(outcome, Done)
    assert [sale.status for sale in world.sales] == ["VOIDED"]


async def test_nothing_is_made_just_to_be_voided(world: World) -> None:
    invoice_id = world.invoice()
    lose(world, FaultKind.REFUSE, "PUT", "/Invoices")
    await world.handle(invoice_id)
    world.do("void", invoice_id)
    world.clock.advance(5)

    early = await world.handle(invoice_id)
    world.clock.advance(120)
    later = await world.handle(invoice_id)

    assert isinstance(early, Retry)
    assert isinstance(later, Skipped)
    assert later.reason is Reason.NOTHING_TO_VOID
    assert world.sales == []
