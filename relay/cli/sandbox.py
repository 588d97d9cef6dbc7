"""`relay sandbox`: the simulated vendors alone."""

import asyncio
from typing import Annotated

import typer

from relay.cli import output, wiring
from relay.cli.output import JsonFlag
from relay.cli.process import run_process, serving
from relay.sandbox.app import Sandbox, opened_sandbox
from relay.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sandbox", epilog="Example: relay sandbox --port 8090 --webhooks http://127.0.0.1:8080")(sandbox)


def sandbox(
    port: Annotated[int, typer.Option("--port", help="Port on 127.0.0.1.")] = 8090,
    webhooks: Annotated[
        str, typer.Option("--webhooks", help="Where the relay receives webhooks.")
    ] = "http://127.0.0.1:8080",
    time_scale: Annotated[
        float, typer.Option("--time-scale", help="Factor on the pauses between webhook retries.")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Ids, keys and tokens are a function of it.")] = 1,
    as_json: JsonFlag = False,
) -> None:
    """Serve a simulated HighLevel and Xero until stopped; prints the settings and the connection a relay needs."""

    async def work(_settings: Settings, stop: asyncio.Event) -> None:
        async with (
            opened_sandbox(clock=wiring.CLOCK, seed=seed, time_scale=time_scale) as opened,
            serving(opened.app, "127.0.0.1", port, "--port") as bound,
        ):
            opened.deliveries.targets.ghl = f"{webhooks.rstrip('/')}/webhooks/ghl"
            opened.deliveries.targets.xero = f"{webhooks.rstrip('/')}/webhooks/xero"
            _announce(opened, f"http://127.0.0.1:{bound}", as_json=as_json)
            await stop.wait()

    run_process(work, as_json=as_json)


def _announce(opened: Sandbox, base_url: str, *, as_json: bool) -> None:
    environment = relay_environment(opened, base_url)
    if as_json:
        output.show({"settings": environment, "connection": f"{base_url}/control/connection"})
        return
    for name, value in environment.items():
        output.say(f"{name}={value}")
    output.say(f"# curl -s {base_url}/control/connection | relay connections import - --yes")


def relay_environment(opened: Sandbox, base_url: str) -> dict[str, str]:
    """Return the settings with which a relay works against a sandbox."""
    keys = opened.sheet.keys()
    return {
        "RELAY_XERO_API_URL": f"{base_url}/xero",
        "RELAY_XERO_IDENTITY_URL": f"{base_url}/xero-identity",
        "RELAY_GHL_API_URL": f"{base_url}/ghl",
        "RELAY_GHL_PUBLIC_KEYS": keys["ghl_public_key"].strip().replace("\n", "\\n"),  # one line: it may go into `.env`
        "RELAY_GHL_CLIENT_ID": keys["ghl_client_id"],
        "RELAY_GHL_CLIENT_SECRET": keys["ghl_client_secret"],
        "RELAY_XERO_WEBHOOK_KEYS": keys["xero_webhook_key"],
        "RELAY_XERO_CLIENT_ID": keys["xero_client_id"],
        "RELAY_XERO_CLIENT_SECRET": keys["xero_client_secret"],
    }
