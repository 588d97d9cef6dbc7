"""Connections: a HighLevel location joined to a Xero organisation, with versions of its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.connection_settings import ConnectionSettings


class ConnectionState(StrEnum):
    """Whether its events flow."""

    ACTIVE = "active"
    PAUSED = "paused"
    SETTING_UP = "setting_up"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection. Several may share a tenant, none a location."""

    id: str
    name: str
    location_id: str
    company_id: str | None
    tenant_id: str
    tenant_name: str
    ghl_grant_id: str
    xero_grant_id: str
    state: ConnectionState = ConnectionState.ACTIVE
    settings_version: int = 1


class Connections:
    """Reads and writes connections."""

    async def get(self, connection_id: str) -> Connection | None: ...
    async def all(self) -> Sequence[Connection]: ...
    async def of_location(self, location_id: str) -> Connection | None: ...
    async def of_tenant(self, tenant_id: str) -> Sequence[Connection]: ...
    async def put(self, connection: Connection, settings: Mapping[str, Any], *, by: str) -> None:
        """Insert, or replace by id; settings become a new version when they differ."""

    async def settings(self, connection_id: str) -> tuple[int, ConnectionSettings]:
        """Return the newest version and its settings."""

    async def change_settings(self, connection_id: str, changes: Mapping[str, Any], *, by: str) -> int:
        """Store a new version with these keys replaced (None resets a key to its default); return its number."""
