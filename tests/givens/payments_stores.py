"""The stores that the payments stand on, in memory."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from relay.store.connections import Connection
from relay.store.contacts import ContactLink
from relay.store.errors import LeaseTaken
from relay.store.ledger import LedgerRow, Origin
from relay.store.links import InvoiceLink, LinkState
from relay.store.writes import Write
from schemas.connection_settings import ConnectionSettings
from tests.givens.fate import Fate
from tests.givens.payments import (
    CONNECTION,
)


class MemoryLedger:
    def __init__(self, fate: Fate) -> None:
        self.rows: dict[str, dict[tuple[Origin, str], LedgerRow]] = {}
        self._fate = fate

    async def read(self, link_id: str) -> Sequence[LedgerRow]:
        return tuple(self.rows.get(link_id, {}).values())

    async def save(self, link_id: str, rows: Sequence[LedgerRow]) -> None:
        self._fate.point()
        self.rows.setdefault(link_id, {}).update({(one.origin, one.external_id): one for one in rows})
        self._fate.point()

    async def of_external(self, external_id: str) -> Sequence[tuple[str, LedgerRow]]:
        return [
            (link_id, one)
            for link_id, rows in self.rows.items()
            for one in rows.values()
            if external_id in (one.external_id, one.twin)
        ]


class MemoryLinks:
    def __init__(self) -> None:
        self.rows: dict[str, InvoiceLink] = {}

    async def get(self, link_id: str) -> InvoiceLink | None:
        return self.rows.get(link_id)

    async def save(self, link: InvoiceLink) -> None:
        self.rows[link.id] = link

    async def of_xero(self, ids: Sequence[str]) -> Mapping[str, InvoiceLink]:
        return {link.xero_invoice_id: link for link in self.rows.values() if link.xero_invoice_id in ids}

    async def of_contact(self, connection_id: str, contact_id: str) -> Sequence[InvoiceLink]:
        mine = (connection_id, contact_id)
        return [link for link in self.rows.values() if (link.connection_id, link.ghl_contact_id) == mine]

    async def intended(self, tenant_id: str) -> Sequence[InvoiceLink]:
        waiting = (tenant_id, LinkState.INTENDED)
        return [link for link in self.rows.values() if (link.tenant_id, link.state) == waiting]


class MemoryContacts:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], ContactLink] = {}

    async def get(self, connection_id: str, contact_id: str) -> ContactLink | None:
        return self.rows.get((connection_id, contact_id))

    async def put(self, link: ContactLink) -> ContactLink:
        self.rows[link.connection_id, link.ghl_contact_id] = link
        return link


class MemoryWrites:
    def __init__(self, fate: Fate) -> None:
        self.rows: dict[str, Write] = {}
        self._fate = fate

    async def record(self, write: Write) -> Write:
        self._fate.point()
        return self.rows.setdefault(write.key, write)

    async def open_of(self, subject: str) -> Write | None:
        found = [one for one in self.rows.values() if subject in one.subjects and one.answered_at is None]
        return max(found, key=lambda one: one.sent_at, default=None)

    async def answered(self, key: str, at: datetime) -> None:
        self._fate.point()
        self.rows[key] = replace(self.rows[key], answered_at=at)


class MemoryLeases:
    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.names: list[str] = []

    @asynccontextmanager
    async def held(self, name: str, *, ttl_s: float, wait_s: float) -> AsyncIterator[int]:
        assert ttl_s > wait_s
        if name in self.taken:
            raise LeaseTaken(name)
        self.names.append(name)
        self.taken.add(name)
        try:
            yield 1
        finally:
            self.taken.discard(name)


class MemoryConnections:
    def __init__(self, settings: ConnectionSettings) -> None:
        self.chosen = settings
        self.rows = {CONNECTION.id: CONNECTION}

    async def get(self, connection_id: str) -> Connection | None:
        return self.rows.get(connection_id)

    async def of_tenant(self, tenant_id: str) -> Sequence[Connection]:
        return [one for one in self.rows.values() if one.tenant_id == tenant_id]

    async def settings(self, _connection_id: str) -> tuple[int, ConnectionSettings]:
        return 1, self.chosen
