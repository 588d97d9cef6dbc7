"""`relay db`: the database's schema."""

import asyncio

import typer

from relay.cli import output, wiring
from relay.cli.output import JsonFlag
from relay.store import schema
from relay.store.engine import opened_database

app = typer.Typer(name="db", help="The database's schema.", no_args_is_help=True, epilog="Example: relay db check")


@app.command("upgrade", epilog="Example: relay db upgrade")
def upgrade(as_json: JsonFlag = False) -> None:
    """Bring the database up to this version of the relay; doing it again changes nothing."""
    _report(asyncio.run(_with_database("upgrade")), as_json=as_json)


@app.command("current", epilog="Example: relay db current")
def current(as_json: JsonFlag = False) -> None:
    """Show which version the database is at."""
    _report(asyncio.run(_with_database("current")), as_json=as_json)


@app.command("check", epilog="Example: relay db check")
def check(as_json: JsonFlag = False) -> None:
    """Compare the database with what this version needs; exit code 3 when it must be upgraded."""
    words = asyncio.run(_with_database("check"))
    _report(words, as_json=as_json)
    if words != "up to date":
        raise typer.Exit(output.ATTENTION)


async def _with_database(deed: str) -> str:
    async with opened_database(wiring.database_url(wiring.settings())) as database:
        match deed:
            case "upgrade":
                await schema.upgrade(database)
                return f"at {await schema.current(database)}"
            case "current":
                version = await schema.current(database)
                return f"at {version}" if version else "empty; see: relay db upgrade"
            case _:
                differences = await schema.check(database)
                return "; ".join(differences) or "up to date"


def _report(words: str, *, as_json: bool) -> None:
    if as_json:
        output.show({"database": words})
    else:
        output.say(f"Database: {words}.")
