from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from consumers.runtime.outcome import Dead, Done, Retry
from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind, Rule
from relay.sandbox.xero_rows import Contact
from schemas.reasons import Reason
from tests.givens.invoice_push import World, opened_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as opened:
        yield opened


def in_xero(world: World, name: str, **fields: Any) -> str:
    return world.sandbox.xero.books.create_contact(world.connection.tenant_id, name, **fields)


def customer_of(world: World) -> Contact:
    [sale] = world.sales
    return world.ledger.contacts[sale.contact_id]


async def test_a_new_customer_is_made_with_our_number(world: World) -> None:
    contact_id = world.contact(companyName="Acme")

    await world.handle(world.invoice(contact_id))

    made = customer_of(world)
    assert (made.name, made.contact_number, made.email) == ("Acme", contact_id, "customer@example.com")


async def test_a_customer_of_the_same_address_is_adopted(world: World) -> None:
    known = in_xero(world, "S. Customer", EmailAddress="Customer@example.com")
    contact_id = world.contact()

    await world.handle(world.invoice(contact_id))

    found = customer_of(world)
    assert (found.contact_id, found.name, found.contact_number) == (known, "S. Customer", contact_id)


async def test_a_namesake_is_not_taken_for_the_customer(world: World) -> None:
    other = in_xero(world, "Sample Customer", EmailAddress="other@example.com")
    contact_id = world.contact(city="Sampleton")

    await world.handle(world.invoice(contact_id))

    made = customer_of(world)
    assert made.contact_id != other
    assert made.name == "Sample Customer (Sampleton)"


async def test_a_suffix_that_is_taken_too_gives_way_to_the_next(world: World) -> None:
    in_xero(world, "Sample Customer", EmailAddress="other@example.com")
    in_xero(world, "Sample Customer (Sampleton)", EmailAddress="third@example.com")
    contact_id = world.contact(city="Sampleton")

    await world.handle(world.invoice(contact_id))

    assert customer_of(world).name == f"Sample Customer ({contact_id[-6:]})"


async def test_two_contacts_of_one_address_never_share_one_in_xero(world: World) -> None:
    first, second = world.contact(), world.contact(firstName="Another")

    await world.handle(world.invoice(first))
    await world.handle(world.invoice(second))

    assert len({sale.contact_id for sale in world.sales}) == 2


async def test_a_contact_deleted_in_highlevel_comes_from_the_invoice(world: World) -> None:
    contact_id = world.contact()
    invoice_id = world.invoice(contact_id)
    world.sandbox.people.do("contacts/delete", {"id": contact_id})

    await world.handle(invoice_id)

    made = customer_of(world)
    assert (made.name, made.contact_number) == ("Sample Customer", contact_id)


@pytest.mark.parametrize("kind", [FaultKind.DROP_ANSWER, FaultKind.REFUSE], ids=["it landed", "it did not"])
@pytest.mark.parametrize("seconds", [5, 600])
async def test_after_a_lost_answer_one_contact_stands(world: World, kind: FaultKind, seconds: int) -> None:
    invoice_id = world.invoice(world.contact())
    contacts = len(world.ledger.contacts)
    world.sandbox.faults.add(Rule(kind, Vendor.XERO, path="/Contacts", method="PUT"))

    first = await world.handle(invoice_id)
    world.clock.advance(seconds)
    second = await world.handle(invoice_id)

    assert isinstance(first, Retry)
    assert isinstance(second, Done)
    assert len(world.ledger.contacts) == contacts + 1


async def test_a_name_that_no_look_up_shows_still_ends_in_a_contact(world: World) -> None:
    in_xero(world, "Sample Customer", EmailAddress="other@example.com")
    world.network.bent = lambda asked, body: b'{"Contacts":[]}' if asked == "GET /Contacts" else body

    outcome = await world.handle(world.invoice(world.contact(city="Sampleton")))

    assert isinstance(outcome, Done)
    assert customer_of(world).name == "Sample Customer (Sampleton)"


async def test_the_admin_may_want_to_be_asked_about_a_taken_name(world: World) -> None:
    await world.set(contact_name_taken="ask")
    in_xero(world, "Sample Customer", EmailAddress="other@example.com")

    outcome = await world.handle(world.invoice())

    assert isinstance(outcome, Dead)
    assert outcome.reason is Reason.CONTACT_NAME_TAKEN


async def test_a_change_that_is_refused_does_not_hold_up_the_invoice(world: World) -> None:
    in_xero(world, "S. Customer", EmailAddress="customer@example.com")
    refusal = b'{"Contacts":[{"StatusAttributeString":"ERROR","ValidationErrors":[{"Message":"No."}]}]}'
    world.network.bent = lambda asked, body: refusal if asked == "POST /Contacts" else body

    assert isinstance(await world.handle(world.invoice()), Done)
