from relay.sandbox.connection import SETTINGS
from schemas.connection_settings import settings_from
from tests.givens.sandbox_app import whole


async def test_a_connection_is_told_whole() -> None:
    async with whole() as world:
        (connection,) = (await world.people.connection())["connections"]

    assert connection.keys() == {
        *("id", "name", "location_id", "company_id", "tenant_id", "tenant_name", "settings", "grants")
    }
    assert {vendor: set(grant) for vendor, grant in connection["grants"].items()} == {
        vendor: {"access_token", "refresh_token", "expires_at", "scope"} for vendor in ("ghl", "xero")
    }


async def test_the_settings_are_some_a_connection_may_have_and_fit_the_chart() -> None:
    async with whole() as world:
        ledger = world.sandbox.xero.books.tenants[world.sandbox.xero.tenant_id]

    settings = settings_from(dict(SETTINGS))
    codes = [settings.default_account_code, settings.rounding_account_code, settings.payment_account_map["default"]]
    assert [account.status for account in map(ledger.account, codes) if account] == ["ACTIVE"] * 3


async def test_tokens_told_before_stay_good_and_those_that_ran_out_are_replaced() -> None:
    async with whole() as world:
        first = await world.ghl_headers()
        await world.people.connection()
        async with world.vendor("/ghl") as http:
            contact = await world.people.ghl("contacts", firstName="Ada")
            good = await http.get(f"/contacts/{contact['id']}", headers=first)
            world.clock.advance(86_400)
            late = await http.get(f"/contacts/{contact['id']}", headers=first)
            fresh = await http.get(f"/contacts/{contact['id']}", headers=await world.ghl_headers())

    assert [good.status_code, late.status_code, fresh.status_code] == [200, 401, 200]
