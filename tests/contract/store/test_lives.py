import pytest

from relay.clock import FakeClock
from relay.store.contacts import ContactLinks
from relay.store.engine import Database
from relay.store.ledger import Ledger, Origin
from relay.store.links import InvoiceLinks
from relay.store.lives import Lives
from relay.store.outcomes import Outcomes
from relay.store.parked import Parked
from relay.store.writes import Writes
from tests.givens.store import at, contact, link, outcome, parked, payment, write


@pytest.fixture
async def lives(database: Database) -> Lives:
    """Give the life of one invoice, and a bystander."""
    store = Lives(
        InvoiceLinks(database),
        ContactLinks(database),
        Outcomes(database),
        Parked(database, FakeClock()),
        Writes(database),
        Ledger(database),
    )
    await store.links.intend(link(xero_invoice_id="xero-invoice-1", ghl_contact_id="ghl-contact-1"))
    await store.links.intend(link(id="link-2", ghl_invoice_id="other", number="INV-2"))
    await store.contacts.put(contact())
    await store.outcomes.report(
        [
            outcome("sent", link="link-1", handled_at=at(1)),
            outcome("paid", subject="xero-invoice-1", handled_at=at(2), consumer="payment-sync"),
            outcome("bystander", subject="other", delivery_id="delivery-2"),
        ]
    )
    await store.parked.save([parked("waits")])
    await store.writes.record(write())
    await store.ledger.save("link-1", [payment("transaction-1", origin=Origin.GHL, twin="xero-payment-1")])
    return store


@pytest.mark.parametrize(
    "text", ["link-1", "ghl-invoice-1", "xero-invoice-1", "INV-1", "transaction-1", "xero-payment-1"]
)
async def test_an_invoice_tells_its_whole_life_by_any_of_its_names(lives: Lives, text: str) -> None:
    life = await lives.find(text)

    assert [each.id for each in life.links] == ["link-1"]
    assert [each.ce_id for each in life.outcomes] == ["sent", "paid"]
    assert [each.ce_id for each in life.parked] == ["waits"]
    assert [each.key for each in life.writes] == ["key-1"]
    assert [(link_id, row.external_id) for link_id, row in life.payments] == [("link-1", "transaction-1")]


async def test_a_delivery_tells_its_events_and_a_contact_its_invoices(lives: Lives) -> None:
    delivery = await lives.find("delivery-2")
    person = await lives.find("ghl-contact-1")

    assert [each.ce_id for each in delivery.outcomes] == ["bystander"]
    assert ([each.id for each in person.links], person.contacts) == (["link-1"], [contact()])


async def test_nobody_knows_an_unknown_id(lives: Lives) -> None:
    assert not (await lives.find("unknown")).known
