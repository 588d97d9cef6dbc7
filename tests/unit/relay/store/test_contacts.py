from pathlib import Path

from relay.store.contacts import ContactLinks
from tests.givens.store import contact, opened_store


async def test_a_xero_contact_of_another_tenant_is_another_contact(tmp_path: Path) -> None:
    second = contact(connection_id="connection-2", tenant_id="tenant-2", ghl_contact_id="ghl-contact-2")
    async with opened_store(tmp_path) as database:
        contacts = ContactLinks(database)
        await contacts.put(contact())

        assert await contacts.put(second) == second
        assert await contacts.linked("tenant-2", ["xero-contact-1"]) == {"xero-contact-1": "ghl-contact-2"}
