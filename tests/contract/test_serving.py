"""What `served` promises, on a real socket."""

import asyncio
import signal
from typing import Any

import httpx
import pytest

from relay.serving import Receive, Scope, Send, listening, served, served_on

WITHIN_S = 10.0


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()
        self.cancelled = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def ok(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def get(port: int) -> httpx.Response:
    async with httpx.AsyncClient(timeout=WITHIN_S) as client:
        return await client.get(f"http://127.0.0.1:{port}/")


async def test_a_free_port_is_taken_and_told_and_given_back() -> None:
    async with served(ok, "127.0.0.1", 0) as port:
        answer = await get(port)

    assert answer.status_code == 204
    with pytest.raises(httpx.ConnectError):
        await get(port)


async def test_an_answer_says_nothing_of_the_server() -> None:
    async with served(ok, "127.0.0.1", 0) as port:
        answer = await get(port)

    assert not {"server", "date"} & set(answer.headers)


async def test_the_signals_of_the_process_stay_its_own() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]

    async with served(ok, "127.0.0.1", 0):
        inside = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]

    assert inside == before


async def test_a_taken_port_is_an_error_of_the_caller() -> None:
    async with served(ok, "127.0.0.1", 0) as port:
        with pytest.raises(OSError, match="in use"):
            async with served(ok, "127.0.0.1", port):
                pytest.fail("the port was taken twice")


async def test_what_happens_inside_comes_out_as_it_is() -> None:
    with pytest.raises(KeyError, match="mine"):
        async with served(ok, "127.0.0.1", 0):
            raise KeyError("mine")


async def test_what_is_in_flight_is_finished_before_the_end() -> None:
    app = Slow()

    async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as tasks, served(app, "127.0.0.1", 0) as port:
        request = tasks.create_task(get(port))
        await app.asked.wait()
        asyncio.get_running_loop().call_later(0.05, app.go_on.set)

    assert request.result().status_code == 200


async def test_what_does_not_end_is_cut_after_the_deadline_and_answered_by_nothing_good() -> None:
    app = Slow()

    async def outcome(port: int) -> Any:
        try:
            return (await get(port)).status_code
        except httpx.HTTPError as error:
            return error

    async with asyncio.TaskGroup() as tasks, served(app, "127.0.0.1", 0, graceful_s=0.3) as port:
        request = tasks.create_task(outcome(port))
        await app.asked.wait()

    assert app.cancelled
    assert isinstance(request.result(), httpx.HTTPError)


async def test_a_socket_that_listens_already_can_be_served_on() -> None:
    listener = listening("127.0.0.1", 0)

    async with served_on(ok, listener) as port:
        answer = await get(port)

    assert answer.status_code == 204
    assert listener.fileno() == -1
