"""Events, connections and parked rows with valid defaults: a test states only what matters to it."""

from datetime import UTC, datetime, timedelta

from consumers.runtime.handler import QueuedEvent, Subject
from relay.store.connections import Connection, ConnectionState
from relay.store.parked import ParkedEvent, ParkedState
from schemas.envelope import Event

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def an_event(subject: str = "inv-1", *, key: str = "loc-1", topic: str = "ghl.invoices", number: int = 0) -> Event:
    return Event(
        id=f"{subject}-{number}",
        source="/highlevel",
        type="com.gohighlevel.InvoiceUpdate",
        subject=subject,
        key=key,
        topic=topic,
        value=b'{"_id":"%s"}' % subject.encode(),
        delivery_id=f"delivery-{subject}-{number}",
        received_at=NOW + timedelta(seconds=number),
    )


def a_queued(subject: str = "inv-1", offset: int = 0, *, topic: str = "ghl.invoices", attempts: int = 0) -> QueuedEvent:
    return QueuedEvent(an_event(subject, topic=topic, number=offset), topic, 0, offset, attempts=attempts)


def a_connection(connection_id: str = "acme", state: ConnectionState = ConnectionState.ACTIVE) -> Connection:
    return Connection(
        id=connection_id,
        name=connection_id.title(),
        location_id=f"loc-{connection_id}",
        company_id=None,
        tenant_id=f"tenant-{connection_id}",
        tenant_name="Books",
        ghl_grant_id=f"ghl-{connection_id}",
        xero_grant_id=f"xero-{connection_id}",
        state=state,
    )


def a_subject(*queued: QueuedEvent, connection: Connection | None = None) -> Subject:
    events = queued or (a_queued(),)
    return Subject(events[0].event.subject, connection or a_connection(), events)


def a_parked(offset: int = 0, *, subject: str = "inv-1", until: datetime = NOW, scope: str = "subject") -> ParkedEvent:
    record = an_event(subject, number=offset).record()
    return ParkedEvent(
        consumer="invoice-push",
        topic="ghl.invoices",
        partition=0,
        offset=offset,
        ce_id=f"{subject}-{offset}",
        key=record.key,
        value=record.value,
        headers=record.headers,
        subject=subject,
        connection_id="acme",
        state=ParkedState.PARKED,
        scope=scope,
        reason="vendor_away",
        detail="",
        attempts=1,
        not_before=until,
        first_failure=NOW,
        last_failure=NOW,
    )
