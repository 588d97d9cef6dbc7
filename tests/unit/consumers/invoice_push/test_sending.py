from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from consumers.invoice_push.sending import Order, Sender
from relay.clock import FakeClock
from relay.store.writes import Writes
from relay.upstream.call import Request
from relay.upstream.errors import KeyReused, OutcomeUnknown, Refused
from relay.upstream.ports import ElementRefused, Json
from schemas import money
from tests.givens.invoice_push import opened_database_of


@dataclass
class Desk:
    """A vendor's desk that answers what it is told to, and remembers under which keys it was asked."""

    writes: Writes
    answers: list[Any] = field(default_factory=lambda: ["done"])
    keys: list[str] = field(default_factory=list)
    rows_when_asked: list[int] = field(default_factory=list)

    async def __call__(self, elements: Sequence[Json], *, key: str) -> Sequence[Any]:
        self.keys.append(key)
        self.rows_when_asked.append(len(await self.writes.find("link-1")))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return [answer]

    def order(self, amount: int = 1) -> Order[str]:
        return Order("tenant-1", "link-1", {"Amount": amount}, _request, self)


def _request(elements: Sequence[Json], key: str) -> Request:
    return Request("PUT /Things", "PUT", "/Things", money.dumps(list(elements)), key)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened_database_of(tmp_path) as database:
        yield Desk(Writes(database))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sender(desk: Desk, clock: FakeClock) -> Sender:
    return Sender(desk.writes, clock)


async def test_the_row_is_there_before_the_request(desk: Desk, sender: Sender) -> None:
    assert await sender.send(desk.order()) == "done"

    assert desk.rows_when_asked == [1]
    [row] = await desk.writes.find("link-1")
    assert (row.key, row.body, row.path, row.answered_at) == (desk.keys[0], b'[{"Amount":1}]', "/Things", None)


async def test_while_the_answer_is_unknown_the_same_request_has_the_same_key(desk: Desk, sender: Sender) -> None:
    desk.answers = [OutcomeUnknown("lost"), "done"]

    with pytest.raises(OutcomeUnknown):
        await sender.send(desk.order())
    await sender.send(desk.order())

    assert desk.keys[0] == desk.keys[1]


async def test_what_has_its_answer_is_asked_anew_under_a_new_key(desk: Desk, sender: Sender, clock: FakeClock) -> None:
    for _ in range(3):
        await sender.send(desk.order())
        await sender.settled("link-1")
        clock.advance(1)

    assert len(set(desk.keys)) == 3


async def test_another_request_has_another_key(desk: Desk, sender: Sender) -> None:
    await sender.send(desk.order(1))
    await sender.send(desk.order(2))

    assert len(set(desk.keys)) == 2


async def test_a_success_stays_open_until_it_is_stored(desk: Desk, sender: Sender) -> None:
    await sender.send(desk.order(1))
    await sender.send(desk.order(2))
    before = await desk.writes.open_of("link-1")

    await sender.settled("link-1")

    assert before is not None
    assert await desk.writes.open_of("link-1") is None


@pytest.mark.parametrize(
    "answer", [ElementRefused(("No.",)), Refused(("No.",))], ids=["the element", "the whole request"]
)
async def test_a_refusal_is_an_answer(desk: Desk, sender: Sender, answer: Any) -> None:
    desk.answers = [answer]

    assert await sender.send(desk.order()) == ElementRefused(("No.",))
    assert await desk.writes.open_of("link-1") is None


async def test_a_key_that_did_something_else_is_looked_into_and_never_used_again(desk: Desk, sender: Sender) -> None:
    desk.answers = [KeyReused(("used",)), "done"]

    with pytest.raises(OutcomeUnknown):
        await sender.send(desk.order())
    await sender.send(desk.order())

    assert len(set(desk.keys)) == 2
