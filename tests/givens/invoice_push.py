"""invoice-push on its real parts: a SQLite store in a folder, the vendors' clients, both vendors simulated."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx

from consumers.invoice_push.case import Case
from consumers.invoice_push.handler import InvoicePush, Rooms
from consumers.payment_sync.display import ContactDisplay
from consumers.payments.perform import Payments
from consumers.runtime.handler import QueuedEvent, Subject
from consumers.runtime.outcome import Outcome, Skipped
from relay.clock import FakeClock
from relay.sandbox.app import Sandbox, opened_sandbox
from relay.sandbox.xero_ledger import Ledger as Books
from relay.sandbox.xero_rows import Invoice
from relay.store import schema
from relay.store.connections import Connection, Connections
from relay.store.contacts import ContactLinks
from relay.store.engine import Database, opened_database
from relay.store.grants import Grant
from relay.store.leases import Leases
from relay.store.ledger import Ledger
from relay.store.links import InvoiceLink, InvoiceLinks
from relay.store.organisations import Organisations
from relay.store.writes import Writes
from relay.upstream.vendors import opened_vendors
from schemas.envelope import Event
from schemas.reasons import Reason
from tests.givens.upstream import InMemoryGrants, InMemoryLeases
from tests.givens.upstream_settings import upstream_settings

GST = {"_id": "gst", "name": "GST", "rate": 10, "calculation": "exclusive"}


class Died(Exception):
    """The process ended here."""


@dataclass
class Fate:
    """Where a run dies: before its n-th outside effect. 0: nowhere."""

    dies_at: int = 0
    count: int = 0

    async def met(self, effect: Callable[[], Any]) -> Any:
        self.count += 1
        if self.count == self.dies_at:
            raise Died
        return await effect()


class Mortal:
    """A store whose every call may be the last thing a process does."""

    def __init__(self, store: Any, fate: Fate) -> None:
        self._store = store
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def called(*args: Any, **kwargs: Any) -> Any:
            return await self._fate.met(lambda: method(*args, **kwargs))

        return called


class MortalNetwork(httpx.AsyncBaseTransport):
    """The way to the vendors; remembers what was asked."""

    def __init__(self, app: Any, fate: Fate) -> None:
        self._inner = httpx.ASGITransport(app)
        self._fate = fate
        self.asked: list[str] = []
        self.bent: Callable[[str, bytes], bytes] = lambda _asked, body: body  # what an answer's body becomes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = f"{request.method} {request.url.path.removeprefix('/xero/api.xro/2.0').removeprefix('/ghl')}"
        self.asked.append(asked)

        async def effect() -> httpx.Response:
            response = await self._inner.handle_async_request(request)
            body = self.bent(asked, await response.aread())
            kept = {"content-type": response.headers.get("content-type", ""), **_limits(response)}
            return httpx.Response(response.status_code, headers=kept, content=body)

        answer: httpx.Response = await self._fate.met(effect)
        return answer


def _limits(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("x-") or name == "retry-after"}


@dataclass
class Till:
    """Payments that have nothing to settle; remembers for which links it was asked."""

    answer: Outcome = field(default_factory=lambda: Skipped(Reason.ALREADY_IN_STEP))
    settled: list[str] = field(default_factory=list)

    async def settle_held(self, connection: Connection, link_id: str, **_: Any) -> Outcome:
        self.settled.append(link_id)
        return self.answer


@dataclass
class World:
    """One connection between a simulated HighLevel and a simulated Xero."""

    sandbox: Sandbox
    clock: FakeClock
    fate: Fate
    network: MortalNetwork
    till: Till
    rooms: Rooms
    handler: InvoicePush
    connection: Connection
    connections: Connections
    links: InvoiceLinks
    writes: Writes
    leases: Leases

    @property
    def ledger(self) -> Books:
        return self.sandbox.xero.books.tenants[self.connection.tenant_id]

    @property
    def sales(self) -> list[Invoice]:
        return [invoice for invoice in self.ledger.invoices.values() if invoice.type == "ACCREC"]

    def contact(self, **fields: Any) -> str:
        told = {"firstName": "Sample", "lastName": "Customer", "email": "customer@example.com", **fields}
        return str(self.sandbox.people.do("contacts", told)["id"])

    def invoice(self, contact_id: str | None = None, **fields: Any) -> str:
        told = {
            "contact_id": contact_id or self.contact(),
            "items": [{"name": "Consulting", "amount": 100, "taxes": [GST]}],
            "issueDate": "2026-11-20",
            "dueDate": "2026-12-04",
            "send": True,
            **fields,
        }
        return str(self.sandbox.people.do("invoices", told)["_id"])

    def do(self, deed: str, invoice_id: str, **told: Any) -> None:
        self.sandbox.people.do(f"invoices/{deed}", {"id": invoice_id, **told})

    async def handle(
        self,
        invoice_id: str,
        kind: str = "InvoiceUpdate",
        *,
        received_at: datetime | None = None,
        **queued: Any,
    ) -> Outcome:
        at = received_at or self.clock.now()
        event = an_event(invoice_id, kind, self.connection.location_id, at)
        subject = Subject(invoice_id, self.connection, (QueuedEvent(event, event.topic, 0, 0, **queued),))
        [outcome] = await self.handler.handle([subject])
        return outcome

    async def case(self, invoice_id: str, *, attempts: int = 0) -> Case:
        """Return the case of an invoice as it is now."""
        crm = self.rooms.vendors.ghl(location_id=self.connection.location_id, grant_id="ghl")
        books = self.rooms.vendors.xero(tenant_id=self.connection.tenant_id, grant_id="xero")
        _, settings = await self.connections.settings(self.connection.id)
        invoice = await crm.invoices.read(invoice_id)
        return Case(self.connection, settings, crm, books, invoice, self.clock.now(), attempts)

    def entered(self, number: str, reference: str = "", status: str = "DRAFT") -> str:
        """Return the id of an invoice that a bookkeeper enters."""
        element = {
            "Type": "ACCREC",
            "Contact": {"Name": "Other"},
            "InvoiceNumber": number,
            "Reference": reference,
            "Status": status,
            "DueDate": "2026-12-04",
            "LineItems": [{"Description": "Other", "Quantity": 1, "UnitAmount": 5, "AccountCode": "200"}],
        }
        return self.sandbox.xero.books.create_invoice(self.connection.tenant_id, element)

    async def link(self, invoice_id: str) -> InvoiceLink:
        found = await self.links.of_ghl(self.connection.id, invoice_id)
        assert found is not None
        return found

    async def set(self, **changes: Any) -> None:
        await self.connections.change_settings(self.connection.id, changes, by="test")

    def asked_of(self, start: str) -> list[str]:
        return [asked for asked in self.network.asked if asked.startswith(start)]


def an_event(invoice_id: str, kind: str, location_id: str, received_at: datetime) -> Event:
    return Event(
        id=f"{invoice_id}-{kind}-{received_at.isoformat()}",
        source="ghl",
        type=f"com.gohighlevel.{kind}",
        subject=invoice_id,
        key=location_id,
        topic="ghl.invoices",
        value=b"{}",
        delivery_id="delivery",
        received_at=received_at,
    )


@cache
def _template() -> Path:
    return Path(mkdtemp(prefix="relay-template-")) / "relay.db"


@asynccontextmanager
async def opened_database_of(folder: Path) -> AsyncIterator[Database]:
    """Give a database with every table; migrated once, copied since."""
    template = _template()
    if not template.exists():
        async with opened_database(f"sqlite+aiosqlite:///{template}") as fresh:
            await schema.upgrade(fresh)
    shutil.copy(template, folder / "relay.db")
    async with opened_database(f"sqlite+aiosqlite:///{folder / 'relay.db'}") as database:
        yield database


@asynccontextmanager
async def opened_world(folder: Path, *, real_payments: bool = False, **settings: Any) -> AsyncIterator[World]:
    """Open both vendors, the store and the handler; the connection's default account is 200.

    With `real_payments` money is settled as in life, and `till` stays unused.
    """
    clock, fate = FakeClock(), Fate()
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(opened_sandbox(clock=clock))
        database = await stack.enter_async_context(opened_database_of(folder))
        network = MortalNetwork(sandbox.app, fate)
        [sheet] = sandbox.sheet.connections()["connections"]
        grants = InMemoryGrants(*(_grant(vendor, sheet["grants"][vendor]) for vendor in ("ghl", "xero")))
        vendors = await stack.enter_async_context(
            opened_vendors(_settings(sandbox), grants, InMemoryLeases(), clock, transport=network)  # type: ignore[arg-type]
        )
        connection = Connection(
            **{key: sheet[key] for key in ("id", "name", "location_id", "company_id", "tenant_id", "tenant_name")},
            ghl_grant_id="ghl",
            xero_grant_id="xero",
        )
        connections = Connections(database, clock)
        await connections.put(connection, {"default_account_code": "200", **settings}, by="test")
        till = Till()
        links, writes, leases = InvoiceLinks(database), Writes(database), Leases(database, clock, "test")
        contacts = ContactLinks(database)
        payments = Payments(
            vendors=vendors,
            connections=connections,
            links=links,
            ledger=Ledger(database),
            writes=writes,
            leases=leases,
            display=ContactDisplay(vendors=vendors, links=links, contacts=contacts, leases=leases),
            clock=clock,
        )
        rooms = Rooms(
            vendors=vendors,
            connections=connections,
            organisations=Organisations(database),
            links=Mortal(links, fate),  # type: ignore[arg-type]
            contacts=Mortal(contacts, fate),  # type: ignore[arg-type]
            writes=Mortal(writes, fate),  # type: ignore[arg-type]
            leases=leases,
            payments=payments if real_payments else till,
            clock=clock,
        )
        yield World(
            sandbox,
            clock,
            fate,
            network,
            till,
            rooms,
            InvoicePush(rooms),
            connection,
            connections,
            links,
            writes,
            leases,
        )


def _settings(sandbox: Sandbox) -> Any:
    keys = sandbox.sheet.keys()
    return upstream_settings(
        xero_api_url="http://127.0.0.1/xero",
        xero_identity_url="http://127.0.0.1/xero-identity",
        ghl_api_url="http://127.0.0.1/ghl",
        xero_client_id=keys["xero_client_id"],
        xero_client_secret=keys["xero_client_secret"],
        ghl_client_id=keys["ghl_client_id"],
        ghl_client_secret=keys["ghl_client_secret"],
    )


def _grant(vendor: Any, given: Any) -> Grant:
    expires_at = datetime.fromisoformat(given["expires_at"])
    return Grant(
        id=vendor,
        vendor=vendor,
        access_token=given["access_token"],
        refresh_token=given["refresh_token"],
        expires_at=expires_at,
        scope=given["scope"],
    )
