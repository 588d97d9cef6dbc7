"""Settings with which the vendors' clients can be built."""

from typing import Any

from relay.settings import Settings, read_settings


def upstream_settings(**changes: Any) -> Settings:
    values = {
        "xero_client_id": "xero-client",
        "xero_client_secret": "xero-secret",
        "ghl_client_id": "app-client",
        "ghl_client_secret": "ghl-secret",
    }
    return read_settings({}, **(values | changes))
