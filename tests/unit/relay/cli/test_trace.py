import asyncio

from relay.cli import wiring
from tests.givens.runtime import an_event


def test_an_event_that_nobody_handled_yet_is_found_on_the_log(shell):
    event = an_event("inv-1")

    async def publish():
        async with wiring.opened_log(wiring.settings()) as log:
            await log.publisher.publish([event.record()])

    asyncio.run(publish())

    for name in (event.id, event.subject, event.delivery_id):
        [line] = shell.run("trace", name, "--json").document
        assert (line["what"], line["id"]) == ("received", event.id)
        assert "ghl.invoices/0/0" in line["detail"]


def test_an_unknown_id_is_an_error_that_says_where_to_look(shell):
    answer = shell.run("trace", "nobody")

    assert (answer.code, "--days" in answer.err) == (1, True)
