import asyncio
from dataclasses import replace

import pytest

from relay.cli import wiring
from relay.store.parked import ParkedState
from schemas.records import TopicPartition
from tests.givens.runtime import a_parked

LETTER = replace(a_parked(7), state=ParkedState.DEAD, reason="tax_not_mapped", detail="GST 12 %")


@pytest.fixture
def letter(shell):
    async def save():
        async with wiring.opened_stores(wiring.settings()) as stores:
            await stores.parked.save([LETTER])

    asyncio.run(save())
    return LETTER


def replayed():
    async def read():
        async with wiring.opened_log(wiring.settings()) as log:
            bounds = await log.scanner.bounds("ghl.invoices.replay")
            blocks = log.scanner.scan(TopicPartition("ghl.invoices.replay", 0), 0, bounds[0].end)
            return [record async for block in blocks for record in block]

    return asyncio.run(read())


def test_a_letter_is_listed_without_its_body(shell, letter):
    [row] = shell.run("dead", "list", "--json").document

    assert (row["id"], row["reason"], row["detail"]) == (letter.id, "tax_not_mapped", "GST 12 %")
    assert "value" not in row


def test_a_letter_is_shown_with_the_way_out(shell, letter):
    answer = shell.run("dead", "show", letter.subject)

    assert "way out" in answer.out


def test_redriving_publishes_to_the_replay_lane_and_closes_the_row(shell, letter):
    answer = shell.run("dead", "redrive", "--reason", "tax_not_mapped", "--yes", "--json")

    [record] = replayed()
    assert answer.document["redriven"] == [letter.id]
    assert record.value == letter.value
    assert record.header("relay_replay") == answer.document["run"]
    assert shell.run("dead", "list").out == "Nothing has failed.\n"


def test_redriving_asks_first_and_does_nothing_without_an_answer(shell, letter):
    answer = shell.run("dead", "redrive", letter.id)

    assert (answer.code, replayed()) == (2, [])


@pytest.mark.parametrize("arguments", [["--reason", "nonsense"], ["no-such-letter"], ["--connection", "nobody"]])
def test_what_fits_no_letter_is_wrong_usage(shell, letter, arguments):
    assert shell.run("dead", "redrive", *arguments, "--yes").code == 2
