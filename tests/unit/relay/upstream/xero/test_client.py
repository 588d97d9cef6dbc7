from relay.upstream.xero.client import client, dialect, headers, token_endpoint
from tests.givens.upstream import Script, answer, http, xero_caller
from tests.givens.upstream_settings import upstream_settings


def test_xero_lives_where_the_settings_say() -> None:
    settings = upstream_settings(xero_api_url="http://localhost:1", xero_identity_url="http://localhost:2")

    spoken, asked = dialect(settings), token_endpoint(settings, http(Script(answer({}))))

    assert (spoken.vendor, spoken.base_url) == ("xero", "http://localhost:1/api.xro/2.0")
    assert (asked.url, asked.previous_works, asked.usable) == ("http://localhost:2/connect/token", True, True)


def test_xero_bears_five_calls_at_once_per_organisation() -> None:
    limits = dialect(upstream_settings()).limits

    assert (limits.in_flight, limits.window_s) == (5, 60.0)


def test_every_call_names_its_organisation() -> None:
    assert headers("tenant-1") == {"xero-tenant-id": "tenant-1"}


async def test_all_clients_of_an_organisation_share_its_caller() -> None:
    vendor = Script(answer({"Invoices": [], "Contacts": []}))

    clients = client(xero_caller(vendor))
    await clients.invoices.read(["1"])
    await clients.contacts.read(["1"])

    assert len(vendor.requests) == 2
