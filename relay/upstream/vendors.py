"""Both vendors' clients, opened: one connection pool a vendor, one pace a tenant, one caller a tenant and grant."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from relay import __version__
from relay.clock import Clock
from relay.settings import Settings
from relay.store.grants import Grants
from relay.store.leases import Leases
from relay.upstream.call import CONNECT_S, DEADLINE_S, AccessTokens, Caller, Dialect
from relay.upstream.ghl import client as ghl
from relay.upstream.oauth import opened_tokens
from relay.upstream.pacing import Gate
from relay.upstream.ports import GhlClient, XeroClient
from relay.upstream.xero import client as xero

CONNECTIONS: Final = 100  # of one process to one vendor; who finds none free within CONNECT_S tries later


@dataclass(slots=True)
class _Callers:
    """The callers of one vendor. As many as there are connections: they are never forgotten."""

    http: httpx.AsyncClient
    dialect: Dialect
    tokens: AccessTokens
    clock: Clock
    gates: dict[str, Gate] = field(default_factory=dict)
    callers: dict[tuple[str, str], Caller] = field(default_factory=dict)

    def of(self, tenant: str, grant_id: str, headers: Mapping[str, str]) -> Caller:
        """Return the caller of a tenant and grant; grants of one tenant share its pace."""
        if (tenant, grant_id) not in self.callers:
            gate = self.gates.setdefault(tenant, Gate(self.dialect.limits, self.clock, deadline_s=DEADLINE_S))
            self.callers[tenant, grant_id] = Caller(
                self.http, self.dialect, gate, self.tokens, self.clock, grant_id=grant_id, headers=headers
            )
        return self.callers[tenant, grant_id]


class OpenVendors:
    """`ports.Vendors` while their connections are open."""

    def __init__(self, settings: Settings, ghl_callers: _Callers, xero_callers: _Callers) -> None:
        self._settings = settings
        self._ghl = ghl_callers
        self._xero = xero_callers

    def ghl(self, *, location_id: str, grant_id: str) -> GhlClient:
        """Return the clients of a location."""
        return ghl.client(self._ghl.of(location_id, grant_id, ghl.headers(self._settings)), location_id)

    def xero(self, *, tenant_id: str, grant_id: str) -> XeroClient:
        """Return the clients of an organisation."""
        return xero.client(self._xero.of(tenant_id, grant_id, xero.headers(tenant_id)))


@asynccontextmanager
async def opened_vendors(
    settings: Settings,
    grants: Grants,
    leases: Leases,
    clock: Clock,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[OpenVendors]:
    """Yield the clients of both vendors; on leaving, token refreshes under way are stored, then connections close.

    `transport` stands in for the network, for tests and the demo.
    """
    async with _opened_http(transport) as ghl_http, _opened_http(transport) as xero_http:
        endpoints = {
            "ghl": ghl.token_endpoint(settings, ghl_http),
            "xero": xero.token_endpoint(settings, xero_http),
        }
        async with opened_tokens(grants, leases, clock, endpoints) as tokens:
            yield OpenVendors(
                settings,
                _Callers(ghl_http, ghl.dialect(settings), tokens, clock),
                _Callers(xero_http, xero.dialect(settings), tokens, clock),
            )


def _opened_http(transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=transport,
        http2=False,
        trust_env=False,  # nothing but RELAY_* is read from the environment
        follow_redirects=False,  # a token goes nowhere but where it was meant for
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # tenants share the client: keep none
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=20, keepalive_expiry=10.0),
        timeout=httpx.Timeout(DEADLINE_S, connect=CONNECT_S, pool=CONNECT_S),
        headers={"User-Agent": f"ghl-xero-relay/{__version__}"},
    )
