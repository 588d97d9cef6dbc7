from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from consumers.invoice_push import linking
from consumers.invoice_push.recovery import Adopted, Free, Recovery, Taken
from consumers.invoice_push.sending import Sender
from relay.store.links import InvoiceLink
from tests.givens.invoice_push import World, opened_world
from tests.givens.store import write


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def recovery(world: World) -> Recovery:
    return Recovery(Sender(world.writes, world.clock), world.writes, world.clock)


async def an_intended(world: World, invoice_id: str, number: str = "CRM-1") -> InvoiceLink:
    invoice = (await world.case(invoice_id)).invoice
    document = {"InvoiceNumber": number, "Contact": {"ContactID": "contact-x"}}
    return await world.links.intend(linking.intended(world.connection, invoice, document))


@pytest.mark.parametrize(
    ("reference", "status", "found"),
    [
        pytest.param("ours", "AUTHORISED", Adopted, id="ours"),
        pytest.param("theirs", "AUTHORISED", Taken, id="somebody else's"),
        pytest.param("theirs", "DELETED", Free, id="somebody else's, deleted: Xero decides"),
        pytest.param(None, "", Free, id="nobody's"),
    ],
)
async def test_the_number_tells_what_stands(
    world: World, recovery: Recovery, reference: str | None, status: str, found: type
) -> None:
    invoice_id = world.invoice()
    link = await an_intended(world, invoice_id)
    if reference:
        entered = world.entered("CRM-1", invoice_id if reference == "ours" else reference)
        if status == "DELETED":
            world.sandbox.xero.books.void_invoice(world.connection.tenant_id, entered)

    recovered = await recovery.recovered(await world.case(invoice_id), link)

    assert isinstance(recovered, found)


async def test_a_look_that_finds_nothing_settles_what_was_open(world: World, recovery: Recovery) -> None:
    invoice_id = world.invoice()
    link = await an_intended(world, invoice_id)
    await world.writes.record(write(subjects=(link.id,), sent_at=world.clock.now()))
    world.clock.advance(600)

    await recovery.recovered(await world.case(invoice_id), link)

    assert await world.writes.open_of(link.id) is None


async def test_a_creation_whose_answer_is_in_the_link_is_no_lost_change(world: World, recovery: Recovery) -> None:
    link = await an_intended(world, world.invoice())
    await world.writes.record(write(subjects=(link.id,), sent_at=world.clock.now()))

    assert await recovery.lost_change(link) is None
    assert await world.writes.open_of(link.id) is None


@pytest.mark.parametrize(("seconds", "repeatable"), [(299, True), (300, False)])
async def test_a_change_may_be_repeated_while_its_key_lives(
    world: World, recovery: Recovery, seconds: int, repeatable: bool
) -> None:
    link = await an_intended(world, world.invoice())
    sent = write(subjects=(link.id,), sent_at=world.clock.now(), body=b'{"Invoices":[{"InvoiceID":"i"}]}')
    await world.writes.record(replace(sent, method="POST"))
    world.clock.advance(seconds)

    lost = await recovery.lost_change(link)

    assert lost is not None
    assert (lost.element, lost.repeatable) == ({"InvoiceID": "i"}, repeatable)
