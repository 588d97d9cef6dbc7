"""When the vendors fail: an ASGI middleware told by rules what to refuse, delay, hang or leave without an answer."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

import httpx
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relay.clock import Clock
from relay.sandbox.delivery import Vendor

MOST_RULES: Final = 1_000


class FaultKind(StrEnum):
    """What happens to a call that a rule bites."""

    REFUSE = "refuse"  # the rule's answer; the app never hears of the call
    THROTTLE = "throttle"  # 429 in the vendor's fashion
    HANG = "hang"  # nothing for so many seconds, then the connection is cut; the app never hears of it
    DELAY = "delay"  # that much later
    LATE_ANSWER = "late_answer"  # the app does it and commits, its answer comes that much later
    DROP_ANSWER = "drop_answer"  # the app does it and commits, then the connection is cut without an answer


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer of a refusing rule."""

    status: int = HTTPStatus.SERVICE_UNAVAILABLE
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(slots=True)
class Rule:
    """Which calls are bitten, how often, and how. `path` and `method` are searched as regular expressions.

    `after` lets so many matching calls pass first, then it bites one in `every`; `times` None bites for ever.

    Raises:
        ValueError: a pattern that is no regular expression.
    """

    kind: FaultKind
    vendor: Vendor
    path: str = ""
    method: str = ""
    times: int | None = 1
    after: int = 0
    every: int = 1
    seconds: float = 0.0
    refusal: Refusal = field(default_factory=Refusal)
    id: int = 0
    bitten: int = 0

    def __post_init__(self) -> None:
        for pattern in (self.path, self.method):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        if self.every < 1:
            raise ValueError(f"every {self.every}: at least 1")

    def bites(self, vendor: Vendor, method: str, path: str) -> bool:
        """Return whether this call is bitten, and count it."""
        if vendor is not self.vendor or (self.times is not None and self.bitten >= self.times):
            return False
        if not (re.search(self.method, method) and re.search(self.path, path)):
            return False
        if self.after:
            self.after -= 1
            return False
        self.after = self.every - 1
        self.bitten += 1
        return True


class Faults:
    """The rules of both vendors; the first that bites decides."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rules: list[Rule] = []
        self._made = 0

    @property
    def rules(self) -> Sequence[Rule]:
        """Return the rules with how often each bit, oldest first."""
        return tuple(self._rules)

    def add(self, rule: Rule) -> Rule:
        """Add a rule and return it with its number.

        Raises:
            ValueError: there are too many.
        """
        if len(self._rules) >= MOST_RULES:
            raise ValueError(f"there are {MOST_RULES} rules: clear them first")
        self._made += 1
        rule.id = self._made
        self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget every rule."""
        self._rules.clear()

    def around(self, app: ASGIApp, vendor: Vendor) -> ASGIApp:
        """Return a vendor's app with the rules before it."""

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            rule = next((one for one in self._rules if one.bites(vendor, scope["method"], path)), None)
            with suppress(ClientDisconnect):  # who asked is gone: there is nobody to answer
                if rule is None:
                    await app(scope, receive, send)
                else:
                    await self._bite(rule, app, scope, receive, send)

        return faulty

    async def _bite(self, rule: Rule, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        match rule.kind:
            case FaultKind.REFUSE:
                await _answer(rule.refusal, receive, send)
            case FaultKind.THROTTLE:
                await _answer(_throttled(rule), receive, send)
            case FaultKind.DELAY:
                await self._clock.sleep(rule.seconds)
                await app(scope, receive, send)
            case FaultKind.LATE_ANSWER:
                await app(scope, receive, self._late(rule.seconds, send))
            case FaultKind.HANG:
                await self._clock.sleep(rule.seconds)
                await _cut(receive)
            case FaultKind.DROP_ANSWER:
                await app(scope, receive, _into_nothing)
                await _cut(receive)

    def _late(self, seconds: float, send: Send) -> Send:
        async def late(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._clock.sleep(seconds)
            await send(message)

        return late


def _throttled(rule: Rule) -> Refusal:
    """Return a vendor's 429: HighLevel's has no Retry-After, Xero's has, and names the limit."""
    if rule.vendor is Vendor.GHL:
        body = '{"statusCode":429,"message":"Too Many Requests","error":"Too Many Requests"}'
        return Refusal(HTTPStatus.TOO_MANY_REQUESTS, {"Content-Type": "application/json"}, body)
    headers = {"Retry-After": str(int(rule.seconds)), "X-Rate-Limit-Problem": "minute"}
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, headers)


async def _answer(refusal: Refusal, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        continue
    body = refusal.body.encode()
    headers = {"content-length": str(len(body)), **{name.lower(): value for name, value in refusal.headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": int(refusal.status), "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _into_nothing(_message: Message) -> None:
    """Take an answer that nobody will get."""


async def _cut(receive: Receive) -> None:
    """Cut the connection without a byte.

    ASGI knows no way to do it: under uvicorn the request's own transport is aborted. In process (ASGITransport) there
    is no connection; the error that httpx would raise on a cut one is raised through the app.
    """
    transport: Any = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        continue
