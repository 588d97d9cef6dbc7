"""`relay consume`: the consumers."""

import asyncio
from typing import Annotated

import typer

from relay.cli import wiring
from relay.cli.handlers import NAMES, consuming
from relay.cli.output import CommandFailed, JsonLogsFlag
from relay.cli.process import administered, run_process
from relay.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("consume", epilog="Example: relay consume invoice-push payment-sync")(consume)


def consume(
    names: Annotated[list[str] | None, typer.Argument(help="Consumers to run; all when none is named.")] = None,
    as_json: JsonLogsFlag = False,
) -> None:
    """Run consumers until stopped: invoice-push (CRM to Xero) and payment-sync (Xero to CRM)."""
    wanted = tuple(names or NAMES)
    if unknown := [name for name in wanted if name not in NAMES]:
        raise CommandFailed(f"there is no consumer {unknown[0]!r}; there are: {', '.join(NAMES)}", 2)

    async def work(settings: Settings, stop: asyncio.Event) -> None:
        async with (
            wiring.opened_stores(settings) as stores,
            wiring.opened_log(settings) as log,
            consuming(settings, stores, log, wanted, stop) as checks,
            administered(settings, checks),
        ):
            await stop.wait()

    run_process(work, as_json=as_json)
