"""`relay demo`: the whole way on embedded defaults, against simulated vendors, over real HTTP on loopback."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
import uvloop

from relay.cli import output, wiring
from relay.cli.connections import put, validated
from relay.cli.handlers import NAMES, consuming
from relay.cli.operator import OperatorAtHand
from relay.cli.output import CommandFailed, JsonFlag
from relay.cli.process import receiving, serving
from relay.cli.sandbox import relay_environment
from relay.sandbox.app import opened_sandbox
from relay.sandbox.client import SandboxClient
from relay.sandbox.story import STORY, Told, World, played
from relay.serving import App
from relay.settings import Settings, read_settings

WITHIN_S: Final = 15.0
HUMAN_PAUSE_S: Final = 1.5
RETRIES_SCALE: Final = 0.001


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", epilog="Example: relay demo --speed human")(demo)


def demo(
    serve: Annotated[bool, typer.Option("--serve", help="Stay up afterwards, until stopped.")] = False,
    speed: Annotated[str, typer.Option("--speed", help="fast, or human: with pauses to read along.")] = "fast",
    as_json: JsonFlag = False,
) -> None:
    """Play the story of an account on simulated vendors, check each line against their books, show it as a table."""
    if speed not in {"fast", "human"}:
        raise CommandFailed("--speed is fast or human", 2)
    pause_s = HUMAN_PAUSE_S if speed == "human" else 0.0
    with (
        tempfile.TemporaryDirectory(prefix="relay-demo-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        told = runner.run(_told(Path(folder), pause_s=pause_s, serve=serve, as_json=as_json))
    if any(line.failure for line in told):
        raise typer.Exit(1)


async def _told(folder: Path, *, pause_s: float, serve: bool, as_json: bool) -> Sequence[Told]:
    async with demonstrating(folder) as world:
        told: list[Told] = []
        for step in STORY:
            started = wiring.CLOCK.monotonic()
            failure = await played(step, world, WITHIN_S)
            told.append(Told(step, failure, wiring.CLOCK.monotonic() - started, *await world.sides(step.invoice)))
            if not as_json:
                _progress(told[-1], len(told))
            if failure:
                break
            await wiring.CLOCK.sleep(pause_s)
        _show(told, as_json=as_json)
        if serve:
            output.say("The demo stays up; stop it with Ctrl-C.")
            await asyncio.Event().wait()
    return told


@asynccontextmanager
async def demonstrating(folder: Path, around: Callable[[App], App] = lambda vendors: vendors) -> AsyncIterator[World]:
    """Run vendors, receiver and consumers in this process, connected to each other over loopback.

    `around` is given the vendors' app and returns what is served in its place: somebody who listens, say.
    """
    async with (
        opened_sandbox(clock=wiring.CLOCK, time_scale=RETRIES_SCALE) as sandbox,
        serving(around(sandbox.app), "127.0.0.1", 0, "--port") as vendors_port,
    ):
        base_url = f"http://127.0.0.1:{vendors_port}"
        settings = demo_settings(folder, relay_environment(sandbox, base_url))
        stop = asyncio.Event()
        async with (
            wiring.opened_stores(settings) as stores,
            wiring.opened_log(settings) as log,
            SandboxClient(base_url) as client,
        ):
            [connection] = validated(await client.connection())
            await put(stores, connection)
            async with consuming(settings, stores, log, NAMES, stop), receiving(settings, log) as port:
                webhooks = f"http://127.0.0.1:{port}/webhooks"
                await client.targets(ghl=f"{webhooks}/ghl", xero=f"{webhooks}/xero")
                yield World(client, OperatorAtHand(connection.id, stores, log))


def demo_settings(folder: Path, environment: dict[str, str]) -> Settings:
    """Return the settings of the demo: defaults, but for the vendors' addresses and free ports."""
    return read_settings(environment, data_dir=folder / "data", public_host="127.0.0.1", public_port=0, admin_port=0)


def _progress(told: Told, number: int) -> None:
    mark = "✗" if told.failure else "✓"
    output.progress(f"{mark} {number:>2}/{len(STORY)}  {told.step.title} ({told.seconds:.1f} s)")


def _show(told: Sequence[Told], *, as_json: bool) -> None:
    if as_json:
        output.show([_document(line) for line in told])
        return
    output.table(
        "What happened, and what stood then in the books of the simulated vendors",
        ("", "what", "result", "in HighLevel", "in Xero", "s"),
        [
            (
                "✗" if line.failure else "✓",
                line.step.title,
                line.failure or line.step.result,
                line.in_crm,
                line.in_xero,
                f"{line.seconds:.1f}",
            )
            for line in told
        ],
    )
    failed = [line for line in told if line.failure]
    if failed:
        output.say(f"Failed: {failed[0].step.title}: {failed[0].failure}")
    else:
        output.say(f"All {len(told)} lines are as they must be, checked against the simulated vendors' books.")


def _document(line: Told) -> dict[str, object]:
    return {
        "step": line.step.title,
        "ok": not line.failure,
        "result": line.failure or line.step.result,
        "in_highlevel": line.in_crm,
        "in_xero": line.in_xero,
        "seconds": line.seconds,
    }
