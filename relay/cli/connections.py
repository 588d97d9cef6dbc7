"""`relay connections`: locations joined to Xero organisations, and their settings (YAML in and out)."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relay.cli import output, wiring
from relay.cli.output import CommandFailed, JsonFlag, YesFlag
from relay.store.connections import Connection, ConnectionState
from relay.store.grants import Grant
from schemas.connection_settings import ConnectionSettings, settings_from

app = typer.Typer(
    name="connections",
    help="Connections and their settings.",
    no_args_is_help=True,
    epilog="Example: relay connections list",
)

BY = "command line"


class ImportedGrant(BaseModel):
    """A token set as a YAML file gives it; without `expires_at` the access token is refreshed at first use."""

    model_config = ConfigDict(extra="forbid")

    access_token: str = ""
    refresh_token: str
    expires_at: datetime | None = None
    scope: str = ""


class ImportedConnection(BaseModel):
    """A connection as a YAML file gives it."""

    model_config = ConfigDict(extra="forbid")

    id: str
    name: str
    location_id: str
    company_id: str | None = None
    tenant_id: str
    tenant_name: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    grants: dict[str, ImportedGrant] = Field(default_factory=dict)


@app.command("list", epilog="Example: relay connections list")
def list_connections(as_json: JsonFlag = False) -> None:
    """List every connection."""
    settings = wiring.settings()

    async def work() -> list[Connection]:
        async with wiring.opened_stores(settings) as stores:
            return list(await stores.connections.all())

    found = asyncio.run(work())
    if as_json:
        output.show([asdict(connection) for connection in found])
    else:
        output.table(
            "Connections",
            ("id", "name", "location", "books in", "state", "settings"),
            [(c.id, c.name, c.location_id, c.tenant_name, c.state, f"v{c.settings_version}") for c in found],
            empty="No account is connected yet: relay connections import FILE",
        )


@app.command("show", epilog="Example: relay connections show acme")
def show(connection: str, as_json: JsonFlag = False) -> None:
    """Show one connection with the settings that are not at their default."""
    settings = wiring.settings()

    async def work() -> tuple[Connection, int, ConnectionSettings]:
        async with wiring.opened_stores(settings) as stores:
            found = await known(stores, connection)
            return found, *await stores.connections.settings(found.id)

    found, version, chosen = asyncio.run(work())
    if as_json:
        output.show({**asdict(found), "settings": chosen.model_dump(mode="json")})
        return
    output.facts({**asdict(found), "settings_version": version})
    output.say("")
    output.facts(chosen.model_dump(mode="json", exclude_defaults=True))


@app.command("set", epilog="Example: relay connections set acme default_account_code=200 push_payments=true")
def set_values(connection: str, values: list[str], as_json: JsonFlag = False) -> None:
    """Change settings of a connection; KEY= sets a key back to its default. Each change is a new version."""
    settings = wiring.settings()
    changes = dict(changed(text) for text in values)

    async def work() -> int:
        async with wiring.opened_stores(settings) as stores:
            found = await known(stores, connection)
            return await stores.connections.change_settings(found.id, changes, by=BY)

    version = asyncio.run(work())
    if as_json:
        output.show({"connection": connection, "version": version})
    else:
        output.say(
            f"{connection}: settings are at version {version}. What failed before goes on with: relay dead redrive"
        )


@app.command("export", epilog="Example: relay connections export > connections.yaml")
def export(as_json: JsonFlag = False) -> None:
    """Print every connection with its settings as YAML; tokens stay here."""
    settings = wiring.settings()

    async def work() -> list[dict[str, Any]]:
        async with wiring.opened_stores(settings) as stores:
            exported = []
            for connection in await stores.connections.all():
                _, chosen = await stores.connections.settings(connection.id)
                exported.append(
                    {
                        "id": connection.id,
                        "name": connection.name,
                        "location_id": connection.location_id,
                        "company_id": connection.company_id,
                        "tenant_id": connection.tenant_id,
                        "tenant_name": connection.tenant_name,
                        "settings": chosen.model_dump(mode="json", exclude_defaults=True),
                    }
                )
            return exported

    document = {"connections": asyncio.run(work())}
    if as_json:
        output.show(document)
    else:
        yaml.safe_dump(document, sys.stdout, sort_keys=False, allow_unicode=True)


@app.command("import", epilog="Example: relay connections import connections.yaml --yes")
def import_file(
    file: Annotated[Path, typer.Argument(help="YAML file; - reads standard input.")],
    yes: YesFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Put connections into the store, with both token sets where the file has them; shows them first."""
    settings = wiring.settings()
    imported = parsed(_text_of(file))
    if not as_json:
        output.table(
            "To import",
            ("id", "name", "location", "tenant", "token sets"),
            [(c.id, c.name, c.location_id, c.tenant_id, ", ".join(sorted(c.grants)) or "kept") for c in imported],
        )
    output.agreed_if_asked(f"Import {len(imported)} connections?", yes=yes)

    async def work() -> None:
        async with wiring.opened_stores(settings) as stores:
            for connection in imported:
                await put(stores, connection)

    asyncio.run(work())
    if as_json:
        output.show({"imported": [connection.id for connection in imported]})
    else:
        output.say(f"{len(imported)} connections imported. What waited for them goes by itself within a minute.")


def _text_of(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"cannot read {file}: name a YAML file, or - for standard input", 2) from error


def parsed(text: str) -> list[ImportedConnection]:
    """Return the connections of a YAML text.

    Raises:
        CommandFailed: it is no YAML, or a key is unknown or missing.
    """
    try:
        return validated(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise CommandFailed(f"not YAML: {error}", 2) from error


def validated(document: Any) -> list[ImportedConnection]:
    """Return the connections of a document in the shape of `relay connections export`.

    Raises:
        CommandFailed: a key is unknown or missing, or a value does not fit.
    """
    try:
        connections = [ImportedConnection.model_validate(entry) for entry in document["connections"]]
        for connection in connections:
            settings_from(connection.settings)
    except ValidationError as error:
        first = error.errors()[0]
        raise CommandFailed(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}", 2) from error
    except (KeyError, TypeError) as error:
        raise CommandFailed("not a file of connections; see: relay connections export", 2) from error
    return connections


async def put(stores: wiring.Stores, imported: ImportedConnection) -> None:
    """Store a connection, its settings and its token sets."""
    grants = {"ghl": f"ghl:{imported.location_id}", "xero": f"xero:{imported.tenant_id}"}
    for vendor, grant in imported.grants.items():
        if vendor not in grants:
            raise CommandFailed(f"{imported.id}: grants of {vendor!r} are not known, only ghl and xero", 2)
        await stores.grants.put(
            Grant(
                id=grants[vendor],
                vendor="ghl" if vendor == "ghl" else "xero",
                access_token=grant.access_token,
                refresh_token=grant.refresh_token,
                expires_at=grant.expires_at or wiring.CLOCK.now() - timedelta(seconds=1),
                scope=grant.scope,
            )
        )
    connection = Connection(
        id=imported.id,
        name=imported.name,
        location_id=imported.location_id,
        company_id=imported.company_id,
        tenant_id=imported.tenant_id,
        tenant_name=imported.tenant_name,
        ghl_grant_id=grants["ghl"],
        xero_grant_id=grants["xero"],
        state=ConnectionState.ACTIVE,
    )
    await stores.connections.put(connection, imported.settings, by=BY)


async def known(stores: wiring.Stores, connection: str) -> Connection:
    """Return a connection by its id.

    Raises:
        CommandFailed: there is none.
    """
    found = await stores.connections.get(connection)
    if found is None:
        raise CommandFailed(f"there is no connection {connection!r}; see: relay connections list")
    return found


def changed(text: str) -> tuple[str, Any]:
    """Return key and value of a KEY=VALUE.

    Raises:
        CommandFailed: it is none, or the key is no setting.
    """
    key, separator, value = text.partition("=")
    if not separator:
        raise CommandFailed(f"{text!r} is not KEY=VALUE", 2)
    if key not in ConnectionSettings.model_fields:
        raise CommandFailed(f"{key!r} is no setting of a connection; see: relay settings --reference", 2)
    return key, _value(value)


def _value(text: str) -> Any:
    """Read a value as YAML, so that lists, maps and booleans can be given; codes like 090 stay text."""
    if not text:
        return None
    if text[0] in "[{" or text in {"true", "false"}:
        value = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes text, lists and maps only
        if not isinstance(value, (str, list, Mapping)):
            raise CommandFailed(f"{text!r} is not a value", 2)
        return value
    return text
