"""The CloudEvents 1.0 envelope of every record we write, in Kafka binary mode.

Headers `ce_specversion ce_id ce_source ce_type ce_subject ce_time`, `content-type`, our extensions `ce_deliveryid`
(sha256 of the raw body) and `ce_receivedat`, and `traceparent`. The value is the event's own JSON, untouched.
Source: CloudEvents 1.0.2, "Kafka Protocol Binding", 3.2 binary content mode.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from schemas.records import Headers, Record

SPEC_VERSION: Final = b"1.0"
JSON: Final = "application/json"


class NotAnEvent(Exception):
    """A record without the headers of our envelope: written by somebody else."""


def sha256(body: bytes) -> str:
    """Return the hex sha256 of a body: the id of a delivery, and of an event whose vendor gives none."""
    return hashlib.sha256(body).hexdigest()


def iso(instant: datetime) -> str:
    """Return an instant as RFC 3339 in UTC with milliseconds and `Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened at a vendor: one record.

    `id` is a function of signed content alone, so that a redelivery carries the same one. `key` is the location or
    tenant, else the company, else the app id: never empty. `time` is the vendor's own, None where it says none.
    """

    id: str
    source: str
    type: str
    subject: str
    key: str
    topic: str
    value: bytes
    delivery_id: str
    received_at: datetime
    time: datetime | None = None
    content_type: str = JSON
    traceparent: str | None = None
    extra: Headers = ()  # relay_replay, relay_origin and the dead letter's headers

    def __post_init__(self) -> None:
        if not (self.id and self.source and self.type and self.key):
            raise ValueError(f"event {self.id!r} of {self.source!r}: id, source, type and key must not be empty")

    def record(self) -> Record:
        """Return the record to publish."""
        received = iso(self.received_at).encode()
        headers: list[tuple[str, bytes]] = [
            ("ce_specversion", SPEC_VERSION),
            ("ce_id", self.id.encode()),
            ("ce_source", self.source.encode()),
            ("ce_type", self.type.encode()),
        ]
        if self.subject:
            headers.append(("ce_subject", self.subject.encode()))
        headers += [
            ("ce_time", iso(self.time).encode() if self.time else received),
            ("content-type", self.content_type.encode()),
            ("ce_deliveryid", self.delivery_id.encode()),
            ("ce_receivedat", received),
        ]
        if self.traceparent:
            headers.append(("traceparent", self.traceparent.encode()))
        return Record(self.topic, self.key.encode(), self.value, (*headers, *self.extra))


OURS: Final = frozenset(
    {
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_subject",
        "ce_time",
        "content-type",
        "ce_deliveryid",
        "ce_receivedat",
        "traceparent",
    }
)


def event(record: Record) -> Event:
    """Return the event that a record holds.

    Raises:
        NotAnEvent: a header of the envelope is missing or unreadable; it will never become readable.
    """
    values = {name: value for name, value in record.headers if name in OURS}
    try:
        return Event(
            id=values["ce_id"].decode(),
            source=values["ce_source"].decode(),
            type=values["ce_type"].decode(),
            subject=values.get("ce_subject", b"").decode(),
            key=record.key.decode(),
            topic=record.topic,
            value=record.value,
            delivery_id=values["ce_deliveryid"].decode(),
            received_at=datetime.fromisoformat(values["ce_receivedat"].decode()),
            time=datetime.fromisoformat(values["ce_time"].decode()) if "ce_time" in values else None,
            content_type=values.get("content-type", JSON.encode()).decode(),
            traceparent=values["traceparent"].decode() if "traceparent" in values else None,
            extra=tuple((name, value) for name, value in record.headers if name not in OURS),
        )
    except (KeyError, ValueError) as error:
        raise NotAnEvent(f"{record.topic}: {error!r} in the envelope's headers") from error
