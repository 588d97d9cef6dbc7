import pytest

from relay.sandbox.app import opened_sandbox
from tests.givens.sandbox_app import whole
from tests.givens.vendor_hooks import Receiver, turned


async def test_each_vendor_is_served_below_its_prefix() -> None:
    async with whole() as world:
        (connection,) = (await world.people.connection())["connections"]
        grants = connection["grants"]
        alt = {"altId": connection["location_id"], "altType": "location", "limit": "10", "offset": "0"}
        xero = {"Authorization": f"Bearer {grants['xero']['access_token']}", "Accept": "application/json"}
        keys = await world.people.keys()
        refresh = {"grant_type": "refresh_token", "refresh_token": grants["xero"]["refresh_token"]}

        async with world.vendor("") as http:
            invoices = await http.get("/ghl/invoices/", params=alt, headers=await world.ghl_headers())
            organisation = await http.get(
                "/xero/api.xro/2.0/Organisation", headers={**xero, "xero-tenant-id": connection["tenant_id"]}
            )
            tenants = await http.get("/xero/connections", headers=xero)
            app = (keys["xero_client_id"], keys["xero_client_secret"])
            refreshed = await http.post("/xero-identity/connect/token", data=refresh, auth=app)

    assert (invoices.status_code, invoices.json()) == (200, {"invoices": [], "total": 0})
    assert organisation.json()["Organisations"][0]["Name"] == connection["tenant_name"]
    assert [tenant["tenantId"] for tenant in tenants.json()] == [connection["tenant_id"]]
    assert refreshed.json()["access_token"]


async def test_both_vendors_fire_at_what_people_do() -> None:
    async with whole() as world:
        await world.invoice()
        await world.people.xero("create_contact", name="Bob")
        await world.people.settled()

    assert sorted(set(world.receiver.paths)) == [
        "/webhooks/ghl/ContactCreate",
        "/webhooks/ghl/InvoiceCreate",
        "/webhooks/ghl/InvoiceSent",
        "/webhooks/xero",
    ]


async def test_the_same_seed_gives_the_same_keys_and_connection() -> None:
    async with whole() as first, whole() as second:
        assert await first.people.keys() == await second.people.keys()
        assert await first.people.connection() == await second.people.connection()


async def test_an_error_inside_comes_out_as_it_is() -> None:
    async with whole() as world:
        clock = world.clock

    with pytest.raises(ZeroDivisionError):
        async with opened_sandbox(clock=clock):
            raise ZeroDivisionError


async def test_closing_ends_what_is_under_way() -> None:
    async with whole(Receiver([500])) as world:
        await world.invoice()
        await turned()
        sandbox = world.sandbox

    assert sandbox.deliveries.unsettled == 0
    assert {one["state"] for one in sandbox.deliveries.report()["deliveries"]} == {"lost"}
