"""The whole sandbox in process: vendors, control API, and somebody who receives their webhooks. No socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from relay.clock import FakeClock
from relay.sandbox.app import Sandbox, opened_sandbox
from relay.sandbox.client import SandboxClient
from tests.givens.vendor_hooks import GHL_URL, XERO_URL, Receiver

LINES = [{"name": "Design", "amount": 110, "taxes": [{"_id": "gst", "name": "GST", "rate": 10}]}]
PERSON = {"firstName": "Ada", "lastName": "Byron", "email": "ada@example.com", "phone": "+61255501234"}


@dataclass
class Whole:
    sandbox: Sandbox
    people: SandboxClient
    receiver: Receiver
    clock: FakeClock

    async def invoice(self, **told: Any) -> Any:
        """Have a person send an invoice of 121 to Ada."""
        person = await self.people.ghl("contacts", **PERSON)
        return await self.people.ghl("invoices", contact_id=person["id"], **({"items": LINES, "send": True} | told))

    def vendor(self, path: str, **headers: str) -> httpx.AsyncClient:
        """Return a client of one of the vendors' hosts, by the path it is mounted at."""
        transport = httpx.ASGITransport(self.sandbox.app)
        return httpx.AsyncClient(transport=transport, base_url=f"http://sandbox{path}", headers=headers)

    async def ghl_headers(self) -> dict[str, str]:
        """Return what a call of the connected app brings."""
        (connection,) = (await self.people.connection())["connections"]
        return {"Version": "2021-07-28", "Authorization": f"Bearer {connection['grants']['ghl']['access_token']}"}


@asynccontextmanager
async def whole(receiver: Receiver | None = None, *, subscribed: bool = True) -> AsyncIterator[Whole]:
    """Open the sandbox with its webhooks aimed at the receiver."""
    receiver, clock = receiver or Receiver(), FakeClock()
    async with opened_sandbox(clock=clock, transport=httpx.ASGITransport(receiver)) as sandbox:
        transport = httpx.ASGITransport(sandbox.app)
        async with SandboxClient("http://sandbox", transport=transport) as people:
            if subscribed:
                await people.targets(ghl=GHL_URL, xero=XERO_URL)
            yield Whole(sandbox, people, receiver, clock)
