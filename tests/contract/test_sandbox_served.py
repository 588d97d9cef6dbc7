"""The sandbox on real sockets: webhooks arrive over HTTP, and a cut connection is a cut connection."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from relay.clock import SystemClock
from relay.sandbox.app import opened_sandbox
from relay.sandbox.client import SandboxClient
from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind
from relay.serving import served
from tests.givens.sandbox_app import LINES, PERSON
from tests.givens.vendor_hooks import Receiver

HOST = "127.0.0.1"


@dataclass
class World:
    url: str
    people: SandboxClient
    receiver: Receiver


@asynccontextmanager
async def world(receiver: Receiver) -> AsyncIterator[World]:
    async with (
        opened_sandbox(clock=SystemClock(), time_scale=0.0001) as sandbox,
        served(sandbox.app, HOST, 0) as port,
        served(receiver, HOST, 0) as hooks,
        SandboxClient(f"http://{HOST}:{port}") as people,
    ):
        await people.targets(ghl=f"http://{HOST}:{hooks}/webhooks/ghl", xero=f"http://{HOST}:{hooks}/webhooks/xero")
        yield World(f"http://{HOST}:{port}", people, receiver)


def receiver(*statuses: int | None) -> Receiver:
    return Receiver(list(statuses), headers=((b"content-length", b"0"),))


async def sent_invoice(people: SandboxClient) -> Any:
    person = await people.ghl("contacts", **PERSON)
    return await people.ghl("invoices", contact_id=person["id"], items=LINES, send=True)


async def test_webhooks_arrive_over_http_and_are_tried_again() -> None:
    async with world(receiver(503, 200)) as here:
        await sent_invoice(here.people)
        await here.people.xero("create_contact", name="Bob")
        await here.people.settled()

        counts = (await here.people.deliveries())["counts"]

    kinds = {json.loads(one.body).get("type", "xero") for one in here.receiver.got}
    assert (counts["delivered"], counts["given_up"]) == (4, 0)
    assert kinds == {"ContactCreate", "InvoiceCreate", "InvoiceSent", "xero"}
    assert len(here.receiver.got) == 5


@pytest.mark.parametrize(("kind", "transactions"), [(FaultKind.DROP_ANSWER, 1), (FaultKind.HANG, 0)])
async def test_a_cut_connection_brings_not_a_byte(kind: FaultKind, transactions: int) -> None:
    async with world(receiver(200)) as here:
        invoice = await sent_invoice(here.people)
        (connection,) = (await here.people.connection())["connections"]
        await here.people.fault(kind, Vendor.GHL, method="POST", path="record-payment$", seconds=0.01)
        headers = {
            "Version": "2021-07-28",
            "Authorization": f"Bearer {connection['grants']['ghl']['access_token']}",
        }
        payment = {
            "altId": connection["location_id"],
            "altType": "location",
            "mode": "cash",
            "card": {"brand": "", "last4": ""},
            "cheque": {"number": ""},
            "notes": "",
            "amount": 21,
        }

        async with httpx.AsyncClient(base_url=f"{here.url}/ghl", headers=headers, trust_env=False) as http:
            with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
                await http.post(f"/invoices/{invoice['_id']}/record-payment", json=payment)
        (rule,) = await here.people.faults()
        books = await here.people.books()

    assert (rule["bitten"], len(books["ghl"]["transactions"])) == (1, transactions)


async def test_it_closes_while_deliveries_fail() -> None:
    async with world(receiver(500)) as here:
        await sent_invoice(here.people)

    assert here.receiver.got
