import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from relay.store.engine import Database, opened_database
from relay.store.errors import Conflict, Missing
from relay.store.links import InvoiceLinks, LinkState
from tests.givens.store import at, link

WHOLE = link(
    state=LinkState.LINKED,
    currency="AUD",
    ghl_contact_id="ghl-contact-1",
    xero_invoice_id="xero-invoice-1",
    xero_contact_id="xero-contact-1",
    xero_status="AUTHORISED",
    total=Decimal("9999999999.99"),
    amount_paid=Decimal("0.01"),
    amount_credited=Decimal("10.10"),
    line_item_ids={"item-1": "line-1"},
    digest="digest",
    xero_updated_at=at(1),
    xero_read_at=at(2),
    ghl_read_at=at(3),
    ghl_status="sent",
    shown_status="unpaid",
)


@pytest.fixture
def links(database: Database) -> InvoiceLinks:
    return InvoiceLinks(database)


async def test_an_intended_link_becomes_whole_and_is_found_every_way(links: InvoiceLinks) -> None:
    assert await links.intend(link()) == link()
    assert await links.intended("tenant-1") == [link()]

    await links.save(WHOLE)

    assert await links.get("link-1") == WHOLE
    assert await links.of_ghl("connection-1", "ghl-invoice-1") == WHOLE
    assert await links.of_xero(["xero-invoice-1", "bill-1"]) == {"xero-invoice-1": WHOLE}
    assert await links.of_contact("connection-1", "ghl-contact-1") == [WHOLE]
    assert await links.intended("tenant-1") == []
    for text in ("link-1", "ghl-invoice-1", "xero-invoice-1", "INV-1", "ghl-contact-1", "xero-contact-1"):
        assert await links.find(text) == [WHOLE]


async def test_what_is_not_linked_is_absent(links: InvoiceLinks) -> None:
    await links.intend(link())

    assert await links.get("link-2") is None
    assert await links.of_ghl("connection-2", "ghl-invoice-1") is None
    assert await links.of_xero([]) == {}
    assert await links.find("INV") == []


async def test_a_bulk_look_up_takes_more_ids_than_a_statement_holds(links: InvoiceLinks) -> None:
    await links.intend(WHOLE)

    found = await links.of_xero([f"bill-{number}" for number in range(1200)] + ["xero-invoice-1"])

    assert found == {"xero-invoice-1": WHOLE}


async def test_the_earlier_intention_wins(links: InvoiceLinks) -> None:
    await links.intend(link())

    standing = await links.intend(link(id="link-2", number="INV-2"))

    assert standing == link()
    assert await links.find("link-2") == []


async def test_of_many_who_intend_at_once_all_are_told_the_same_link(links: InvoiceLinks, database_url: str) -> None:
    async with opened_database(database_url) as other, asyncio.TaskGroup() as tasks:
        stores = (links, InvoiceLinks(other))
        told = [tasks.create_task(stores[n % 2].intend(link(id=f"link-{n}", number=f"INV-{n}"))) for n in range(12)]

    assert len({task.result().id for task in told}) == 1
    assert [each.id for each in await links.intended("tenant-1")] == [told[0].result().id]


async def test_an_intention_under_the_id_of_another_invoice_is_a_conflict(links: InvoiceLinks) -> None:
    await links.intend(link())

    with pytest.raises(Conflict):
        await links.intend(link(ghl_invoice_id="ghl-invoice-2"))


async def test_saving_what_was_never_intended_fails(links: InvoiceLinks) -> None:
    with pytest.raises(Missing, match="link-1"):
        await links.save(link())


async def test_two_links_never_share_a_xero_invoice(links: InvoiceLinks) -> None:
    await links.intend(WHOLE)
    second = await links.intend(link(id="link-2", ghl_invoice_id="ghl-invoice-2", number="INV-2"))

    with pytest.raises(Conflict):
        await links.save(replace(second, xero_invoice_id="xero-invoice-1"))


async def test_an_amount_with_a_third_decimal_is_refused(links: InvoiceLinks) -> None:
    await links.intend(link())

    with pytest.raises(ValueError, match="whole number of cents"):
        await links.save(link(total=Decimal("1.005")))
