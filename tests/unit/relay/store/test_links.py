from pathlib import Path

from relay.store.links import InvoiceLinks, LinkState
from tests.givens.store import link, opened_store


async def test_a_link_comes_back_with_words_and_empty_fields_as_they_were(tmp_path: Path) -> None:
    async with opened_store(tmp_path) as database:
        links = InvoiceLinks(database)

        await links.intend(link())

        read = await links.get("link-1")
    assert read == link()
    assert read is not None
    assert (type(read.state), read.line_item_ids) == (LinkState, {})


async def test_links_without_a_xero_invoice_do_not_disturb_each_other(tmp_path: Path) -> None:
    async with opened_store(tmp_path) as database:
        links = InvoiceLinks(database)

        for number in range(3):
            await links.intend(link(id=f"link-{number}", ghl_invoice_id=f"invoice-{number}"))

        assert [each.id for each in await links.intended("tenant-1")] == ["link-0", "link-1", "link-2"]
