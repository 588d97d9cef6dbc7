"""Wherever a run dies, running again yields exactly one Xero invoice with the right total.

A run has outside effects: calls to vendors and rows in the store. It is ended before each of them in turn, which is
after the one before, and taken up soon (within the life of the Idempotency-Key) or late.
"""

from contextlib import suppress
from pathlib import Path

import pytest

from consumers.runtime.outcome import Done, Retry, Skipped
from relay.store.links import LinkState
from tests.givens.invoice_push import GST, Died, World, opened_world

PAUSES_S = (3, 400)
MOST_EFFECTS = 32


async def _until_in_step(world: World, invoice_id: str) -> None:
    """Run as the runtime would: again after a retry."""
    for _ in range(5):
        outcome = await world.handle(invoice_id)
        if not isinstance(outcome, Retry):
            assert isinstance(outcome, (Done, Skipped)), outcome
            return
        world.clock.advance(outcome.after.total_seconds())
    raise AssertionError("never in step")


async def _dies_in(world: World, invoice_id: str, dies_at: int) -> bool:
    world.fate.count, world.fate.dies_at = 0, dies_at
    with suppress(Died):
        await world.handle(invoice_id)
    died = world.fate.count >= dies_at
    world.fate.dies_at = 0
    return died


@pytest.mark.parametrize("dies_at", range(1, MOST_EFFECTS + 1))
async def test_one_document_stands_wherever_the_first_run_died(tmp_path: Path, dies_at: int) -> None:
    for pause_s in PAUSES_S:
        (folder := tmp_path / str(pause_s)).mkdir()
        async with opened_world(folder) as world:
            contact_id = world.contact()
            invoice_id = world.invoice(contact_id)
            contacts = len(world.ledger.contacts)

            died = await _dies_in(world, invoice_id, dies_at)
            world.clock.advance(pause_s)
            await _until_in_step(world, invoice_id)

            link = await world.link(invoice_id)
            assert [str(sale.total) for sale in world.sales] == ["110.00"], pause_s
            assert len(world.ledger.contacts) == contacts + 1, pause_s
            assert (link.state, link.xero_invoice_id) == (LinkState.LINKED, world.sales[0].invoice_id)
            assert await world.writes.open_of(link.id) is None
            assert died or dies_at > 20, "a run has more effects than this"
    assert not died or dies_at < MOST_EFFECTS, "raise MOST_EFFECTS: a run has more"


@pytest.mark.parametrize("dies_at", range(1, 16))
async def test_an_edit_arrives_wherever_its_run_died(tmp_path: Path, dies_at: int) -> None:
    for pause_s in PAUSES_S:
        (folder := tmp_path / str(pause_s)).mkdir()
        async with opened_world(folder) as world:
            invoice_id = world.invoice()
            await world.handle(invoice_id)
            world.do("edit", invoice_id, items=[{"name": "Consulting", "amount": 250, "taxes": [GST]}])

            await _dies_in(world, invoice_id, dies_at)
            world.clock.advance(pause_s)
            await _until_in_step(world, invoice_id)

            assert [str(sale.total) for sale in world.sales] == ["275.00"], pause_s


@pytest.mark.parametrize("dies_at", range(1, 16))
async def test_a_void_arrives_wherever_the_runs_before_died(tmp_path: Path, dies_at: int) -> None:
    for pause_s in PAUSES_S:
        (folder := tmp_path / str(pause_s)).mkdir()
        async with opened_world(folder) as world:
            invoice_id = world.invoice()
            await _dies_in(world, invoice_id, dies_at + 8)
            world.do("void", invoice_id)
            world.clock.advance(pause_s)

            await _dies_in(world, invoice_id, dies_at)
            world.clock.advance(pause_s)
            for _ in range(3):
                await _until_in_step(world, invoice_id)
                world.clock.advance(70)

            assert [sale.status for sale in world.sales] in ([], ["VOIDED"]), pause_s
