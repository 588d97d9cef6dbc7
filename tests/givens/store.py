"""Rows with valid defaults: a test states only what matters to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from relay.store import schema
from relay.store.connections import Connection
from relay.store.contacts import ContactLink
from relay.store.engine import Database, opened_database
from relay.store.grants import Grant
from relay.store.ledger import Kind, LedgerRow, Origin, State
from relay.store.links import InvoiceLink, LinkState
from relay.store.outcomes import OutcomeRow
from relay.store.parked import ParkedEvent, ParkedState
from relay.store.writes import Write
from schemas.envelope import iso

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return noon plus so many seconds."""
    return NOON + timedelta(seconds=seconds)


@asynccontextmanager
async def opened_store(folder: Path) -> AsyncIterator[Database]:
    """Give a SQLite database with every table, in a folder of the test."""
    async with opened_database(f"sqlite+aiosqlite:///{folder / 'relay.db'}") as database:
        await schema.upgrade(database)
        yield database


def connection(**given: Any) -> Connection:
    values: dict[str, Any] = {
        "id": "connection-1",
        "name": "Acme",
        "location_id": "location-1",
        "company_id": "company-1",
        "tenant_id": "tenant-1",
        "tenant_name": "Acme Books",
        "ghl_grant_id": "grant-ghl",
        "xero_grant_id": "grant-xero",
    }
    return Connection(**values | given)


def grant(**given: Any) -> Grant:
    values: dict[str, Any] = {
        "id": "grant-1",
        "vendor": "xero",
        "access_token": "access-secret",
        "refresh_token": "refresh-secret",
        "expires_at": at(1800),
    }
    return Grant(**values | given)


def link(**given: Any) -> InvoiceLink:
    values: dict[str, Any] = {
        "id": "link-1",
        "connection_id": "connection-1",
        "tenant_id": "tenant-1",
        "ghl_invoice_id": "ghl-invoice-1",
        "number": "INV-1",
        "state": LinkState.INTENDED,
    }
    return InvoiceLink(**values | given)


def contact(**given: Any) -> ContactLink:
    values: dict[str, Any] = {
        "connection_id": "connection-1",
        "tenant_id": "tenant-1",
        "ghl_contact_id": "ghl-contact-1",
        "xero_contact_id": "xero-contact-1",
    }
    return ContactLink(**values | given)


def payment(external_id: str = "payment-1", **given: Any) -> LedgerRow:
    values: dict[str, Any] = {
        "origin": Origin.XERO,
        "kind": Kind.PAYMENT,
        "amount": Decimal("110.00"),
        "recorded": Decimal("110.00"),
        "refunded": Decimal(0),
        "state": State.APPLIED,
    }
    return LedgerRow(external_id=external_id, **values | given)


def outcome(ce_id: str = "event-1", **given: Any) -> OutcomeRow:
    values: dict[str, Any] = {
        "consumer": "invoice-push",
        "run_id": "",
        "delivery_id": "delivery-1",
        "type": "com.gohighlevel.InvoiceSent",
        "connection_id": "connection-1",
        "subject": "ghl-invoice-1",
        "link": None,
        "outcome": "done",
        "reason": None,
        "detail": "",
        "settings_version": 1,
        "topic": "ghl.invoices",
        "partition": 0,
        "offset": 0,
        "attempts": 1,
        "received_at": NOON,
        "handled_at": at(1),
    }
    return OutcomeRow(ce_id=ce_id, **values | given)


def parked(ce_id: str = "event-1", *, received_at: datetime = NOON, **given: Any) -> ParkedEvent:
    values: dict[str, Any] = {
        "consumer": "invoice-push",
        "topic": "ghl.invoices",
        "partition": 0,
        "offset": 0,
        "key": b"location-1",
        "value": b"{}",
        "headers": (("ce_id", ce_id.encode()), ("ce_receivedat", iso(received_at).encode())),
        "subject": "ghl-invoice-1",
        "connection_id": "connection-1",
        "state": ParkedState.PARKED,
        "scope": "subject",
        "reason": "vendor_away",
        "detail": "",
        "attempts": 1,
        "not_before": at(60),
        "first_failure": at(1),
        "last_failure": at(1),
    }
    return ParkedEvent(ce_id=ce_id, **values | given)


def write(key: str = "key-1", **given: Any) -> Write:
    values: dict[str, Any] = {
        "tenant_id": "tenant-1",
        "method": "PUT",
        "path": "/Invoices?summarizeErrors=false",
        "body": b'{"Invoices":[]}',
        "subjects": ("link-1",),
        "sent_at": NOON,
    }
    return Write(key=key, **values | given)
