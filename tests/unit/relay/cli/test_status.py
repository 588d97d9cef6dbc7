import asyncio
from dataclasses import replace

from relay.cli import wiring
from relay.store.parked import ParkedState
from tests.givens.runtime import a_parked


def save(*rows):
    async def work():
        async with wiring.opened_stores(wiring.settings()) as stores:
            await stores.parked.save(rows)

    asyncio.run(work())


def test_a_connection_without_trouble_is_in_step(shell):
    shell.connect("acme")

    answer = shell.run("status", "--json")

    assert (answer.code, answer.document[0]["state"]) == (0, "in step")


def test_a_failure_asks_for_attention_and_says_why(shell):
    shell.connect("acme")
    save(replace(a_parked(1), state=ParkedState.DEAD, reason="tax_not_mapped"))

    answer = shell.run("status", "--json")

    assert (answer.code, answer.document[0]["state"], answer.document[0]["why"]) == (3, "attention", "1 tax_not_mapped")


def test_what_waits_is_no_failure(shell):
    shell.connect("acme")
    save(a_parked(1))

    answer = shell.run("status", "--json")

    assert (answer.code, answer.document[0]["state"]) == (0, "waiting")
