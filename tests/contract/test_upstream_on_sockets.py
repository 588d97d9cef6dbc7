"""What becomes of a call when the network fails under it: the real client on real connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from relay.clock import SystemClock
from relay.upstream.call import Caller, Request
from relay.upstream.errors import OutcomeUnknown, Unavailable, UpstreamError
from relay.upstream.pacing import Gate
from relay.upstream.xero import client as xero
from tests.givens.upstream import FixedTokens
from tests.givens.upstream_settings import upstream_settings

READ = Request("GET /Invoices", "GET", "/Invoices")
WRITE = Request("PUT /Invoices", "PUT", "/Invoices", b'{"Invoices":[]}', key="k")
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def calling(url: str, deadline_s: float = 5.0) -> AsyncIterator[Caller]:
    dialect, clock = xero.dialect(upstream_settings(xero_api_url=url)), SystemClock()
    gate = Gate(dialect.limits, clock, deadline_s=deadline_s)
    async with httpx.AsyncClient(trust_env=False) as http:
        yield Caller(http, dialect, gate, FixedTokens(), clock, grant_id="g", headers={}, deadline_s=deadline_s)


@asynccontextmanager
async def served(peer: Peer) -> AsyncIterator[str]:
    ends: list[asyncio.Event] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(end := asyncio.Event())
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await peer(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        end.set()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with asyncio.timeout(5):
            for end in ends:
                await end.wait()


async def hangs_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


async def says_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def stops_half_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
    await writer.drain()


async def speaks_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"nonsense\r\n\r\n")
    await writer.drain()


async def sends_a_broken_encoding(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope")
    await writer.drain()


async def speaks_no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize(("request_", "error"), [(READ, Unavailable), (WRITE, OutcomeUnknown)], ids=["read", "write"])
@pytest.mark.parametrize(
    "peer", [hangs_up, resets, says_nothing, stops_half_way, speaks_nonsense, sends_a_broken_encoding]
)
async def test_what_was_sent_and_not_answered_may_have_landed(
    peer: Peer, request_: Request, error: type[UpstreamError]
) -> None:
    deadline_s = 0.2 if peer is says_nothing else 5.0
    async with served(peer) as url, calling(url, deadline_s) as caller:
        with pytest.raises(error):
            await caller.send(request_)


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
async def test_a_refused_connection_did_nothing(request_: Request) -> None:
    async with served(hangs_up) as url:
        pass  # closed again: the port is nobody's

    async with calling(url) as caller:
        with pytest.raises(Unavailable):
            await caller.send(request_)


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
async def test_a_failed_handshake_did_nothing(request_: Request) -> None:
    async with served(speaks_no_tls) as url, calling(url.replace("http:", "https:")) as caller:
        with pytest.raises(Unavailable):
            await caller.send(request_)


async def test_a_host_that_is_not_known_did_nothing() -> None:
    async with calling("https://nobody.invalid") as caller:
        with pytest.raises(Unavailable):
            await caller.send(WRITE)
