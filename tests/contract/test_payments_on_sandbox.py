"""The money of one invoice between the simulated vendors, through the real clients and the real store.

Whichever way HighLevel behaves where its documentation leaves it open, each payment stands on both sides once.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from consumers.payment_sync.display import ContactDisplay
from consumers.payment_sync.handler import PaymentSync
from consumers.payments.perform import Payments
from consumers.payments.telling import REVERSED_TAG
from consumers.runtime.outcome import Dead, Done, Outcome, Park, Retry, Skipped
from relay.clock import FakeClock
from relay.sandbox.app import Sandbox, opened_sandbox
from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind, Rule
from relay.sandbox.ghl_behaviour import Behaviour, RecordPayment
from relay.store.connections import Connections
from relay.store.contacts import ContactLinks
from relay.store.grants import Grant
from relay.store.leases import Leases
from relay.store.ledger import Ledger, LedgerRow, State
from relay.store.links import InvoiceLink, InvoiceLinks, LinkState
from relay.store.writes import Writes
from relay.upstream.vendors import OpenVendors, opened_vendors
from schemas.envelope import Event
from schemas.reasons import Reason
from tests.givens.payments import subject
from tests.givens.store import connection, opened_store
from tests.givens.upstream import InMemoryGrants, InMemoryLeases
from tests.givens.upstream_settings import upstream_settings

HOST = "http://localhost"
TAGS = {"paid": {"add_tags": ["invoice paid"]}, "partially_paid": {"add_tags": ["invoice part paid"]}}


@dataclass
class Deal:
    """One invoice over 110.00 that stands on both sides, and everything behind it."""

    sandbox: Sandbox
    clock: FakeClock
    handler: PaymentSync
    links: InvoiceLinks
    ledger: Ledger
    ghl_id: str
    xero_id: str
    contact_id: str

    async def ring(self, **queued: Any) -> Outcome:
        """Xero says that something changed, a second from now."""
        self.clock.advance(1)
        now = self.clock.now()
        rang = Event(
            id=f"e{now.isoformat()}",
            source="xero",
            type="com.xero.invoice.update",
            subject=self.xero_id,
            key=self.sandbox.sheet.tenant_id,
            topic="xero.invoices",
            value=b"{}",
            delivery_id="d",
            received_at=now,
            time=None,
        )
        (outcome,) = await self.handler.handle([subject(rang, **queued)])
        return outcome

    def crm(self) -> dict[str, Any]:
        return self.sandbox.ghl.books.invoice(self.sandbox.sheet.location_id, self.ghl_id).answer()

    def contact(self) -> Any:
        return self.sandbox.ghl.books.contacts.get(self.sandbox.sheet.location_id, self.contact_id)

    def pay_in_xero(self, amount: str, **given: Any) -> str:
        books, tenant = self.sandbox.xero.books, self.sandbox.sheet.tenant_id
        return books.enter_payment(tenant, self.xero_id, Decimal(amount), day=date(2026, 11, 20), **given)

    def drop_answer(self, vendor: Vendor, path: str, method: str) -> None:
        self.sandbox.faults.add(Rule(FaultKind.DROP_ANSWER, vendor, path=path, method=method))

    async def rows(self) -> list[LedgerRow]:
        return list(await self.ledger.read("link-1"))

    def xero_payments(self) -> list[Any]:
        held = self.sandbox.xero.books.tenants[self.sandbox.sheet.tenant_id].payments.values()
        return [one for one in held if one.status == "AUTHORISED" and one.invoice_id == self.xero_id]


@asynccontextmanager
async def dealt(folder: Path, *, behaviour: Behaviour | None = None, **chosen: Any) -> AsyncIterator[Deal]:
    clock = FakeClock()
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(opened_sandbox(clock=clock, behaviour=behaviour or Behaviour()))
        database = await stack.enter_async_context(opened_store(folder))
        vendors = await stack.enter_async_context(_vendors(sandbox, clock))
        stores = Connections(database, clock), InvoiceLinks(database), Ledger(database), Leases(database, clock, "t")
        connections, links, ledger, leases = stores
        sheet = sandbox.sheet
        mine = connection(
            location_id=sheet.location_id,
            tenant_id=sheet.tenant_id,
            ghl_grant_id="ghl-grant",
            xero_grant_id="xero-grant",
        )
        await connections.put(mine, {"crm_status": TAGS, **chosen}, by="test")
        contact_id, ghl_id, xero_id = _invoiced(sandbox)
        await links.intend(_link(sheet.tenant_id, contact_id, ghl_id))
        await links.save(_link(sheet.tenant_id, contact_id, ghl_id, state=LinkState.LINKED, xero_invoice_id=xero_id))
        display = ContactDisplay(vendors=vendors, links=links, contacts=ContactLinks(database), leases=leases)
        payments = Payments(
            vendors=vendors,
            connections=connections,
            links=links,
            ledger=ledger,
            writes=Writes(database),
            leases=leases,
            display=display,
            clock=clock,
        )
        handler = PaymentSync(
            vendors=vendors, connections=connections, links=links, ledger=ledger, payments=payments, clock=clock
        )
        yield Deal(sandbox, clock, handler, links, ledger, ghl_id, xero_id, contact_id)


@asynccontextmanager
async def _vendors(sandbox: Sandbox, clock: FakeClock) -> AsyncIterator[OpenVendors]:
    keys, [joined] = sandbox.sheet.keys(), sandbox.sheet.connections()["connections"]
    grants = [
        Grant(
            id=f"{vendor}-grant",
            vendor=vendor,
            **{**given, "expires_at": datetime.fromisoformat(given["expires_at"])},
        )
        for vendor, given in joined["grants"].items()
    ]
    named = ("ghl_client_id", "ghl_client_secret", "xero_client_id", "xero_client_secret")
    settings = upstream_settings(
        xero_api_url=f"{HOST}/xero",
        xero_identity_url=f"{HOST}/xero-identity",
        ghl_api_url=f"{HOST}/ghl",
        **{name: keys[name] for name in named},
    )
    transport = httpx.ASGITransport(sandbox.app)
    leases = InMemoryLeases()
    async with opened_vendors(settings, InMemoryGrants(*grants), leases, clock, transport=transport) as vendors:
        yield vendors


def _invoiced(sandbox: Sandbox) -> tuple[str, str, str]:
    people, books, tenant = sandbox.people, sandbox.xero.books, sandbox.sheet.tenant_id
    customer = {"firstName": "Sample", "lastName": "Customer", "email": "sample@example.com", "phone": "+61255501234"}
    contact_id = people.do("contacts", customer)["id"]
    item = {"name": "Work", "amount": 110}
    made = people.do("invoices", {"contact_id": contact_id, "items": [item], "dueDate": "2026-12-24", "send": True})
    document = {
        "Type": "ACCREC",
        "Contact": {"ContactID": books.create_contact(tenant, "Sample Customer")},
        "Reference": made["_id"],
        "Date": "2026-11-20",
        "DueDate": "2026-12-24",
        "Status": "AUTHORISED",
        "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": "Work", "Quantity": 1, "UnitAmount": Decimal(110), "AccountCode": "200"}],
    }
    return contact_id, made["_id"], books.create_invoice(tenant, document)


def _link(tenant_id: str, contact_id: str, ghl_id: str, **changes: Any) -> InvoiceLink:
    values: dict[str, Any] = {
        "id": "link-1",
        "connection_id": "connection-1",
        "tenant_id": tenant_id,
        "ghl_invoice_id": ghl_id,
        "number": "INV-1",
        "state": LinkState.INTENDED,
        "ghl_contact_id": contact_id,
        "currency": "AUD",
    }
    return InvoiceLink(**values | changes)


@pytest.fixture(
    params=[
        pytest.param(Behaviour(), id="marks come back"),
        pytest.param(Behaviour(returns_marks=False), id="marks do not come back"),
        pytest.param(Behaviour(record_payment=RecordPayment.COMMUNITY), id="as public code sends it"),
    ]
)
async def deal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Deal]:
    async with dealt(tmp_path, behaviour=request.param) as one:
        yield one


@pytest.fixture
async def pushing(tmp_path: Path) -> AsyncIterator[Deal]:
    async with dealt(tmp_path, push_payments=True, payment_account_map={"default": "090"}) as one:
        yield one


async def test_a_payment_in_parts_shows_in_highlevel_and_on_the_contact(deal: Deal) -> None:
    deal.pay_in_xero("50.00")
    first = await deal.ring()
    shown = deal.crm()["amountPaid"], set(deal.contact().tags)

    deal.pay_in_xero("60.00")
    second = await deal.ring()

    assert first == Done("recorded: 1, confirmed: 1, status partially_paid", "link-1")
    assert second == Done("recorded: 1, confirmed: 1, status paid", "link-1")
    assert shown == (50, {"invoice part paid"})
    assert (deal.crm()["amountPaid"], deal.crm()["status"]) == (110, "paid")
    assert set(deal.contact().tags) == {"invoice paid"}


async def test_looking_again_at_what_is_in_step_writes_nothing(deal: Deal) -> None:
    deal.pay_in_xero("50.00")
    await deal.ring()
    before = deal.sandbox.ghl.books.snapshot()

    outcome = await deal.ring(forced=True)

    assert outcome == Skipped(Reason.ALREADY_IN_STEP, link="link-1")
    assert deal.sandbox.ghl.books.snapshot() == before


async def test_a_record_whose_answer_was_lost_is_found_a_minute_later(deal: Deal) -> None:
    deal.pay_in_xero("50.00")
    deal.drop_answer(Vendor.GHL, "/record-payment", "POST")

    outcome = await deal.ring()

    assert isinstance(outcome, Park)
    assert outcome.reason is Reason.OUTCOME_UNKNOWN
    deal.clock.advance(60)
    assert isinstance(await deal.ring(), Done)
    assert deal.crm()["amountPaid"] == 50
    assert [row.state for row in await deal.rows()] == [State.APPLIED]


async def test_a_payment_deleted_in_xero_is_told_once(deal: Deal) -> None:
    payment_id = deal.pay_in_xero("50.00")
    await deal.ring()
    deal.sandbox.xero.books.delete_payment(deal.sandbox.sheet.tenant_id, payment_id)

    outcome = await deal.ring()
    again = await deal.ring(forced=True)

    assert outcome == Done("reversal told: 1, status unpaid", "link-1")
    assert again == Skipped(Reason.ALREADY_IN_STEP, link="link-1")
    assert REVERSED_TAG in deal.contact().tags
    assert len(deal.contact().notes) == 1


async def test_an_edited_payment_moves_only_its_difference(deal: Deal) -> None:
    old = deal.pay_in_xero("50.00")
    await deal.ring()
    deal.sandbox.xero.books.delete_payment(deal.sandbox.sheet.tenant_id, old)
    deal.pay_in_xero("60.00")

    await deal.ring()

    assert deal.crm()["amountPaid"] == 60
    assert deal.contact().notes == []


async def test_a_credit_note_is_recorded_and_its_growth_too(deal: Deal) -> None:
    books, tenant = deal.sandbox.xero.books, deal.sandbox.sheet.tenant_id
    contact = books.tenants[tenant].invoices[deal.xero_id].contact_id
    credit = books.create_credit_note(tenant, contact, Decimal(30))
    books.apply_credit(tenant, credit, deal.xero_id, Decimal(20))
    await deal.ring()
    books.apply_credit(tenant, credit, deal.xero_id, Decimal(10))

    await deal.ring()

    assert deal.crm()["amountPaid"] == 30
    assert [(row.external_id, row.amount) for row in await deal.rows()] == [
        (credit, 20),
        (f"{credit}:30.00", 10),
    ]


async def test_a_card_payment_stands_in_xero_and_comes_back_as_nothing_to_do(pushing: Deal) -> None:
    pushing.sandbox.people.do("invoices/pay", {"id": pushing.ghl_id})
    outcome = await pushing.ring()

    echo = await pushing.ring(forced=True)

    assert outcome == Done("paid in Xero: 1, status paid", "link-1")
    assert echo == Skipped(Reason.ALREADY_IN_STEP, link="link-1")
    assert [payment.amount for payment in pushing.xero_payments()] == [110]


async def test_a_payment_to_xero_whose_answer_was_lost_is_there_once(pushing: Deal) -> None:
    pushing.sandbox.people.do("invoices/pay", {"id": pushing.ghl_id, "amount": 50})
    pushing.drop_answer(Vendor.XERO, "/Payments", "PUT")

    outcome = await pushing.ring()
    await pushing.ring()

    assert isinstance(outcome, Retry)
    assert [payment.amount for payment in pushing.xero_payments()] == [50]
    assert [row.state for row in await pushing.rows()] == [State.APPLIED]


async def test_a_payment_that_xero_refuses_is_told_in_its_words_and_goes_when_mended(pushing: Deal) -> None:
    tenant = pushing.sandbox.sheet.tenant_id
    pushing.sandbox.people.do("invoices/pay", {"id": pushing.ghl_id})
    pushing.sandbox.xero.books.archive_account(tenant, "090")

    outcome = await pushing.ring()
    pushing.sandbox.xero.books.restore_account(tenant, "090")

    assert isinstance(outcome, Dead)
    assert isinstance(await pushing.ring(), Done)
    assert [payment.amount for payment in pushing.xero_payments()] == [110]


async def test_a_refund_in_highlevel_is_told_and_not_booked(pushing: Deal) -> None:
    paid = pushing.sandbox.people.do("invoices/pay", {"id": pushing.ghl_id})
    await pushing.ring()
    pushing.sandbox.people.do("transactions/refund", {"id": paid["_id"]})

    outcome = await pushing.ring(forced=True)

    assert [payment.amount for payment in pushing.xero_payments()] == [110]
    assert outcome == Done("refund told: 1, status refunded", "link-1")
    assert len(pushing.contact().notes) == 1


async def test_a_lost_ledger_is_no_reason_to_write_anything_twice(tmp_path: Path) -> None:
    async with dealt(tmp_path, push_payments=True, payment_account_map={"default": "090"}) as deal:
        deal.pay_in_xero("50.00")
        deal.sandbox.people.do("invoices/pay", {"id": deal.ghl_id, "amount": 40})
        await deal.ring()
        lost = await deal.rows()
        await deal.ledger.save(
            "link-1",
            [
                type(row)(row.origin, row.kind, row.external_id, row.amount, Decimal(0), Decimal(0), State.REVERSED)
                for row in lost
            ],
        )

        await deal.ring(forced=True)

        assert deal.crm()["amountPaid"] == 90
        assert sorted(payment.amount for payment in deal.xero_payments()) == [40, 50]
