"""A simulated Xero in memory, with a client that has consented, and what its webhooks would have said."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from relay.clock import Clock, FakeClock
from relay.sandbox.xero import BASE, SCOPES, XeroSandbox
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_wire import read_json, write_json

CLIENT_ID = "app-id"
CLIENT_SECRET = "app-secret"


@dataclass
class Fired:
    """Remembers what was fired as `CATEGORY TYPE`, with the ids and times beside it."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, *, tenant_id: str, category: str, type: str, resource_id: str, at: datetime) -> None:  # noqa: A002 - the port's name
        event = {"tenant_id": tenant_id, "category": category, "type": type, "resource_id": resource_id, "at": at}
        self.events.append(event)

    def kinds(self) -> list[str]:
        return [f"{event['category']} {event['type']}" for event in self.events]


def a_sandbox(clock: Clock | None = None, fired: Fired | None = None) -> XeroSandbox:
    return XeroSandbox(
        clock=clock or FakeClock(), fire=fired or Fired(), client_id=CLIENT_ID, client_secret=CLIENT_SECRET
    )


def some_books() -> Ledger:
    sandbox = a_sandbox()
    return sandbox.books.tenants[sandbox.tenant_id]


def a_line(**fields: Any) -> dict[str, Any]:
    line = {"Description": "Work", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200", "TaxType": "OUTPUT"}
    return {key: value for key, value in (line | fields).items() if value is not None}


def an_invoice(*lines: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    invoice = {
        "Type": "ACCREC",
        "Contact": {"Name": "Sample Customer"},
        "Date": "2026-11-02",
        "DueDate": "2026-11-16",
        "Status": "AUTHORISED",
        "LineAmountTypes": "Exclusive",
        "LineItems": list(lines) or [a_line()],
    }
    return {key: value for key, value in (invoice | fields).items() if value is not None}


@dataclass
class World:
    """The sandbox and one consenting user's client; answers are read with exact numbers."""

    sandbox: XeroSandbox
    fired: Fired
    clock: FakeClock
    http: httpx.AsyncClient
    headers: dict[str, str]

    @property
    def tenant_id(self) -> str:
        return self.sandbox.tenant_id

    async def ask(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None, **query: Any
    ) -> httpx.Response:
        content = None if body is None else write_json(body)
        sent = {**self.headers, **(headers or {})}
        given = {key: value for key, value in sent.items() if value != ""}
        return await self.http.request(method, f"{BASE}/{path}", content=content, headers=given, params=query or None)

    async def get(self, path: str, **query: Any) -> Any:
        return await self._elements("GET", path, None, query)

    async def put(self, path: str, *sent: Mapping[str, Any], **query: Any) -> Any:
        return await self._elements("PUT", path, sent, query)

    async def post(self, path: str, *sent: Mapping[str, Any], **query: Any) -> Any:
        return await self._elements("POST", path, sent, query)

    async def _elements(self, method: str, path: str, sent: Sequence[Any] | None, query: Mapping[str, Any]) -> Any:
        parts = path.split("/")
        name = parts[2] if len(parts) > 2 else parts[0]
        name = {"History": "HistoryRecords", "Organisation": "Organisations"}.get(name, name)
        answer = await self.ask(method, path, None if sent is None else {name: sent}, **query)
        assert answer.status_code == 200, answer.text
        return read_json(answer.content)[name]


@asynccontextmanager
async def a_world(scopes: Sequence[str] = SCOPES) -> AsyncIterator[World]:
    clock, fired = FakeClock(), Fired()
    sandbox = a_sandbox(clock, fired)
    pair = sandbox.tokens.issue("owner", [sandbox.tenant_id], scopes)
    headers = {
        "Authorization": f"Bearer {pair.access_token}",
        "xero-tenant-id": sandbox.tenant_id,
        "Accept": "application/json",
    }
    transport = httpx.ASGITransport(app=sandbox.api)
    async with httpx.AsyncClient(transport=transport, base_url="http://xero.test") as http:
        yield World(sandbox, fired, clock, http, headers)
