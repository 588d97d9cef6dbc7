"""What a relay must be told to work against the sandbox: keys, and what `relay connections import` reads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from relay.clock import Clock
from relay.sandbox.deliveries import Deliveries
from relay.sandbox.ghl import HighLevelSandbox
from relay.sandbox.ghl_books import Location
from relay.sandbox.ghl_json import Document, iso
from relay.sandbox.xero import SCOPES, XeroSandbox

# fits the demo organisation's chart: 200 Sales, 090 bank account, 860 Rounding
SETTINGS: Final[Document] = {
    "default_account_code": "200",
    "rounding_account_code": "860",
    "push_payments": True,
    "payment_account_map": {"default": "090"},
    "crm_status": {
        "unpaid": {"add_tags": ["invoice unpaid"]},
        "partially_paid": {"add_tags": ["invoice part paid"]},
        "paid": {"add_tags": ["invoice paid"]},
        "overdue": {"add_tags": ["invoice overdue"]},
        "void": {"add_tags": ["invoice void"]},
        "refunded": {"add_tags": ["invoice refunded"]},
    },
}


@dataclass(frozen=True, slots=True)
class Joined:
    """A location and the organisation that keeps its books."""

    id: str
    location: Location
    tenant_id: str
    tenant_name: str


@dataclass(slots=True)
class ConnectionSheet:
    """All that a relay is told. Every look brings fresh token sets; those given before stay good."""

    clock: Clock
    ghl: HighLevelSandbox
    xero: XeroSandbox
    xero_client_id: str
    xero_client_secret: str
    deliveries: Deliveries
    joined: Sequence[Joined]
    settings: Document = field(default_factory=lambda: dict(SETTINGS))

    @property
    def location_id(self) -> str:
        """Return the first location."""
        return self.joined[0].location.id

    @property
    def tenant_id(self) -> str:
        """Return the first organisation."""
        return self.joined[0].tenant_id

    def connections(self) -> Document:
        """Return what `relay connections import` reads."""
        return {"connections": [self._connection(one) for one in self.joined]}

    def keys(self) -> Document:
        """Return what goes into the settings of a relay: keys of webhooks, ids and secrets of the apps."""
        return {
            "ghl_public_key": self.deliveries.ghl_signer.public_pem,
            "ghl_client_id": self.ghl.access.client_id,
            "ghl_client_secret": self.ghl.access.client_secret,
            "xero_webhook_key": self.deliveries.xero_signer.key,
            "xero_client_id": self.xero_client_id,
            "xero_client_secret": self.xero_client_secret,
        }

    def _connection(self, joined: Joined) -> Document:
        return {
            "id": joined.id,
            "name": joined.location.name,
            "location_id": joined.location.id,
            "company_id": joined.location.company_id,
            "tenant_id": joined.tenant_id,
            "tenant_name": joined.tenant_name,
            "settings": self.settings,
            "grants": {"ghl": self._ghl_grant(joined.location), "xero": self._xero_grant(joined)},
        }

    def _ghl_grant(self, location: Location) -> Document:
        token = self.ghl.access.issue(location.company_id, location.id)
        return {
            "access_token": token.access_token,
            "refresh_token": token.refresh_token,
            "expires_at": iso(token.expires_at),
            "scope": " ".join(token.scopes),
        }

    def _xero_grant(self, joined: Joined) -> Document:
        pair = self.xero.tokens.issue(f"user-{joined.id}", [joined.tenant_id], SCOPES)
        return {
            "access_token": pair.access_token,
            "refresh_token": pair.refresh_token,
            "expires_at": iso(self.clock.now() + timedelta(seconds=pair.expires_in)),
            "scope": pair.scope,
        }
