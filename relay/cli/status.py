"""`relay status`: is everything in step, and if not, what."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Annotated, Any

import typer

from relay.cli import output, wiring
from relay.cli.output import JsonFlag
from schemas.reasons import Reason

WATCH_EVERY_S = 2.0
DAY = timedelta(days=1)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", epilog="Example: relay status --json")(status)


def status(
    watch: Annotated[bool, typer.Option("--watch", help="Show it again every two seconds, until stopped.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show each connection: in step or not, and why. Exit code 3 when one needs attention."""
    attention = asyncio.run(_shown(watch=watch, as_json=as_json))
    if attention:
        raise typer.Exit(output.ATTENTION)


async def _shown(*, watch: bool, as_json: bool) -> bool:
    async with wiring.opened_stores(wiring.settings()) as stores:
        while True:
            rows = await _rows(stores)
            if as_json:
                output.show(rows)
            else:
                output.table(
                    "Connections",
                    ("connection", "state", "waiting", "failed", "done in 24 h", "last event", "why"),
                    [
                        [row[key] for key in ("connection", "state", "waiting", "failed", "done", "last_event", "why")]
                        for row in rows
                    ],
                    empty="No account is connected yet: relay connections import FILE",
                )
            if not watch:
                return any(row["state"] == "attention" for row in rows)
            await wiring.CLOCK.sleep(WATCH_EVERY_S)


async def _rows(stores: wiring.Stores) -> list[dict[str, Any]]:
    counts = await stores.parked.counts()
    outcomes = await stores.outcomes.counts(wiring.CLOCK.now() - DAY)
    rows = []
    for connection in await stores.connections.all():
        reasons: Counter[str] = Counter()
        states: Counter[str] = Counter()
        for (owner, state, reason), number in counts.items():
            if owner == connection.id:
                states[state] += number
                reasons[reason] += number
        grants = {
            vendor: await stores.grants.get(grant)
            for vendor, grant in (("CRM", connection.ghl_grant_id), ("Xero", connection.xero_grant_id))
        }
        broken = [vendor for vendor, grant in grants.items() if grant is None or grant.broken]
        why = [f"{vendor}: {Reason.AUTHORISATION_EXPIRED}" for vendor in broken]
        why += [f"{number} {reason}" for reason, number in reasons.most_common()]
        rows.append(
            {
                "connection": connection.id,
                "state": "attention" if states["dead"] or broken else "waiting" if states["parked"] else "in step",
                "waiting": states["parked"],
                "failed": states["dead"],
                "done": outcomes.get((connection.id, "done"), 0),
                "last_event": await stores.outcomes.newest(connection.id),
                "why": ", ".join(why) or "-",
            }
        )
    return rows
