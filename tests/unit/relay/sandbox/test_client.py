from decimal import Decimal

import httpx
import pytest

from relay.sandbox.client import ControlRefused, SandboxClient
from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind
from relay.sandbox.signers import Forgery
from tests.givens.sandbox_app import whole
from tests.givens.vendor_hooks import Receiver


async def test_a_story_can_be_told_with_exact_amounts() -> None:
    async with whole() as world:
        line = {"name": "Design", "amount": Decimal("99.95"), "taxes": [{"_id": "g", "name": "GST", "rate": 10}]}
        invoice = await world.invoice(items=[line])
        await world.people.ghl("invoices/pay", id=invoice["_id"], amount=Decimal("9.95"))
        (held,) = (await world.people.books())["ghl"]["invoices"]

    assert (held["total"], held["amountPaid"], held["amountDue"]) == (
        *(Decimal("109.95"), Decimal("9.95"), Decimal("100.00")),
    )


async def test_the_bookkeeper_is_told_by_name() -> None:
    async with whole() as world:
        contact_id = await world.people.xero("create_contact", name="Bob", EmailAddress="bob@example.com")

    assert contact_id in world.sandbox.xero.books.tenants[world.sandbox.xero.tenant_id].contacts


async def test_faults_throttles_and_their_counts() -> None:
    async with whole() as world:
        await world.people.fault(FaultKind.REFUSE, Vendor.GHL, path="contacts", times=2, refusal={"status": 500})
        (rule,) = await world.people.faults()
        await world.people.clear_faults()
        await world.people.throttle(Vendor.XERO, 60, problem="day")

        assert (rule["kind"], rule["times"], rule["bitten"]) == ("refuse", 2, 0)
        assert await world.people.faults() == []


async def test_deliveries_are_bent_sent_again_and_forged() -> None:
    async with whole() as world:
        await world.people.bend(held=True)
        await world.people.ghl("contacts", firstName="Ada")
        released = await world.people.release(Vendor.GHL, order="reversed")
        await world.people.bend(Vendor.GHL)
        await world.people.settled()
        resent = await world.people.resend()
        (first,) = resent
        await world.people.settled()
        again = await world.people.resend([first])
        await world.people.settled()
        status = await world.people.forge(Vendor.GHL, Forgery.NOT_AVAILABLE)

    assert (released, len(again), status, len(world.receiver.got)) == (1, 1, 200, 4)


async def test_an_intent_to_receive_is_judged() -> None:
    async with whole(Receiver([200, 401, 200, 401])) as world:
        answers = await world.people.intent_to_receive()

    assert [answer["accepted"] for answer in answers] == [True] * 4


async def test_habits_of_highlevel_are_set() -> None:
    async with whole() as world:
        assert (await world.people.ghl_habits(retries="old"))["retries"] == "old"


async def test_a_refusal_says_why() -> None:
    async with whole() as world:
        with pytest.raises(ControlRefused, match="no deed burn"):
            await world.people.xero("burn")


async def test_an_answer_without_json_is_refused() -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(502, text="<html>"))

    async with SandboxClient("http://sandbox/", transport=transport) as people:
        with pytest.raises(ControlRefused, match="502 without JSON"):
            await people.health()


async def test_what_does_not_settle_is_a_timeout() -> None:
    async with whole(Receiver([500])) as world:
        await world.people.ghl("contacts", firstName="Ada")

        with pytest.raises(TimeoutError):
            await world.people.settled(within_s=0.05)
