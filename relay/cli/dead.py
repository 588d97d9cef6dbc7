"""`relay dead`: what only a person can free."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import uuid4

import typer

from consumers.runtime.deadletter import redriven
from relay.cli import output, wiring
from relay.cli.output import CommandFailed, JsonFlag, YesFlag
from relay.log.ports import Log
from relay.store.parked import ParkedEvent, ParkedState
from schemas.reasons import Reason
from schemas.wording import words

app = typer.Typer(
    name="dead", help="Dead letters: list, show, send again.", no_args_is_help=True, epilog="Example: relay dead list"
)

ReasonOption = Annotated[str | None, typer.Option("--reason", help="Only those of this reason.")]
ConnectionOption = Annotated[str | None, typer.Option("--connection", help="Only those of this connection.")]


@app.command("list", epilog="Example: relay dead list --reason tax_not_mapped")
def list_dead(reason: ReasonOption = None, connection: ConnectionOption = None, as_json: JsonFlag = False) -> None:
    """List dead letters, oldest first."""
    rows = asyncio.run(_listed(reason, connection))
    if as_json:
        output.show([described(row) for row in rows])
    else:
        output.table(
            "Dead letters",
            ("id", "connection", "subject", "reason", "detail", "since"),
            [(r.id, r.connection_id, r.subject, r.reason, r.detail, r.first_failure) for r in rows],
            empty="Nothing has failed.",
        )


@app.command("show", epilog="Example: relay dead show invoice-push:ghl.invoices/0/17")
def show(letter: str, as_json: JsonFlag = False) -> None:
    """Show one dead letter, by its id, its event's id or its subject: why it failed, and the way out."""
    settings = wiring.settings()

    async def work() -> Sequence[ParkedEvent]:
        async with wiring.opened_stores(settings) as stores:
            return await stores.parked.find(letter)

    rows = asyncio.run(work())
    if not rows:
        raise CommandFailed(f"there is no dead letter {letter!r}; see: relay dead list")
    if as_json:
        output.show([described(row) for row in rows])
        return
    for row in rows:
        output.facts({**described(row), "way out": words(Reason(row.reason), crm=settings.crm_name)})
        output.say("")


@app.command("redrive", epilog="Example: relay dead redrive --reason account_unusable --yes")
def redrive(  # noqa: PLR0917 - typer calls it, by name
    letter: Annotated[
        str | None, typer.Argument(help="Id of one letter; without it all that the options name.")
    ] = None,
    reason: ReasonOption = None,
    connection: ConnectionOption = None,
    all_letters: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
    yes: YesFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Send dead letters through once more, behind live traffic; shows them first. None is ever swallowed."""
    if not (letter or reason or connection or all_letters):
        raise CommandFailed("say which: an id, --reason, --connection or --all", 2)
    rows = asyncio.run(_selected(letter, reason, connection))
    if not rows:
        raise CommandFailed("no dead letter fits; see: relay dead list", 2)
    if not as_json:
        output.table("To send again", ("id", "subject", "reason"), [(r.id, r.subject, r.reason) for r in rows])
    output.agreed(f"Send {len(rows)} again?", yes=yes)
    run_id = f"redrive-{uuid4()}"
    asyncio.run(_redriven(rows, run_id))
    if as_json:
        output.show({"run": run_id, "redriven": [row.id for row in rows]})
    else:
        output.say(f"{len(rows)} sent again as {run_id}. What became of them: relay dead list, relay trace SUBJECT")


def described(row: ParkedEvent) -> dict[str, Any]:
    """Return a row for machines: no body, no headers."""
    return {
        "id": row.id,
        "event": row.ce_id,
        "consumer": row.consumer,
        "connection": row.connection_id,
        "subject": row.subject,
        "state": row.state,
        "reason": row.reason,
        "detail": row.detail,
        "attempts": row.attempts,
        "not_before": row.not_before,
        "first_failure": row.first_failure,
        "last_failure": row.last_failure,
    }


async def _listed(reason: str | None, connection: str | None) -> Sequence[ParkedEvent]:
    if reason is not None and reason not in set(Reason):
        raise CommandFailed(f"{reason!r} is no reason; see deploy/reference/reasons.md", 2)
    async with wiring.opened_stores(wiring.settings()) as stores:
        return await stores.parked.listed(ParkedState.DEAD, reason=reason, connection_id=connection)


async def _selected(letter: str | None, reason: str | None, connection: str | None) -> Sequence[ParkedEvent]:
    if letter is None:
        return await _listed(reason, connection)
    async with wiring.opened_stores(wiring.settings()) as stores:
        found = await stores.parked.find(letter)
    return [row for row in found if row.state is ParkedState.DEAD]


async def _redriven(rows: Sequence[ParkedEvent], run_id: str) -> None:
    settings = wiring.settings()
    async with wiring.opened_stores(settings) as stores, wiring.opened_log(settings) as log:
        await send_again(rows, run_id, stores, log)


async def send_again(rows: Sequence[ParkedEvent], run_id: str, stores: wiring.Stores, log: Log) -> None:
    """Publish letters to their replay lanes, then close their rows: a crash between sends one twice, never none."""
    for row in rows:
        await log.publisher.publish([redriven(row, run_id)])
        await stores.parked.mark(row, ParkedState.REDRIVEN)
