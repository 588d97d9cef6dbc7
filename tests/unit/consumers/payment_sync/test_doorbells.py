from dataclasses import replace

from consumers.payment_sync.doorbells import Doorbells
from consumers.payment_sync.targets import Target
from tests.givens.payments import CONNECTION, row, uuid, xero_invoice
from tests.givens.payments_world import World


async def test_many_rings_are_one_read() -> None:
    world = World()
    others = {uuid(number): xero_invoice(invoice_id=uuid(number)) for number in range(600, 610)}
    world.books.others = others
    links = [replace(world.link, id=f"l{one}", xero_invoice_id=one) for one in others]

    seen = await Doorbells(world, world.ledger, world.clock).answer([Target(link, CONNECTION) for link in links])

    assert world.books.calls == ["GET /Invoices 10"]
    assert {link_id: one.invoice.invoice_id for link_id, one in seen.items()} == {f"l{one}": one for one in others}


async def test_organisations_are_read_apart_and_what_xero_does_not_know_is_absent() -> None:
    world = World()
    elsewhere = replace(CONNECTION, id="c2", tenant_id="t2", xero_grant_id="g2")
    unknown = replace(world.link, id="l2", xero_invoice_id=uuid(1))

    seen = await Doorbells(world, world.ledger, world.clock).answer(
        [Target(world.link, CONNECTION), Target(unknown, elsewhere)]
    )

    assert world.books.calls == ["GET /Invoices 1", "GET /Invoices 1"]
    assert list(seen) == ["l1"]


async def test_the_ledger_goes_along_as_it_was_before_the_read() -> None:
    world = World()
    await world.ledger.save("l1", [row()])

    seen = await Doorbells(world, world.ledger, world.clock).answer([Target(world.link, CONNECTION)])

    assert seen["l1"].ledger == (row(),)
    assert seen["l1"].read_at == world.clock.now()
