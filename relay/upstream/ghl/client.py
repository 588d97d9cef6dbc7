"""HighLevel, plugged in: where it lives, how it is asked, and one location's clients."""

from collections.abc import Mapping

import httpx

from relay.settings import Settings
from relay.upstream.call import Caller, Dialect
from relay.upstream.ghl import replies
from relay.upstream.ghl.contacts import Contacts
from relay.upstream.ghl.invoices import Invoices
from relay.upstream.ghl.transactions import Transactions
from relay.upstream.pacing import Limits
from relay.upstream.ports import GhlClient
from relay.upstream.token_endpoint import TokenEndpoint


def dialect(settings: Settings) -> Dialect:
    """Return how HighLevel speaks: 100 calls in 10 s per app and location; how many at once nobody says."""
    return Dialect(
        vendor="ghl",
        base_url=settings.ghl_api_url,
        limits=Limits(in_flight=10, window="burst", window_s=10.0),
        said=replies.said,
        token_rejected=replies.token_rejected,
        error_of=replies.error_of,
    )


def token_endpoint(settings: Settings, http: httpx.AsyncClient) -> TokenEndpoint:
    """Return where HighLevel refreshes: everything in the form. No Version header: with v3 the keys are camelCase."""
    name, secret = settings.ghl_client_id, settings.ghl_client_secret
    known = {"client_id": name, "client_secret": secret.get_secret_value()} if name and secret else {}
    return TokenEndpoint(
        vendor="ghl",
        http=http,
        url=f"{settings.ghl_api_url}/oauth/token",
        form={**known, "user_type": "Location"},
        auth=None,
        previous_works=False,
        usable=bool(known),
    )


def headers(settings: Settings) -> Mapping[str, str]:
    """Return what every call carries: without a Version HighLevel answers 401."""
    return {"Version": settings.ghl_api_version}


def client(caller: Caller, location_id: str) -> GhlClient:
    """Return one location's clients."""
    return GhlClient(
        invoices=Invoices(caller, location_id),
        transactions=Transactions(caller, location_id),
        contacts=Contacts(caller),
    )
