import asyncio
from typing import Any

import httpx
import pytest

from relay.clock import FakeClock
from relay.sandbox import postman as module
from relay.sandbox.delivery import Parcel, State, Targets, Vendor
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.postman import Postman
from tests.givens.vendor_hooks import GHL_URL, XERO_URL, Receiver

PARCEL = Parcel("InvoicePaid", b"{}", {"Content-Type": "application/json", "X-GHL-Signature": "s"})
BOTH = Targets(ghl=GHL_URL, xero=XERO_URL)


def postman(receiver: Any, targets: Targets = BOTH) -> Postman:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(receiver))
    return Postman(clock=FakeClock(), ids=Ids(1), http=http, targets=targets)


@pytest.mark.parametrize(
    ("vendor", "receiver", "error"),
    [
        (Vendor.GHL, Receiver([200]), None),
        (Vendor.GHL, Receiver([202], body=b"thanks"), None),
        (Vendor.GHL, Receiver([302]), "status 302"),
        (Vendor.GHL, Receiver([503]), "status 503"),
        (Vendor.GHL, Receiver([None]), "ConnectError"),
        (Vendor.XERO, Receiver([200]), None),
        (Vendor.XERO, Receiver([204]), "Response not 200"),
        (Vendor.XERO, Receiver([401]), "Response not 200"),
        (Vendor.XERO, Receiver([200], body=b"ok"), "Response contains a body"),
        (Vendor.XERO, Receiver([200], headers=((b"set-cookie", b"a=b"),)), "Response contains a cookie"),
    ],
)
async def test_an_answer_counts_as_the_vendor_counts_it(vendor: Vendor, receiver: Receiver, error: str | None) -> None:
    carrier = postman(receiver)
    delivery = carrier.accept(vendor, PARCEL)

    await carrier.attempt(delivery)

    assert delivery.attempts[0].error == error
    assert delivery.state is (State.WAITING if error else State.DELIVERED)
    assert receiver.got[0].body == b"{}"
    assert receiver.got[0].headers["x-ghl-signature"] == "s"


async def test_an_answer_that_does_not_come_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(_scope: Any, _receive: Any, _send: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(module, "TIMEOUT_S", {Vendor.XERO: 0.01})
    carrier = postman(silent)
    delivery = carrier.accept(Vendor.XERO, PARCEL)

    status = await carrier.attempt(delivery)

    assert (status, delivery.attempts[0].error) == (None, "timeout")


async def test_without_an_address_a_delivery_is_lost() -> None:
    carrier = postman(Receiver(), Targets())

    delivery = carrier.accept(Vendor.GHL, PARCEL)
    await carrier.attempt(delivery)

    assert delivery.state is State.LOST
    assert delivery.attempts[0].error == "no address"
    assert carrier.counts()["lost"] == 1


def test_only_the_newest_deliveries_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    carrier = postman(Receiver())

    made = [carrier.accept(Vendor.GHL, PARCEL) for _ in range(3)]

    assert [one.id for one in carrier.deliveries()] == [made[1].id, made[2].id]
    assert carrier.find(made[0].id) is None
    assert carrier.find(made[2].id) is made[2]
