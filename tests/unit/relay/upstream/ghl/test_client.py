from relay.upstream.ghl.client import client, dialect, headers, token_endpoint
from tests.givens.upstream import Script, answer, ghl_caller, http
from tests.givens.upstream_settings import upstream_settings


def test_highlevel_lives_where_the_settings_say() -> None:
    settings = upstream_settings(ghl_api_url="http://localhost:1")

    spoken, asked = dialect(settings), token_endpoint(settings, http(Script(answer({}))))

    assert (spoken.vendor, spoken.base_url) == ("ghl", "http://localhost:1")
    assert (asked.url, asked.previous_works, asked.usable) == ("http://localhost:1/oauth/token", False, True)


def test_without_a_secret_the_token_endpoint_is_of_no_use() -> None:
    asked = token_endpoint(upstream_settings(ghl_client_secret=None), http(Script(answer({}))))

    assert not asked.usable


def test_every_call_names_the_version() -> None:
    assert headers(upstream_settings(ghl_api_version="v3")) == {"Version": "v3"}


async def test_clients_of_a_location_ask_for_that_location() -> None:
    vendor = Script(answer({"invoices": [], "data": [], "totalCount": 0}))

    clients = client(ghl_caller(vendor), "loc-7")
    await clients.invoices.listed(limit=1)
    await clients.transactions.of_invoice("inv-1")

    assert all("altId=loc-7" in path for path in vendor.paths)
