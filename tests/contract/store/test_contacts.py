import asyncio

import pytest
from sqlalchemy import insert

from relay.store.contacts import ContactLinks
from relay.store.engine import Database, opened_database
from relay.store.rows import values_of
from relay.store.tables import CONTACT_LINKS
from tests.givens.store import contact


@pytest.fixture
def contacts(database: Database) -> ContactLinks:
    return ContactLinks(database)


async def test_a_link_is_put_changed_and_found(contacts: ContactLinks) -> None:
    assert await contacts.put(contact()) == contact()
    changed = contact(xero_contact_id="xero-contact-2", shown_status="overdue")

    assert await contacts.put(changed) == changed

    assert await contacts.get("connection-1", "ghl-contact-1") == changed
    assert await contacts.get("connection-2", "ghl-contact-1") is None
    assert await contacts.linked("tenant-1", ["xero-contact-1", "xero-contact-2"]) == {
        "xero-contact-2": "ghl-contact-1"
    }
    assert await contacts.linked("tenant-2", ["xero-contact-2"]) == {}
    assert await contacts.find("ghl-contact-1") == await contacts.find("xero-contact-2") == [changed]


async def test_two_contacts_never_share_a_xero_contact(contacts: ContactLinks) -> None:
    await contacts.put(contact())

    standing = await contacts.put(contact(ghl_contact_id="ghl-contact-2"))

    assert standing == contact()
    assert await contacts.get("connection-1", "ghl-contact-2") is None


async def test_a_contact_that_moves_onto_a_taken_twin_stays_where_it_was(contacts: ContactLinks) -> None:
    await contacts.put(contact())
    await contacts.put(contact(ghl_contact_id="ghl-contact-2", xero_contact_id="xero-contact-2"))

    standing = await contacts.put(contact(ghl_contact_id="ghl-contact-2"))

    assert standing == contact()
    assert await contacts.linked("tenant-1", ["xero-contact-2"]) == {"xero-contact-2": "ghl-contact-2"}


async def test_of_many_who_claim_a_xero_contact_at_once_one_has_it(contacts: ContactLinks, database_url: str) -> None:
    async with opened_database(database_url) as other, asyncio.TaskGroup() as tasks:
        stores = (contacts, ContactLinks(other))
        told = [tasks.create_task(stores[n % 2].put(contact(ghl_contact_id=f"contact-{n}"))) for n in range(12)]

    assert len({task.result() for task in told}) == 1
    assert await contacts.find("xero-contact-1") == [told[0].result()]


async def test_a_claim_that_another_process_wins_at_the_last_moment_is_told_so(
    contacts: ContactLinks, database_url: str
) -> None:
    async with opened_database(database_url) as other, asyncio.TaskGroup() as tasks, other.writing() as transaction:
        await transaction.execute(insert(CONTACT_LINKS).values(values_of(contact())))
        told = tasks.create_task(contacts.put(contact(ghl_contact_id="ghl-contact-2")))
        done, _ = await asyncio.wait([told], timeout=0.5)
        assert not done  # it waits for us to commit

    assert told.result() == contact()
