"""Somebody who receives webhooks, in process, and both vendors' senders on a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from relay.clock import FakeClock
from relay.sandbox.deliveries import Deliveries, opened_deliveries
from relay.sandbox.ghl_ids import Ids

GHL_URL, XERO_URL = "http://relay/webhooks/ghl", "http://relay/webhooks/xero"
TURNS = 2_000


@dataclass(frozen=True)
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """An ASGI app: answers with the statuses told, then always with the last; None cuts the connection."""

    statuses: list[int | None] = field(default_factory=lambda: [200])
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    got: list[Got] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.got.append(Got(scope["path"], headers, message.get("body", b"")))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status is None:
            raise httpx.ConnectError("refused")
        await send({"type": "http.response.start", "status": status, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body})

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.got]


async def until(condition: Callable[[], object]) -> None:
    """Let the loop turn until the condition holds; no time passes."""
    for _ in range(TURNS):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


async def turned() -> None:
    """Let the loop turn until nothing moves any more without the clock."""
    for _ in range(200):
        await asyncio.sleep(0)


@dataclass
class Senders:
    deliveries: Deliveries
    receiver: Receiver
    clock: FakeClock

    async def later(self, seconds: float) -> None:
        """Move the clock, and let what that woke finish."""
        self.clock.advance(seconds)
        await turned()


@asynccontextmanager
async def senders(
    receiver: Receiver | None = None, *, time_scale: float = 1.0, subscribed: bool = True
) -> AsyncIterator[Senders]:
    """Return both vendors' senders, aimed at the receiver."""
    receiver, clock = receiver or Receiver(), FakeClock()
    async with opened_deliveries(
        clock=clock, ids=Ids(5), app_id="our-app", time_scale=time_scale, transport=httpx.ASGITransport(receiver)
    ) as deliveries:
        if subscribed:
            deliveries.targets.ghl, deliveries.targets.xero = GHL_URL, XERO_URL
        yield Senders(deliveries, receiver, clock)


def xero_fired(senders: Senders, resource_id: str = "i-1", **more: Any) -> None:
    """Have Xero's books fire one INVOICE event."""
    event = {"tenant_id": "t-1", "category": "INVOICE", "type": "UPDATE", "at": senders.clock.now()} | more
    senders.deliveries.fire_xero(resource_id=resource_id, **event)
