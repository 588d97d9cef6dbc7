"""Xero, plugged in: where it lives, how it is asked, and one organisation's clients."""

from collections.abc import Mapping

import httpx

from relay.settings import Settings
from relay.upstream.call import Caller, Dialect
from relay.upstream.pacing import Limits
from relay.upstream.ports import XeroClient
from relay.upstream.token_endpoint import TokenEndpoint
from relay.upstream.xero import replies
from relay.upstream.xero.chart import Chart
from relay.upstream.xero.contacts import Contacts
from relay.upstream.xero.invoices import Invoices
from relay.upstream.xero.payments import Payments


def dialect(settings: Settings) -> Dialect:
    """Return how Xero speaks: 5 calls at once and 60 a minute per organisation and app."""
    return Dialect(
        vendor="xero",
        base_url=f"{settings.xero_api_url}/api.xro/2.0",
        limits=Limits(in_flight=5, window="minute", window_s=60.0),
        said=replies.said,
        token_rejected=replies.token_rejected,
        error_of=replies.error_of,
    )


def token_endpoint(settings: Settings, http: httpx.AsyncClient) -> TokenEndpoint:
    """Return where Xero refreshes: HTTP Basic with client id and secret."""
    name, secret = settings.xero_client_id, settings.xero_client_secret
    return TokenEndpoint(
        vendor="xero",
        http=http,
        url=f"{settings.xero_identity_url}/connect/token",
        form={},
        auth=(name, secret.get_secret_value()) if name and secret else None,
        previous_works=True,
        usable=bool(name and secret),
    )


def headers(tenant_id: str) -> Mapping[str, str]:
    """Return what every call for an organisation carries."""
    return {"xero-tenant-id": tenant_id}


def client(caller: Caller) -> XeroClient:
    """Return one organisation's clients."""
    return XeroClient(
        invoices=Invoices(caller), contacts=Contacts(caller), payments=Payments(caller), chart=Chart(caller)
    )
