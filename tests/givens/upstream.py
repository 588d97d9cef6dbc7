"""Builders for the vendors' side: grants and leases in memory, scripted answers, and vendors small enough to read."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx

from relay.clock import Clock, FakeClock
from relay.store.errors import LeaseTaken, StoreUnavailable
from relay.store.grants import Grant
from relay.upstream.call import Caller, Dialect, Reply
from relay.upstream.ghl import client as ghl
from relay.upstream.pacing import Gate
from relay.upstream.xero import client as xero
from tests.givens.upstream_settings import upstream_settings

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


def grant(**changes: Any) -> Grant:
    """Return a Xero grant that ends half an hour after noon."""
    given = Grant(
        id="grant-1",
        vendor="xero",
        access_token="access-0",
        refresh_token="refresh-0",
        expires_at=NOON + timedelta(minutes=30),
    )
    return replace(given, **changes)


class InMemoryGrants:
    """Grants by id; `writes` counts what was stored, the next `away` writes fail."""

    def __init__(self, *grants: Grant) -> None:
        self.rows = {row.id: row for row in grants}
        self.writes = 0
        self.away = 0

    async def get(self, grant_id: str) -> Grant | None:
        return self.rows.get(grant_id)

    async def put(self, row: Grant) -> None:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("locked")
        self.rows[row.id] = row
        self.writes += 1

    async def mark_broken(self, grant_id: str, why: str) -> None:
        self.rows[grant_id] = replace(self.rows[grant_id], broken=why)


class InMemoryLeases:
    """Leases of several processes; `taken` are held by another one for good."""

    def __init__(self, *, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.names: list[str] = []
        self._locks: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def held(self, name: str, *, ttl_s: float, wait_s: float) -> AsyncIterator[int]:
        if name in self.taken:
            raise LeaseTaken(name)
        async with self._locks.setdefault(name, asyncio.Lock()):
            self.names.append(name)
            yield len(self.names)


class FixedTokens:
    """Tokens without a vendor: `token-0`, and the next number whenever one is rejected."""

    def __init__(self) -> None:
        self.number = 0
        self.rejected: list[str] = []

    async def access_token(self, grant_id: str, *, rejected: str | None = None) -> str:
        if rejected is not None:
            self.rejected.append(rejected)
            self.number += 1
        return f"token-{self.number}"


class Script:
    """A vendor that answers what it is told to, in that order; the last answer again and again."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.requests]

    def body(self, index: int = -1) -> Any:
        return json.loads(self.requests[index].content)


def raised(kind: type[Exception]) -> Exception:
    """Return an error of httpx, each of which is made in its own way."""
    if kind is httpx.HTTPStatusError:
        return kind("words", request=httpx.Request("GET", "https://x"), response=httpx.Response(500))
    wordless = (httpx.StreamConsumed, httpx.StreamClosed, httpx.RequestNotRead, httpx.ResponseNotRead)
    return kind() if kind in wordless else kind("words")


def answer(document: object, status: int = 200, **headers: str) -> httpx.Response:
    """Return a JSON answer; header names take `_` for `-`."""
    return httpx.Response(status, json=document, headers={name.replace("_", "-"): v for name, v in headers.items()})


def text(body: str, status: int, **headers: str) -> httpx.Response:
    """Return an answer that is no JSON."""
    return httpx.Response(status, text=body, headers={name.replace("_", "-"): v for name, v in headers.items()})


def reply(document: object = None, status: int = 200, **headers: str) -> Reply:
    """Return what a reply's reader is given."""
    return Reply.of(answer(document, status, **headers))


def http(handler: Handler) -> httpx.AsyncClient:
    """Return a client whose network is `handler`."""
    return httpx.AsyncClient(transport=httpx.MockTransport(handler))


def xero_caller(handler: Handler, **changes: Any) -> Caller:
    """Return a caller of one Xero organisation, on `handler`; takes `clock`, `tokens`, `deadline_s`."""
    return _caller(handler, xero.dialect(upstream_settings()), headers=xero.headers("tenant-1"), **changes)


def ghl_caller(handler: Handler, **changes: Any) -> Caller:
    """Return a caller of one HighLevel location, on `handler`; takes `clock`, `tokens`, `deadline_s`."""
    settings = upstream_settings()
    return _caller(handler, ghl.dialect(settings), headers=ghl.headers(settings), **changes)


def _caller(
    handler: Handler,
    dialect: Dialect,
    *,
    headers: Any,
    clock: Clock | None = None,
    tokens: Any = None,
    deadline_s: float = 5.0,
) -> Caller:
    clock = clock or FakeClock(NOON)
    return Caller(
        http(handler),
        dialect,
        Gate(dialect.limits, clock, deadline_s=deadline_s),
        tokens or FixedTokens(),
        clock,
        grant_id="grant-1",
        headers=headers,
        deadline_s=deadline_s,
    )


class TokenVendor:
    """A token endpoint that rotates. With `grace` the token before the last one still works, as Xero's does.

    `lose` answers are lost after the rotation was done; `unreachable` questions never arrive.
    """

    def __init__(self, refresh_token: str = "refresh-0", *, grace: bool = True, lose: int = 0) -> None:
        self.current = refresh_token
        self.previous: str | None = None
        self.grace = grace
        self.lose = lose
        self.unreachable = 0
        self.given = 0
        self.questions: list[dict[str, str]] = []
        self.requests: list[httpx.Request] = []
        self.arrived = asyncio.Event()  # set by the first question
        self.hold: asyncio.Event | None = None  # answers wait for it

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.unreachable:
            self.unreachable -= 1
            raise httpx.ConnectError("refused")
        question = dict(parse_qsl(request.content.decode()))
        self.requests.append(request)
        self.questions.append(question)
        self.arrived.set()
        if self.hold is not None:
            await self.hold.wait()
        known = [self.current, self.previous] if self.grace else [self.current]
        if question["refresh_token"] not in known:
            return answer({"error": "invalid_grant"}, 400)
        self.given += 1
        self.previous, self.current = question["refresh_token"], f"refresh-{self.given}"
        if self.lose:
            self.lose -= 1
            raise httpx.ReadTimeout("the answer is lost")
        return answer(
            {"access_token": f"access-{self.given}", "refresh_token": self.current, "expires_in": 1800, "scope": "s"}
        )
