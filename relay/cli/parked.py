"""`relay parked`: what waits and goes by itself."""

import asyncio
from collections.abc import Sequence

import typer

from relay.cli import output, wiring
from relay.cli.dead import ConnectionOption, ReasonOption, described
from relay.cli.output import JsonFlag
from relay.store.parked import ParkedEvent, ParkedState

app = typer.Typer(name="parked", help="Events that wait.", no_args_is_help=True, epilog="Example: relay parked list")


@app.callback()
def _group() -> None:
    """Events that wait."""


@app.command("list", epilog="Example: relay parked list --connection acme")
def list_parked(reason: ReasonOption = None, connection: ConnectionOption = None, as_json: JsonFlag = False) -> None:
    """List parked events: why each waits, and when it goes on."""

    async def work() -> Sequence[ParkedEvent]:
        async with wiring.opened_stores(wiring.settings()) as stores:
            return await stores.parked.listed(ParkedState.PARKED, reason=reason, connection_id=connection)

    rows = asyncio.run(work())
    if as_json:
        output.show([described(row) for row in rows])
    else:
        output.table(
            "Waiting",
            ("id", "connection", "subject", "reason", "goes on", "detail"),
            [(r.id, r.connection_id, r.subject, r.reason, r.not_before, r.detail) for r in rows],
            empty="Nothing waits.",
        )
