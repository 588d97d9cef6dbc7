"""`relay topics`: what the topics are, and what they must be."""

import asyncio
from collections.abc import Sequence

import typer

from relay.cli import output, wiring
from relay.cli.output import JsonFlag, YesFlag
from relay.log.plan import Change, plan, to_alter, to_create

app = typer.Typer(
    name="topics", help="Create and check topics.", no_args_is_help=True, epilog="Example: relay topics plan"
)


@app.command("plan", epilog="Example: relay topics plan")
def show_plan(as_json: JsonFlag = False) -> None:
    """Show what `apply` would do. Changes nothing; exit code 3 when something is to be done."""
    wanted = asyncio.run(_changes(do=False))
    _print(wanted, as_json=as_json, done=False)
    if wanted:
        raise typer.Exit(output.ATTENTION)


@app.command("apply", epilog="Example: relay topics apply --yes")
def apply_changes(yes: YesFlag = False, as_json: JsonFlag = False) -> None:
    """Create missing topics and mend their configuration; doing it again changes nothing."""
    wanted = asyncio.run(_changes(do=False))
    if wanted:
        if not as_json:
            _print(wanted, as_json=False, done=False)
        output.agreed_if_asked(f"Make {len(wanted)} changes?", yes=yes)
        wanted = asyncio.run(_changes(do=True))
    _print(wanted, as_json=as_json, done=True)


@app.command("list", epilog="Example: relay topics list --json")
def list_topics(as_json: JsonFlag = False) -> None:
    """List our topics as they are, with how many records each holds."""
    settings = wiring.settings()

    async def work() -> list[dict[str, object]]:
        async with wiring.opened_log(settings) as log:
            states = await log.topics.describe()
            bounds = {name: await log.scanner.bounds(name) for name in states}
        return [
            {
                "topic": name,
                "partitions": state.partitions,
                "replicas": state.replication_factor,
                "records": sum(bound.end - bound.first for bound in bounds[name].values()),
            }
            for name, state in sorted(states.items())
        ]

    rows = asyncio.run(work())
    if as_json:
        output.show(rows)
    else:
        output.table(
            "Topics",
            ("topic", "partitions", "replicas", "records"),
            [list(row.values()) for row in rows],
            empty="No topics yet: relay topics apply",
        )


async def _changes(*, do: bool) -> Sequence[Change]:
    settings = wiring.settings()
    async with wiring.opened_log(settings) as log:
        wanted = plan(wiring.topic_specs(settings), await log.topics.describe())
        if do:
            await log.topics.create(to_create(wanted))
            for spec in to_alter(wanted):
                await log.topics.alter(spec)
    return wanted


def _print(wanted: Sequence[Change], *, as_json: bool, done: bool) -> None:
    if as_json:
        output.show({"applied": done, "changes": [change.sentence for change in wanted]})
        return
    for change in wanted:
        output.say(change.sentence)
    if not wanted:
        output.say("All topics are as they must be.")
    elif done:
        output.say(f"{len(wanted)} changes made.")
