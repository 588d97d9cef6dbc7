import asyncio
from contextlib import ExitStack
from typing import Any

import pytest

from relay.webhooks import intake as module
from relay.webhooks.answers import Outcome
from relay.webhooks.intake import Bounds, Gone, Intake, NotTaken, Overloaded, Slow, TooLarge, bounds
from tests.givens.errors_drawn import drawn
from tests.givens.webhooks import Caller, ghl_body, post, receiver, webhook_settings


def of_bounds(**changes: Any) -> Bounds:
    defaults = {"max_body_bytes": 10, "max_in_flight": 3, "max_bytes_in_flight": 25, "read_deadline_s": 2.0}
    return Bounds(**(defaults | changes))


async def read(intake: Intake, *pieces: bytes, declared: bytes | None = None, complete: bool = True) -> bytes:
    with intake.admitted() as load:
        return await load.body(declared, Caller(pieces, complete).receive)


def test_the_errors_are_those_of_the_drawing() -> None:
    assert drawn(module) == {leaf.__name__ for leaf in NotTaken.__subclasses__()}


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"0123456789"], id="one piece, as large as allowed"),
        pytest.param([b"01234", b"56789"], id="two pieces"),
        pytest.param([b"", b"0123456789", b""], id="empty pieces around it"),
        pytest.param([bytes([48 + i]) for i in range(10)], id="a byte at a time"),
    ],
)
@pytest.mark.parametrize("declared", [None, b"10", b"3", b"-5", b"ten", b""])
async def test_a_body_is_returned_whole_whatever_its_length_was_said_to_be(
    pieces: list[bytes], declared: bytes | None
) -> None:
    assert await read(Intake(of_bounds()), *pieces, declared=declared) == b"0123456789"


@pytest.mark.parametrize(
    ("pieces", "declared"),
    [
        pytest.param([b"x" * 11], None, id="no length said"),
        pytest.param([b"x" * 11], b"5", id="a length that lies"),
        pytest.param([b"x" * 6, b"x" * 5], b"chunked", id="in pieces"),
        pytest.param([b"x"] * 11, None, id="a byte too many"),
    ],
)
async def test_a_body_beyond_the_limit_is_refused_while_it_is_read(pieces: list[bytes], declared: bytes | None) -> None:
    with pytest.raises(TooLarge):
        await read(Intake(of_bounds()), *pieces, declared=declared)


@pytest.mark.parametrize("declared", [b"11", b"9" * 18, b"9" * 5000])
async def test_a_body_said_to_be_too_large_is_refused_unread(declared: bytes) -> None:
    caller = Caller([b"x"])

    with pytest.raises(TooLarge), Intake(of_bounds()).admitted() as load:
        await load.body(declared, caller.receive)

    assert caller.asked == 0


async def test_no_more_is_read_than_what_passed_the_limit() -> None:
    caller = Caller([b"x" * 6] * 100)

    with pytest.raises(TooLarge), Intake(of_bounds()).admitted() as load:
        await load.body(None, caller.receive)

    assert caller.asked == 2


async def test_one_request_too_many_is_refused_at_once_and_room_comes_back() -> None:
    intake = Intake(of_bounds())

    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(intake.admitted())
        with pytest.raises(Overloaded):
            intake.admitted()

    assert await read(intake, b"room again") == b"room again"


async def test_bytes_in_flight_are_bounded_over_all_requests() -> None:
    intake = Intake(of_bounds())

    with intake.admitted() as first, intake.admitted() as second:
        await first.body(None, Caller([b"0123456789"]).receive)
        await second.body(None, Caller([b"0123456789"]).receive)
        with pytest.raises(Overloaded):
            await read(intake, b"0123456")
        with pytest.raises(Overloaded):
            await read(intake, b"", declared=b"6")
        fits = await read(intake, b"01234")

    assert fits == b"01234"
    assert (intake.bytes, intake.requests) == (0, 0)


async def test_what_was_held_is_given_back_also_when_reading_fails() -> None:
    intake = Intake(of_bounds(read_deadline_s=0.001))

    for pieces, complete in (([b"x" * 11], True), ([b"x"], False)):
        with pytest.raises(NotTaken):
            await read(intake, *pieces, complete=complete)

    assert (intake.bytes, intake.requests) == (0, 0)


async def test_a_vendor_that_leaves_half_way_is_gone() -> None:
    with pytest.raises(Gone):
        await read(Intake(of_bounds()), b"half", complete=False)


async def test_a_body_that_does_not_end_in_time_is_given_up() -> None:
    with pytest.raises(Slow), Intake(of_bounds(read_deadline_s=0.01)).admitted() as load:
        await load.body(None, asyncio.Event().wait)


@pytest.mark.parametrize("changes", [{"max_body_bytes": 26}, {"max_in_flight": 0}, {"max_body_bytes": 0}])
def test_bounds_that_nothing_fits_into_cannot_be_built(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must fit"):
        of_bounds(**changes)


def test_the_bounds_of_an_installation_are_its_settings() -> None:
    made = bounds(webhook_settings(max_body_bytes=500, max_bytes_in_flight=300, max_in_flight=7, ack_deadline_s=1.5))

    assert made == Bounds(max_body_bytes=300, max_in_flight=7, max_bytes_in_flight=300, read_deadline_s=1.5)


@pytest.mark.parametrize(
    ("bound", "statuses"),
    [
        pytest.param({"max_body_bytes": 20}, (413, 413), id="too large"),
        pytest.param({"max_bytes_in_flight": 20, "max_body_bytes": 20}, (413, 413), id="larger than all in flight"),
    ],
)
async def test_the_answer_to_what_is_not_taken_in(bound: dict[str, int], statuses: tuple[int, int]) -> None:
    app = receiver(**bound)

    answers = [await post(app, path, ghl_body(), {}) for path in ("/webhooks/ghl", "/webhooks/xero")]

    assert tuple(answer.status for answer in answers) == statuses


async def test_overload_and_slowness_make_each_vendor_come_again() -> None:
    full, slow = receiver(), receiver(read_deadline_s=0.001)
    full._intake.requests = 100
    statuses = []

    async def say(message: dict[str, Any]) -> None:
        if "status" in message:
            statuses.append((message["status"], (b"connection", b"close") in message["headers"]))

    for app in (full, slow):
        for path in ("/webhooks/ghl", "/webhooks/xero"):
            await app({"type": "http", "method": "POST", "path": path, "headers": []}, asyncio.Event().wait, say)

    assert statuses == [(429, False), (503, False), (429, True), (503, True)]


def test_every_refusal_has_its_outcome() -> None:
    assert {leaf.outcome for leaf in NotTaken.__subclasses__()} == {
        Outcome.TOO_LARGE,
        Outcome.OVERLOADED,
        Outcome.SLOW,
        Outcome.GONE,
    }
