import asyncio
from dataclasses import replace

import httpx
import pytest

from relay.clock import FakeClock
from relay.upstream.errors import OutcomeUnknown, Throttled, Unavailable
from relay.upstream.vendors import opened_vendors
from tests.givens.upstream import NOON, InMemoryGrants, InMemoryLeases, Script, answer, grant
from tests.givens.upstream_settings import upstream_settings


def opening(vendor, *grants):
    stored = InMemoryGrants(*(grants or (grant(), replace(grant(), id="grant-2"))))
    transport = httpx.MockTransport(vendor)
    return opened_vendors(upstream_settings(), stored, InMemoryLeases(), FakeClock(NOON), transport=transport)


async def test_a_client_calls_with_the_token_of_its_grant() -> None:
    vendor = Script(answer({"Invoices": []}))

    async with opening(vendor) as vendors:
        await vendors.xero(tenant_id="tenant-1", grant_id="grant-1").invoices.read(["1"])

    sent = vendor.requests[0]
    assert sent.url.host == "api.xero.com"
    assert (sent.headers["authorization"], sent.headers["xero-tenant-id"]) == ("Bearer access-0", "tenant-1")
    assert sent.headers["user-agent"].startswith("ghl-xero-relay/")


async def test_highlevel_is_called_at_its_own_address() -> None:
    vendor = Script(answer({"invoices": []}))

    async with opening(vendor, grant(vendor="ghl")) as vendors:
        await vendors.ghl(location_id="loc-1", grant_id="grant-1").invoices.listed(limit=1)

    assert vendor.requests[0].url.host == "services.leadconnectorhq.com"


async def test_connections_of_one_organisation_share_its_pace() -> None:
    vendor = Script(answer({}, 429, retry_after="50", x_rate_limit_problem="minute"))

    async with opening(vendor) as vendors:
        for grant_id in ("grant-1", "grant-2", "grant-1"):
            with pytest.raises(Throttled):
                await vendors.xero(tenant_id="tenant-1", grant_id=grant_id).invoices.read(["1"])
        with pytest.raises(Throttled):
            await vendors.xero(tenant_id="tenant-2", grant_id="grant-1").invoices.read(["1"])

    assert [sent.headers["xero-tenant-id"] for sent in vendor.requests] == ["tenant-1", "tenant-2"]


async def test_one_organisation_gets_five_calls_at_once_from_all_its_clients() -> None:
    running, most, turn = 0, 0, asyncio.Event()

    async def slow(_: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 5:
            turn.set()
        await turn.wait()
        running -= 1
        return answer({"Invoices": []})

    async with opening(slow) as vendors, asyncio.TaskGroup() as tasks:
        for number in range(12):
            clients = vendors.xero(tenant_id="tenant-1", grant_id=f"grant-{1 + number % 2}")
            tasks.create_task(clients.invoices.read(["1"]))

    assert most == 5


async def test_a_token_never_follows_a_redirect() -> None:
    vendor = Script(httpx.Response(307, headers={"location": "https://elsewhere.example/"}))

    async with opening(vendor) as vendors:
        clients = vendors.xero(tenant_id="tenant-1", grant_id="grant-1")
        with pytest.raises(Unavailable):
            await clients.invoices.read(["1"])
        with pytest.raises(OutcomeUnknown):
            await clients.invoices.create([{"InvoiceNumber": "1"}], key="k")

    assert {sent.url.host for sent in vendor.requests} == {"api.xero.com"}


async def test_no_cookie_passes_from_one_organisation_to_another() -> None:
    vendor = Script(answer({"Invoices": []}, set_cookie="session=of-tenant-1; Path=/"))

    async with opening(vendor) as vendors:
        for tenant in ("tenant-1", "tenant-2"):
            await vendors.xero(tenant_id=tenant, grant_id="grant-1").invoices.read(["1"])

    assert not any("cookie" in sent.headers for sent in vendor.requests)
