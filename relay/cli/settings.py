"""`relay settings`: what holds, and where each value came from."""

import os
from typing import Annotated

import typer

from relay.cli import output, wiring
from relay.cli.output import JsonFlag
from relay.cli.reference import settings_reference
from relay.settings import PREFIX, SECRET_NAMES, Settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings", epilog="Example: relay settings --json")(show_settings)


def show_settings(
    reference: Annotated[bool, typer.Option("--reference", help="Print the reference of all settings.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the effective settings with their source; secrets are masked."""
    if reference:
        output.say(settings_reference())
        return
    settings, environment = wiring.settings(), wiring.environment()
    rows = [
        (f"{PREFIX}{name.upper()}", _masked(settings, name), _source(name, environment))
        for name in Settings.model_fields
    ]
    if as_json:
        output.show([{"name": name, "value": value, "source": source} for name, value, source in rows])
    else:
        output.table("Settings", ("name", "value", "source"), rows)


def _masked(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if name in SECRET_NAMES:
        return "********" if value else "-"
    if name.endswith("_keys"):
        return f"{len(value)} key(s)"
    return "-" if value is None else str(value)


def _source(name: str, environment: dict[str, str]) -> str:
    variable = f"{PREFIX}{name.upper()}"
    if variable in os.environ:
        return "environment"
    if f"{variable}_FILE" in environment:
        return "file"
    return ".env" if variable in environment else "default"
