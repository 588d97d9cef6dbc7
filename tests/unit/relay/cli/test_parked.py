import asyncio

from relay.cli import wiring
from tests.givens.runtime import a_parked


def test_what_waits_is_listed_with_its_reason_and_time(shell):
    async def save():
        async with wiring.opened_stores(wiring.settings()) as stores:
            await stores.parked.save([a_parked(3)])

    asyncio.run(save())

    [row] = shell.run("parked", "list", "--json").document

    assert (row["reason"], row["connection"]) == ("vendor_away", "acme")
    assert row["not_before"].startswith("2026-11-24")


def test_nothing_waits_at_first(shell):
    assert shell.run("parked", "list").out == "Nothing waits.\n"
