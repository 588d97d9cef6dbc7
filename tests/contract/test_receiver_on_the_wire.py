"""The receiver behind its real server, to clients that lie about their bodies, trickle, or leave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from relay import serving
from relay.serving import served
from relay.telemetry.metrics import DELIVERIES
from tests.givens.log import ListPublisher
from tests.givens.webhooks import XERO_EVENT, ed25519, ghl_body, receiver, xero_body, xero_hmac

WITHIN_S = 10.0
XERO = xero_body(XERO_EVENT)
SIGNED = b"x-xero-signature: " + xero_hmac(XERO)


@asynccontextmanager
async def running(publisher: ListPublisher, **bounds: float) -> AsyncIterator[int]:
    async with served(receiver(publisher, **bounds), "127.0.0.1", 0, graceful_s=1.0) as port:
        yield port


async def said(port: int, *pieces: bytes, leave: bool = False) -> bytes:
    """Send raw bytes; return what came back up to the end of the headers, or of the connection."""
    async with asyncio.timeout(WITHIN_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if leave:
                return b""
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            return error.partial
        finally:
            writer.close()


def request(path: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"POST " + path + b" HTTP/1.1", b"host: relay", *headers, b"", b""])


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


async def test_a_chunked_body_is_taken() -> None:
    publisher = ListPublisher()

    async with running(publisher) as port:
        answer = await said(port, request(b"/webhooks/xero", SIGNED, b"transfer-encoding: chunked"), chunked(XERO, 7))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert len(publisher.records) == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param([b"content-length: 5000000"], b"x" * 1000, id="said to be too large, and not sent"),
        pytest.param([b"transfer-encoding: chunked"], chunked(b"x" * 300_000, 1000), id="no length said"),
        pytest.param([b"content-length: 3000000"], b"x" * 3_000_000, id="said to be too large, and sent"),
    ],
)
async def test_a_body_beyond_the_limit_is_answered_413(headers: list[bytes], body: bytes) -> None:
    publisher = ListPublisher()

    async with running(publisher) as port:
        answer = await said(port, request(b"/webhooks/ghl", *headers), body)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert publisher.records == []


@pytest.mark.parametrize(("path", "status"), [(b"/webhooks/ghl", b"429"), (b"/webhooks/xero", b"503")])
async def test_a_body_that_trickles_is_given_up_and_its_connection_closed(path: bytes, status: bytes) -> None:
    async with running(ListPublisher(), read_deadline_s=0.1) as port:
        answer = await said(port, request(path, b"content-length: 100"), b"half")

    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"connection: close" in answer


async def test_who_leaves_half_way_is_counted_and_leaves_nothing_behind() -> None:
    publisher = ListPublisher()
    gone = DELIVERIES.labels("ghl", "gone")
    before = gone._value.get()

    async with running(publisher) as port:
        await said(port, request(b"/webhooks/ghl", b"content-length: 100"), b"half", leave=True)
        async with asyncio.timeout(WITHIN_S):
            while gone._value.get() == before:
                await asyncio.sleep(0.01)

    assert gone._value.get() == before + 1
    assert publisher.records == []


async def test_many_requests_of_one_connection_are_answered_in_turn() -> None:
    publisher = ListPublisher()
    body = ghl_body()
    one = request(b"/webhooks/ghl", b"x-ghl-signature: " + ed25519(body), b"content-length: %d" % len(body)) + body

    async with running(publisher) as port, asyncio.timeout(WITHIN_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(one * 20)
        answers = [await reader.readuntil(b"\r\n\r\n") for _ in range(20)]
        writer.close()

    assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 200 OK"}
    assert len(publisher.records) == 20


async def test_a_head_without_end_is_refused() -> None:
    async with running(ListPublisher()) as port:
        answer = await said(port, b"POST /webhooks/ghl HTTP/1.1\r\n" + b"x: %s\r\n" % (b"y" * 1000) * 40)

    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("head", [b"", b"POST /webhooks/ghl HTTP/1.1\r\nhost:"])
async def test_a_head_that_trickles_is_given_up(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_S", 0.1)

    async with running(ListPublisher()) as port:
        answer = await said(port, head)

    assert answer == b""


async def test_a_refused_body_that_never_ends_loses_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LINGER_S", 0.1)

    async with running(ListPublisher()) as port, asyncio.timeout(WITHIN_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(b"/webhooks/ghl", b"content-length: 9000000"))
        everything = await reader.read()
        writer.close()

    assert everything.startswith(b"HTTP/1.1 413 ")


async def test_a_connection_that_was_refused_once_serves_on_when_its_body_was_read_away() -> None:
    publisher = ListPublisher()
    good = request(b"/webhooks/xero", SIGNED, b"content-length: %d" % len(XERO)) + XERO

    async with running(publisher) as port, asyncio.timeout(WITHIN_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(b"/webhooks/ghl", b"content-length: 200000") + b"x" * 200_000 + good)
        answers = [(await reader.readuntil(b"\r\n\r\n"))[:12] for _ in range(2)]
        writer.close()

    assert answers == [b"HTTP/1.1 413", b"HTTP/1.1 200"]
    assert len(publisher.records) == 1
