"""Serves an ASGI application on a socket, inside the caller's event loop and without touching its signals.

One way for the public port, the admin port, the console and the sandbox. Stands on the lowest floor: it knows nothing
of ours. The loop is the one the process chose (uvloop in ours).
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Vendors' agents keep connections open; who closes first must be they, else a request meets a closed connection.
KEEP_ALIVE_S: Final = 75
HEAD_S: Final = 10.0
HEAD_BYTES: Final = 32_768
LINGER_S: Final = 5.0
_ABANDON_S: Final = 1.0

log = structlog.get_logger()


class _Bounded(HttpToolsProtocol):
    """uvicorn's protocol with what it lacks: an end to a request's head, and to a body that was answered already.

    Whoever sends endless headers, or a byte a minute, would otherwise hold memory and a connection for ever. A body
    that was refused is read away for a moment, because closing at once would reset the connection under our answer.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self._head_bytes = 0
        self._due = self.loop.call_later(HEAD_S, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._due.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        self._give_until(HEAD_S)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._grow(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._due.cancel()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._due.cancel()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.more_body and self.cycle.response_complete:
            self._give_until(LINGER_S)

    def _grow(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > HEAD_BYTES:
            raise ValueError("head of a request too large")  # the parser turns it into a 400 and closes

    def _give_until(self, seconds: float) -> None:
        self._due.cancel()
        self._due = self.loop.call_later(seconds, self.transport.close)


def listening(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Processes that inherit it share its connections.

    Raises:
        OSError: the port is taken or the host is not ours; the caller names the setting.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server((str(address[0]), int(address[1])), family=family, backlog=2048)


@asynccontextmanager
async def served(app: App, host: str, port: int, *, graceful_s: float = 5.0) -> AsyncIterator[int]:
    """Serve while inside, yielding the bound port; at the end take nothing new and finish what is in flight.

    What is not finished `graceful_s` after that is cancelled, and its connection cut without an answer.

    Raises:
        OSError: the port is taken or the host is not ours; the caller names the setting.
    """
    async with served_on(app, listening(host, port), graceful_s=graceful_s) as bound:
        yield bound


@asynccontextmanager
async def served_on(app: App, listener: socket.socket, *, graceful_s: float = 5.0) -> AsyncIterator[int]:
    """As `served`, on a socket that listens already; it is closed at the end."""
    config = uvicorn.Config(
        app,
        http=_Bounded,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",  # a scanner's nonsense is no line of ours
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # `Server.serve` would take over the process's signals; its main loop only refreshes a date header we do not send.
    await server.startup(sockets=[listener])
    try:
        yield int(listener.getsockname()[1])
    finally:
        await _finish(server, listener, graceful_s)


async def _finish(server: uvicorn.Server, listener: socket.socket, graceful_s: float) -> None:
    try:
        async with asyncio.timeout(graceful_s):
            await server.shutdown(sockets=[listener])
    except TimeoutError:
        log.warning("connections.abandoned", connections=len(server.server_state.connections), after_s=graceful_s)
    for connection in list(server.server_state.connections):
        connection.transport.abort()
    if tasks := set(server.server_state.tasks):
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_ABANDON_S)
