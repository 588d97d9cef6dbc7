"""`relay keys`: the keys that encrypt tokens in the database."""

import asyncio

import typer

from relay.cli import output, wiring
from relay.cli.output import JsonFlag
from relay.vault import generate_key, renew_key_file, vault_for

app = typer.Typer(
    name="keys", help="Keys that encrypt tokens.", no_args_is_help=True, epilog="Example: relay keys generate"
)


@app.command("generate", epilog="Example: relay keys generate >> encryption.key")
def generate(as_json: JsonFlag = False) -> None:
    """Print a new key for RELAY_ENCRYPTION_KEYS. Put it first to encrypt with it; keep the old ones behind it."""
    key = generate_key()
    if as_json:
        output.show({"key": key})
    else:
        output.say(key)


@app.command("rotate", epilog="Example: RELAY_ENCRYPTION_KEYS=new,old relay keys rotate")
def rotate(as_json: JsonFlag = False) -> None:
    """Encrypt every token anew: with the first of RELAY_ENCRYPTION_KEYS, else with a new key in the data folder."""
    settings = wiring.settings()
    vault = vault_for(settings) if settings.encryption_keys else renew_key_file(settings)

    async def work() -> int:
        async with wiring.opened_stores(settings) as stores:
            return await stores.grants.rotate_all(vault)

    count = asyncio.run(work())
    if as_json:
        output.show({"rotated": count})
    else:
        output.say(f"{count} grants are encrypted with the first key.")
