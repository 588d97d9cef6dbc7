"""`relay serve`: the receiver alone."""

import asyncio

import typer

from relay.cli import wiring
from relay.cli.output import JsonLogsFlag
from relay.cli.process import administered, receiving, run_process
from relay.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", epilog="Example: RELAY_XERO_WEBHOOK_KEYS=... relay serve")(serve)


def serve(as_json: JsonLogsFlag = False) -> None:
    """Receive webhooks on the public port until stopped; a delivery is answered 2xx once it is durable."""
    run_process(_serve, as_json=as_json)


async def _serve(settings: Settings, stop: asyncio.Event) -> None:
    async with (
        wiring.opened_log(settings) as log,
        administered(settings, {"log": log.publisher.ready}),
        receiving(settings, log),
    ):
        await stop.wait()
