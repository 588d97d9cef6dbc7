import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat

from schemas.envelope import Event, NotAnEvent, event, iso, sha256
from schemas.records import Record

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def made(**changes: Any) -> Event:
    defaults: dict[str, Any] = {
        "id": "e1",
        "source": "/webhooks/xero",
        "type": "com.xero.invoice.update",
        "subject": "inv1",
        "key": "tenant1",
        "topic": "xero.invoices",
        "value": b'{"amount": 1.10}',
        "delivery_id": sha256(b"body"),
        "received_at": NOON,
        "time": NOON - timedelta(minutes=5),
        "traceparent": TRACE,
    }
    return Event(**(defaults | changes))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="whole"),
        pytest.param({"subject": "", "traceparent": None}, id="without what may be missing"),
        pytest.param({"extra": (("relay_replay", b"run1"), ("relay_origin", b"xero.invoices/0/1"))}, id="replayed"),
        pytest.param({"content_type": "application/octet-stream", "value": b"\xff"}, id="no JSON"),
        pytest.param({"id": "ü/1", "key": "schlüssel"}, id="beyond ASCII"),
    ],
)
def test_an_event_comes_back_from_its_record_as_it_went_in(changes: dict[str, Any]) -> None:
    sent = made(**changes)

    assert event(sent.record()) == sent


def test_an_event_without_a_time_of_its_own_carries_the_time_of_receipt() -> None:
    assert event(made(time=None).record()).time == NOON


@pytest.mark.parametrize("name", ["id", "source", "type", "key"])
def test_an_event_without_what_it_needs_cannot_be_made(name: str) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        made(**{name: ""})


@pytest.mark.parametrize("missing", ["ce_id", "ce_source", "ce_type", "ce_deliveryid", "ce_receivedat"])
def test_a_record_without_our_envelope_is_no_event(missing: str) -> None:
    record = made().record()
    headers = tuple((name, value) for name, value in record.headers if name != missing)

    with pytest.raises(NotAnEvent, match=missing):
        event(Record(record.topic, record.key, record.value, headers))


@pytest.mark.parametrize(("name", "value"), [("ce_receivedat", b"noon"), ("ce_id", b"\xff"), ("ce_type", b"")])
def test_a_record_with_an_unreadable_envelope_is_no_event(name: str, value: bytes) -> None:
    record = made().record()
    headers = tuple((each, value if each == name else kept) for each, kept in record.headers)

    with pytest.raises(NotAnEvent):
        event(Record(record.topic, record.key, record.value, headers))


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (NOON, "2026-11-24T12:00:00.000Z"),
        (NOON.replace(microsecond=123_456), "2026-11-24T12:00:00.123Z"),
        (datetime(2026, 11, 24, 13, 0, tzinfo=timezone(timedelta(hours=1))), "2026-11-24T12:00:00.000Z"),
    ],
)
def test_an_instant_is_written_in_utc_with_milliseconds(instant: datetime, text: str) -> None:
    assert iso(instant) == text


def as_message(record: Record) -> KafkaMessage:
    return KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value)


def test_the_cloudevents_library_reads_our_records() -> None:
    read = from_binary(as_message(made().record()), JSONFormat())

    assert (read.get_id(), read.get_source(), read.get_type()) == ("e1", "/webhooks/xero", "com.xero.invoice.update")
    assert (read.get_subject(), read.get_time()) == ("inv1", NOON - timedelta(minutes=5))
    assert (read.get_specversion(), read.get_datacontenttype()) == ("1.0", "application/json")
    assert read.get_extension("deliveryid") == sha256(b"body")
    assert read.get_extension("receivedat") == "2026-11-24T12:00:00.000Z"
    assert read.get_extension("partitionkey") == "tenant1"
    assert read.get_data() == {"amount": 1.10}


def test_the_cloudevents_library_reads_a_record_that_is_no_json() -> None:
    read = from_binary(
        as_message(made(content_type="application/octet-stream", value=b"\xff{", subject="").record()), JSONFormat()
    )

    assert (read.get_data(), read.get_subject()) == (b"\xff{", None)


def test_we_read_what_the_cloudevents_library_writes() -> None:
    written = to_binary(from_binary(as_message(made().record()), JSONFormat()), JSONFormat())

    again = event(Record("xero.invoices", b"tenant1", written.value, tuple(written.headers.items())))

    assert (again.id, again.type, again.subject, again.time) == ("e1", made().type, "inv1", made().time)
    assert json.loads(again.value) == {"amount": 1.10}
