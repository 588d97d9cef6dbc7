"""The real clients on the simulated vendors.

What they send is taken, and what the vendors do to them has its meaning, whichever way the vendors behave where their
documentation leaves it open.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from relay.clock import FakeClock
from relay.sandbox.app import Sandbox, opened_sandbox
from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind, Refusal, Rule
from relay.sandbox.ghl_behaviour import Behaviour, RecordPayment
from relay.sandbox.xero import SCOPES
from relay.store.grants import Grant
from relay.upstream.errors import KeyReused, NotFound, OutcomeUnknown, Throttled, Unauthorised, Unavailable
from relay.upstream.ports import ElementRefused, GhlClient, XeroClient
from relay.upstream.vendors import OpenVendors, opened_vendors
from schemas.reasons import Reason
from tests.givens.upstream import InMemoryGrants, InMemoryLeases
from tests.givens.upstream_settings import upstream_settings

HOST = "http://localhost"


@dataclass
class Joined:
    """The clients of the sandbox's one business, and what stands behind them."""

    sandbox: Sandbox
    clock: FakeClock
    grants: InMemoryGrants
    vendors: OpenVendors

    @property
    def tenant(self) -> str:
        return self.sandbox.sheet.tenant_id

    @property
    def xero(self) -> XeroClient:
        return self.vendors.xero(tenant_id=self.tenant, grant_id="xero-grant")

    @property
    def ghl(self) -> GhlClient:
        return self.vendors.ghl(location_id=self.sandbox.sheet.location_id, grant_id="ghl-grant")

    def fault(self, kind: FaultKind, vendor: Vendor, path: str, **rule: Any) -> None:
        self.sandbox.faults.add(Rule(kind, vendor, path=path, **rule))


@asynccontextmanager
async def joined(**behaviour: Any) -> AsyncIterator[Joined]:
    clock = FakeClock()
    async with opened_sandbox(clock=clock, behaviour=Behaviour(**behaviour)) as sandbox:
        keys, [connection] = sandbox.sheet.keys(), sandbox.sheet.connections()["connections"]
        grants = InMemoryGrants(
            *(
                Grant(
                    id=f"{vendor}-grant",
                    vendor=vendor,
                    **{**given, "expires_at": datetime.fromisoformat(given["expires_at"])},
                )
                for vendor, given in connection["grants"].items()
            )
        )
        named = ("ghl_client_id", "ghl_client_secret", "xero_client_id", "xero_client_secret")
        settings = upstream_settings(
            xero_api_url=f"{HOST}/xero",
            xero_identity_url=f"{HOST}/xero-identity",
            ghl_api_url=f"{HOST}/ghl",
            **{name: keys[name] for name in named},
        )
        transport = httpx.ASGITransport(sandbox.app)
        async with opened_vendors(settings, grants, InMemoryLeases(), clock, transport=transport) as vendors:
            yield Joined(sandbox, clock, grants, vendors)


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> AsyncIterator[Joined]:
    async with joined(**getattr(request, "param", {})) as one:
        yield one


def invoice(number: str, **changes: Any) -> dict[str, Any]:
    line = {"Description": "Work", "Quantity": 2, "UnitAmount": Decimal("10.1250"), "AccountCode": "200"}
    return {
        "Type": "ACCREC",
        "Contact": {"Name": "Sample Customer"},
        "InvoiceNumber": number,
        "Reference": f"ghl-{number}",
        "Date": "2026-11-02",
        "DueDate": "2026-11-16",
        "Status": "AUTHORISED",
        "LineAmountTypes": "NoTax",
        "LineItems": [line],
        **changes,
    }


async def test_invoices_are_created_read_found_and_voided(world: Joined) -> None:
    created = await world.xero.invoices.create([invoice("A-1"), invoice("A-2")], key="k1")
    again = await world.xero.invoices.create([invoice("A-3"), invoice("A-1")], key="k2")
    ids = [one.invoice_id for one in created]
    read = await world.xero.invoices.read([*ids, "11111111-1111-1111-1111-111111111111"])
    found = await world.xero.invoices.by_numbers(["A-2", "A-9"])
    [voided] = await world.xero.invoices.update([{"InvoiceID": ids[0], "Status": "VOIDED"}], key="k3")

    assert [(one.number, one.reference, one.total) for one in created] == [
        ("A-1", "ghl-A-1", Decimal("20.25")),
        ("A-2", "ghl-A-2", Decimal("20.25")),
    ]
    assert again[0].number == "A-3"
    assert isinstance(again[1], ElementRefused)
    assert "unique" in again[1].messages[0]
    assert {one.invoice_id for one in read} == set(ids)
    assert all(one.lines[0].unit_amount == Decimal("10.125") for one in read)
    assert [one.invoice_id for one in found] == [ids[1]]
    assert (voided.invoice_id, voided.status) == (ids[0], "VOIDED")


async def test_an_answer_that_was_lost_comes_with_the_same_request_and_key(world: Joined) -> None:
    world.fault(FaultKind.DROP_ANSWER, Vendor.XERO, "/Invoices")

    with pytest.raises(OutcomeUnknown):
        await world.xero.invoices.create([invoice("A-1")], key="k1")
    [first] = await world.xero.invoices.create([invoice("A-1")], key="k1")
    found = await world.xero.invoices.by_numbers(["A-1"])

    assert [one.invoice_id for one in found] == [first.invoice_id]


async def test_a_key_that_was_used_for_another_request_can_be_told(world: Joined) -> None:
    await world.xero.invoices.create([invoice("A-1")], key="k1")

    with pytest.raises(KeyReused):
        await world.xero.invoices.create([invoice("A-2")], key="k1")


@pytest.mark.parametrize("name", ["O'Neil & Söhne + Co, (UK)", 'The "Best" Bakery', "Plain"])
async def test_contacts_are_found_by_what_they_are_known_by(world: Joined, name: str) -> None:
    wanted = {"Name": name, "ContactNumber": "ghl/1+1", "EmailAddress": "a+b@example.com"}

    [made] = await world.xero.contacts.create([wanted], key="k1")
    [again] = await world.xero.contacts.create([{"Name": name, "ContactNumber": "ghl-2"}], key="k2")

    for found in (
        await world.xero.contacts.by_name(name),
        await world.xero.contacts.by_email("a+b@example.com"),
        await world.xero.contacts.by_contact_number("ghl/1+1"),
        await world.xero.contacts.read([made.contact_id]),
    ):
        assert [one.contact_id for one in found] == [made.contact_id]
    assert isinstance(again, ElementRefused)


async def test_an_archived_contact_is_found_by_its_number_and_id_alone(world: Joined) -> None:
    [made] = await world.xero.contacts.create([{"Name": "Ann", "ContactNumber": "ghl-1"}], key="k1")
    await world.xero.contacts.update([{"ContactID": made.contact_id, "ContactStatus": "ARCHIVED"}], key="k2")

    assert await world.xero.contacts.by_name("Ann") == []
    for found in (
        await world.xero.contacts.by_contact_number("ghl-1"),
        await world.xero.contacts.read([made.contact_id]),
    ):
        assert [one.status for one in found] == ["ARCHIVED"]


async def test_payments_are_made_and_read_with_their_invoice(world: Joined) -> None:
    [made] = await world.xero.invoices.create([invoice("A-1")], key="k1")
    payment = {"Invoice": {"InvoiceID": made.invoice_id}, "Account": {"Code": "090"}, "Date": "2026-11-03"}

    paid, refused = await world.xero.payments.create(
        [{**payment, "Amount": Decimal("20.00"), "Reference": "GHL txn-1"}, {**payment, "Amount": Decimal("9.00")}],
        key="k2",
    )
    read = await world.xero.payments.read(paid.payment_id)
    [after] = await world.xero.invoices.read([made.invoice_id])

    assert isinstance(refused, ElementRefused)
    assert (read.invoice_id, read.amount, read.reference) == (made.invoice_id, Decimal("20.00"), "GHL txn-1")
    assert (after.amount_due, [one.payment_id for one in after.payments]) == (Decimal("0.25"), [paid.payment_id])
    with pytest.raises(NotFound):
        await world.xero.payments.read("11111111-1111-1111-1111-111111111111")


async def test_the_organisation_is_one_snapshot(world: Joined) -> None:
    organisation = await world.xero.chart.organisation()

    assert organisation.base_currency in organisation.currencies
    assert {"200", "090"} <= {account.code for account in organisation.accounts}
    assert any(rate.can_apply_to_revenue for rate in organisation.tax_rates)


async def test_an_expired_token_is_renewed_in_the_middle_of_a_write(world: Joined) -> None:
    before = world.grants.rows["xero-grant"]
    await world.xero.invoices.by_numbers(["A-1"])
    world.sandbox.xero.tokens.expire_access_tokens()

    await world.xero.invoices.create([invoice("A-1")], key="k1")

    after = world.grants.rows["xero-grant"]
    assert after.previous_refresh_token == before.refresh_token
    assert after.access_token != before.access_token


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_refresh_whose_answer_xero_lost_is_no_disaster(world: Joined, lost: int) -> None:
    world.fault(FaultKind.DROP_ANSWER, Vendor.XERO, "/connect/token", times=lost)
    world.clock.advance(1800)

    for _ in range(lost - 1):
        with pytest.raises(Unavailable):
            await world.xero.invoices.read(["x"])
    await world.xero.invoices.by_numbers(["A-1"])

    assert world.grants.rows["xero-grant"].broken is None


@pytest.mark.parametrize("world", [{"refused_grant": HTTPStatus(status)} for status in (400, 401)], indirect=True)
async def test_a_refresh_whose_answer_highlevel_lost_ends_the_grant(world: Joined) -> None:
    world.fault(FaultKind.DROP_ANSWER, Vendor.GHL, "/oauth/token")
    world.clock.advance(timedelta(days=1).total_seconds())

    for _ in range(2):
        with pytest.raises(Unauthorised) as error:
            await world.ghl.invoices.listed(limit=1)

    assert error.value.reason == Reason.AUTHORISATION_EXPIRED
    assert world.grants.rows["ghl-grant"].broken
    assert sum(call.path == "/oauth/token" for call in world.sandbox.ghl.calls) == 2


async def test_highlevels_token_is_renewed_once_for_all_who_wait(world: Joined) -> None:
    world.clock.advance(timedelta(days=1).total_seconds())

    await asyncio.gather(*(world.ghl.invoices.listed(limit=1) for _ in range(8)))

    assert sum(call.path == "/oauth/token" for call in world.sandbox.ghl.calls) == 1


async def test_an_organisation_that_was_disconnected_is_told_apart(world: Joined) -> None:
    world.sandbox.xero.tokens.disconnect(world.tenant)

    with pytest.raises(Unauthorised) as error:
        await world.xero.invoices.by_numbers(["A-1"])

    assert error.value.reason == Reason.ORGANISATION_DISCONNECTED


async def test_a_missing_scope_is_told_apart(world: Joined) -> None:
    narrow = world.sandbox.xero.tokens.issue("user-2", [world.tenant], [one for one in SCOPES if "payments" not in one])
    row = replace(world.grants.rows["xero-grant"], access_token=narrow.access_token)
    await world.grants.put(row)

    with pytest.raises(Unauthorised) as error:
        await world.xero.payments.read("11111111-1111-1111-1111-111111111111")

    assert error.value.reason == Reason.SCOPE_MISSING


async def patiently(world: Joined, call: Callable[[], Awaitable[object]]) -> float:
    """Make a call, once more after each wait it asks for; return the seconds waited."""
    waited = 0.0
    while True:
        with suppress(Throttled):
            await call()
            return waited
        with pytest.raises(Throttled) as throttled:
            await call()
        waited += throttled.value.retry_after or 1.0
        world.clock.advance(throttled.value.retry_after or 1.0)


async def test_a_minutes_budget_is_used_up_without_one_refusal(world: Joined) -> None:
    waits = [await patiently(world, lambda: world.xero.invoices.by_numbers(["A-1"])) for _ in range(150)]

    assert sum(waited > 0 for waited in waits) == 2
    assert [call.status for call in world.sandbox.xero.calls] == [200] * 150


@pytest.mark.parametrize("world", [{"burst": 25}], indirect=True)
async def test_highlevels_burst_is_used_up_without_one_refusal(world: Joined) -> None:
    waits = [await patiently(world, lambda: world.ghl.invoices.listed(limit=1)) for _ in range(80)]

    assert sum(waits) <= 40
    assert [call.status for call in world.sandbox.ghl.calls] == [200] * 80


async def test_never_more_than_five_calls_at_once_reach_an_organisation(world: Joined) -> None:
    await asyncio.gather(*(world.xero.invoices.by_numbers([f"A-{number}"]) for number in range(40)))

    assert world.sandbox.xero.limits.most_at_once[world.tenant] <= 5
    assert {call.status for call in world.sandbox.xero.calls} == {200}


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        ("minute", Reason.MINUTE_LIMIT),
        ("day", Reason.BUDGET_USED_UP),
        ("concurrent", Reason.MINUTE_LIMIT),
        ("appminute", Reason.APP_LIMIT),
    ],
)
async def test_a_limit_says_which_and_is_obeyed(world: Joined, problem: Any, reason: Reason) -> None:
    world.sandbox.xero.throttle(world.tenant, problem, 3600)

    for _ in range(2):
        with pytest.raises(Throttled) as error:
            await asyncio.wait_for(_advancing(world, world.xero.invoices.by_numbers(["A-1"])), 5)

    assert error.value.reason == reason
    if problem in {"minute", "day"}:
        assert error.value.retry_after == 3600
        assert len(world.sandbox.xero.calls) == 1


async def _advancing(world: Joined, call: Any) -> Any:
    """Wait for a call that may wait in its gate for seconds on a clock that stands still."""
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(_caught(call))
        while not waiting.done():
            await asyncio.sleep(0)
            if world.clock._sleepers:
                world.clock.advance(2)
    if isinstance(waiting.result(), Exception):
        raise waiting.result()
    return waiting.result()


async def _caught(call: Any) -> Any:
    try:
        return await call
    except Throttled as error:
        return error


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        pytest.param(Refusal(503, {}, "The Organisation is offline"), Unavailable, id="offline: nothing was done"),
        pytest.param(Refusal(500, {}, "An unhandled error"), OutcomeUnknown, id="500: who knows"),
        pytest.param(Refusal(503, {}, ""), OutcomeUnknown, id="a 503 without words: who knows"),
    ],
)
async def test_a_failing_xero_is_not_taken_at_more_than_its_word(
    world: Joined, refusal: Refusal, error: type[Exception]
) -> None:
    world.fault(FaultKind.REFUSE, Vendor.XERO, "/Invoices", refusal=refusal)

    with pytest.raises(error):
        await world.xero.invoices.create([invoice("A-1")], key="k1")


def customer(world: Joined) -> str:
    told = {"firstName": "Ada", "lastName": "Byron", "email": "ada@example.com", "phone": "+61255501234"}
    return str(world.sandbox.people.do("contacts", told)["id"])


def sold(world: Joined, contact_id: str, amount: str = "100.10") -> str:
    told = {"contact_id": contact_id, "items": [{"name": "Work", "amount": Decimal(amount)}], "send": True}
    return str(world.sandbox.people.do("invoices", told)["_id"])


@pytest.mark.parametrize(
    ("world", "full_shape"),
    [
        ({"record_payment": RecordPayment.DESCRIPTION}, True),
        ({"record_payment": RecordPayment.COMMUNITY}, True),
        ({"record_payment": RecordPayment.COMMUNITY}, False),
    ],
    indirect=["world"],
)
async def test_a_payment_is_recorded_in_highlevel_and_found_again(world: Joined, full_shape: bool) -> None:
    invoice_id = sold(world, customer(world))

    paid = await world.ghl.invoices.record_payment(
        invoice_id,
        amount=Decimal("40.05"),
        mode="bank_transfer",
        notes="Xero payment pay-1",
        meta={"xero_payment_id": "pay-1"},
        fulfilled_at=datetime(2026, 11, 3, 1, tzinfo=UTC),
        full_shape=full_shape,
    )
    read = await world.ghl.invoices.read(invoice_id)
    [transaction] = await world.ghl.transactions.of_invoice(invoice_id)

    assert (paid.status, paid.amount_paid) == ("partially_paid", Decimal("40.05"))
    assert (read.total, read.amount_due) == (Decimal("100.10"), Decimal("60.05"))
    assert (transaction.amount, transaction.status) == (Decimal("40.05"), "succeeded")


async def test_a_payment_whose_answer_was_lost_is_found_by_looking(world: Joined) -> None:
    invoice_id = sold(world, customer(world))
    world.fault(FaultKind.DROP_ANSWER, Vendor.GHL, "record-payment")

    with pytest.raises(OutcomeUnknown):
        await world.ghl.invoices.record_payment(
            invoice_id,
            amount=Decimal(1),
            mode="cash",
            notes="n",
            meta={},
            fulfilled_at=datetime(2026, 11, 3, tzinfo=UTC),
            full_shape=True,
        )

    assert len(await world.ghl.transactions.of_invoice(invoice_id)) == 1


async def test_all_transactions_of_one_invoice_and_no_others_are_listed(world: Joined) -> None:
    contact = customer(world)
    ours, theirs = sold(world, contact, "500"), sold(world, contact)
    for _ in range(120):
        world.sandbox.people.do("invoices/record-payment", {"id": ours, "amount": Decimal(1)})
    world.sandbox.people.do("invoices/record-payment", {"id": theirs, "amount": Decimal(1)})

    found = await world.ghl.transactions.of_invoice(ours)

    assert len({transaction.id for transaction in found}) == 120


async def test_invoices_of_highlevel_are_listed_in_pages(world: Joined) -> None:
    contact = customer(world)
    made = {sold(world, contact) for _ in range(5)}

    pages = [await world.ghl.invoices.listed(limit=2, offset=offset) for offset in (0, 2, 4, 6)]

    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert {one.id for page in pages for one in page} == made


async def test_contacts_of_highlevel_are_tagged_and_noted_on(world: Joined) -> None:
    contact_id = customer(world)

    await world.ghl.contacts.add_tags(contact_id, ["invoice paid", "vip"])
    await world.ghl.contacts.remove_tags(contact_id, ["vip"])
    await world.ghl.contacts.add_note(contact_id, "Payment pay-1 was reversed in Xero")
    contact = await world.ghl.contacts.read(contact_id)

    assert (contact.first_name, contact.tags) == ("Ada", ("invoice paid",))


@pytest.mark.parametrize("world", [{"missing": HTTPStatus(status)} for status in (404, 400)], indirect=True)
async def test_what_highlevel_does_not_hold_is_not_found(world: Joined) -> None:
    with pytest.raises(NotFound):
        await world.ghl.invoices.read("6578278e879ad2646715ba9c")
    with pytest.raises(NotFound):
        await world.ghl.contacts.read("6578278e879ad2646715ba9c")


async def test_a_busy_highlevel_is_waited_for(world: Joined) -> None:
    world.fault(FaultKind.THROTTLE, Vendor.GHL, "/invoices")

    with pytest.raises(Throttled) as error:
        await world.ghl.invoices.listed(limit=1)

    assert error.value.reason == Reason.MINUTE_LIMIT
