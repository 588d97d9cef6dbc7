"""`relay up`: receiver and all consumers in one process, for one-machine installations."""

import asyncio

import typer

from relay.cli import wiring
from relay.cli.handlers import NAMES, consuming
from relay.cli.output import JsonLogsFlag
from relay.cli.process import administered, receiving, run_process
from relay.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up", epilog="Example: RELAY_XERO_WEBHOOK_KEYS=... relay up")(up)


def up(as_json: JsonLogsFlag = False) -> None:
    """Receive webhooks and handle them, all in this process, until stopped."""
    run_process(_up, as_json=as_json)


async def _up(settings: Settings, stop: asyncio.Event) -> None:
    async with (
        wiring.opened_stores(settings) as stores,
        wiring.opened_log(settings) as log,
        consuming(settings, stores, log, NAMES, stop) as checks,
        administered(settings, {"log": log.publisher.ready, **checks}),
        receiving(settings, log),
    ):
        await stop.wait()
