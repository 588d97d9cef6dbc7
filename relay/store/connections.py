"""Connections: a HighLevel location joined to a Xero organisation, with versions of its settings."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.clock import Clock
from relay.store.engine import Database
from relay.store.errors import Missing, SettingsRejected
from relay.store.rows import columns_of, values_of
from relay.store.tables import CONNECTION_SETTINGS, CONNECTIONS
from schemas.connection_settings import ConnectionSettings, settings_from


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


@dataclass(frozen=True, slots=True)
class SettingsVersion:
    """One version of a connection's settings as given (defaults left out); never changed, never deleted."""

    connection_id: str
    version: int
    values: Mapping[str, Any]
    by: str
    at: datetime


_READ = select(*columns_of(CONNECTIONS, Connection)).order_by(CONNECTIONS.c.name, CONNECTIONS.c.id)
_VERSIONS = select(*columns_of(CONNECTION_SETTINGS, SettingsVersion)).order_by(CONNECTION_SETTINGS.c.version.desc())
_PRESENT = CONNECTIONS.c.state != ConnectionState.DISCONNECTED.value


class Connections:
    """Reads and writes connections. `of_location` and `of_tenant` know only those that are not disconnected."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, connection_id: str) -> Connection | None:
        """Return a connection in any state."""
        found = await self._read(CONNECTIONS.c.id == connection_id)
        return found[0] if found else None

    async def all(self) -> Sequence[Connection]:
        """Return every connection, disconnected ones included, by name."""
        return await self._read()

    async def of_location(self, location_id: str) -> Connection | None:
        """Return the one connection of a location."""
        found = await self._read(CONNECTIONS.c.location_id == location_id, _PRESENT)
        return found[0] if found else None

    async def of_tenant(self, tenant_id: str) -> Sequence[Connection]:
        """Return the connections that share a tenant, by name."""
        return await self._read(CONNECTIONS.c.tenant_id == tenant_id, _PRESENT)

    async def put(self, connection: Connection, settings: Mapping[str, Any], *, by: str) -> None:
        """Insert, or replace by id; settings become a new version when they differ.

        The number of the version is the store's: `connection.settings_version` is not looked at.

        Raises:
            SettingsRejected: a setting does not fit; nothing is stored.
            Conflict: another connection, not disconnected, has that location.
        """
        values = _checked(settings)
        async with self._database.writing() as transaction:
            newest = await self._locked(transaction, connection.id)
            version = 1 if newest is None else newest.version + (newest.values != values)
            row = values_of(connection) | {"settings_version": version}
            await transaction.execute(self._database.replace(CONNECTIONS), row)
            if newest is None or version != newest.version:
                await self._append(transaction, connection.id, version, values, by)

    async def change_state(self, connection_id: str, state: ConnectionState) -> None:
        """Pause, resume or disconnect.

        Raises:
            Missing: there is no such connection.
            Conflict: its location has been connected anew meanwhile.
        """
        change = update(CONNECTIONS).where(CONNECTIONS.c.id == connection_id).values(state=state.value)
        async with self._database.writing() as transaction:
            if (await transaction.execute(change)).rowcount == 0:
                raise Missing(f"there is no connection {connection_id}")

    async def settings(self, connection_id: str) -> tuple[int, ConnectionSettings]:
        """Return the newest version and its settings.

        Raises:
            Missing: there is no such connection.
            SettingsRejected: they were stored by another version of the relay and do not fit this one.
        """
        async with self._database.reading() as transaction:
            newest = await self._newest(transaction, connection_id)
        if newest is None:
            raise Missing(f"there is no connection {connection_id}")
        return newest.version, _validated(newest.values)

    async def change_settings(self, connection_id: str, changes: Mapping[str, Any], *, by: str) -> int:
        """Store a new version with these keys replaced (None resets a key to its default); return its number.

        Changes that change nothing make no version. Two people changing at once both get theirs, one after the other.

        Raises:
            Missing: there is no such connection.
            SettingsRejected: a key is unknown or a value does not fit; nothing is stored.
        """
        async with self._database.writing() as transaction:
            newest = await self._locked(transaction, connection_id)
            if newest is None:
                raise Missing(f"there is no connection {connection_id}")
            values = _checked({**newest.values, **changes})
            if values == newest.values:
                return newest.version
            version = newest.version + 1
            await self._append(transaction, connection_id, version, values, by)
            change = update(CONNECTIONS).where(CONNECTIONS.c.id == connection_id).values(settings_version=version)
            await transaction.execute(change)
            return version

    async def versions(self, connection_id: str) -> Sequence[SettingsVersion]:
        """Return every version of the settings, newest first."""
        async with self._database.reading() as transaction:
            rows = await transaction.execute(_VERSIONS.where(CONNECTION_SETTINGS.c.connection_id == connection_id))
            return [SettingsVersion(**row) for row in rows.mappings()]

    async def _read(self, *conditions: Any) -> Sequence[Connection]:
        async with self._database.reading() as transaction:
            rows = await transaction.execute(_READ.where(*conditions))
            return [_connection(row) for row in rows.mappings()]

    async def _newest(self, transaction: AsyncConnection, connection_id: str) -> SettingsVersion | None:
        statement = _VERSIONS.where(CONNECTION_SETTINGS.c.connection_id == connection_id).limit(1)
        row = (await transaction.execute(statement)).mappings().first()
        return SettingsVersion(**row) if row else None

    async def _locked(self, transaction: AsyncConnection, connection_id: str) -> SettingsVersion | None:
        # the row is locked, so that on PostgreSQL too the next change reads what this one wrote
        await transaction.execute(select(CONNECTIONS.c.id).where(CONNECTIONS.c.id == connection_id).with_for_update())
        return await self._newest(transaction, connection_id)

    async def _append(
        self, transaction: AsyncConnection, connection_id: str, version: int, values: Mapping[str, Any], by: str
    ) -> None:
        row = SettingsVersion(connection_id, version, values, by, self._clock.now())
        await transaction.execute(CONNECTION_SETTINGS.insert(), values_of(row))


def _connection(row: RowMapping) -> Connection:
    return Connection(**{**row, "state": ConnectionState(row["state"])})


def _validated(values: Mapping[str, Any]) -> ConnectionSettings:
    try:
        return settings_from(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsRejected(".".join(str(part) for part in first["loc"]), first["msg"]) from error


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values in the one form they are stored in: as JSON has them, without those that are None.

    Names are checked before the None go: a misspelt one must not pass in silence.
    """
    for name in values:
        if name not in ConnectionSettings.model_fields:
            nearest = difflib.get_close_matches(name, ConnectionSettings.model_fields, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            raise SettingsRejected(name, f"is no setting of a connection{hint}")
    given = {name: value for name, value in values.items() if value is not None}
    dumped = _validated(given).model_dump(mode="json")
    return {name: dumped[name] for name in given}
