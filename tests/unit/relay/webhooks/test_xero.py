import json
from datetime import UTC, datetime
from typing import Any

import pytest

from relay.webhooks import xero
from relay.webhooks.answers import Outcome
from schemas.envelope import Event, sha256
from tests.givens.webhooks import (
    RECEIVED_AT,
    TRACE,
    XERO_EVENT,
    XERO_KEY,
    delivery,
    webhook_settings,
    xero_body,
    xero_hmac,
)

TENANT, INVOICE = XERO_EVENT["tenantId"], XERO_EVENT["resourceId"]


def events(body: bytes) -> list[Event]:
    return list(xero.contents(delivery(body)).events)


def test_the_signature_is_over_the_bytes_and_not_over_what_they_mean() -> None:
    body = b'{"events":[],"firstEventSequence": 0}'
    vendor = xero.vendor(webhook_settings())

    assert vendor is not None
    assert vendor.genuine({b"x-xero-signature": xero_hmac(body)}, body)
    assert not vendor.genuine({b"x-xero-signature": xero_hmac(body)}, body.replace(b": ", b":"))
    assert not vendor.genuine({}, body)


def test_without_a_key_there_is_no_vendor() -> None:
    assert xero.vendor(webhook_settings(xero_webhook_keys="")) is None
    assert xero.vendor(webhook_settings(xero_webhook_keys=XERO_KEY)) is not None


def test_an_element_becomes_an_event() -> None:
    [made] = events(xero_body(XERO_EVENT))

    assert (made.topic, made.type) == ("xero.invoices", "com.xero.invoice.update")
    assert (made.key, made.subject, made.source) == (TENANT, INVOICE, "/webhooks/xero")
    assert made.time == datetime(2026, 6, 21, 1, 15, 39, 902000, UTC)
    assert (made.received_at, made.traceparent, made.content_type) == (RECEIVED_AT, TRACE, "application/json")
    assert json.loads(made.value) == XERO_EVENT


@pytest.mark.parametrize(
    ("category", "topic"),
    [
        ("INVOICE", "xero.invoices"),
        ("Invoice", "xero.invoices"),
        ("PAYMENT", "xero.payments"),
        ("CREDITNOTE", "xero.payments"),
        ("PREPAYMENT", "xero.payments"),
        ("OVERPAYMENT", "xero.payments"),
        ("CONTACT", "xero.contacts"),
        ("SUBSCRIPTION", "xero.other"),
        ("NOTYETKNOWN", "xero.other"),
        ("", "xero.other"),
        (None, "xero.other"),
        (5, "xero.other"),
    ],
)
def test_the_category_decides_the_topic(category: Any, topic: str) -> None:
    [made] = events(xero_body(XERO_EVENT | {"eventCategory": category}))

    assert made.topic == topic


@pytest.mark.parametrize(
    ("fields", "type_"),
    [
        ({"eventCategory": "CREDITNOTE", "eventType": "CREATE"}, "com.xero.creditnote.create"),
        ({"eventCategory": "INVOICE", "eventType": "Update"}, "com.xero.invoice.update"),
        ({"eventCategory": "INVOICE", "eventType": None}, "com.xero.invoice"),
        ({"eventCategory": None, "eventType": "UPDATE"}, "com.xero.update"),
        ({"eventCategory": {}, "eventType": []}, "com.xero.unknown"),
    ],
)
def test_the_type_says_category_and_change(fields: dict[str, Any], type_: str) -> None:
    assert events(xero_body(XERO_EVENT | fields))[0].type == type_


def test_each_element_keeps_exactly_its_bytes() -> None:
    elements = [b'{ "tenantId":"t1", "n": 1.10,\n "big": 123456789012345678901234567890 }', b'"text"', b"7.0", b"[ ]"]
    body = b'{"a":[1,{"events":[]}] , "events" : [\r\n' + b" ,".join(elements) + b'\t], "entropy":"x"}'

    assert [made.value for made in events(body)] == elements


def test_of_a_repeated_list_the_last_one_counts_as_for_every_reader_of_json() -> None:
    body = b'{"events":[{"tenantId":"a"}],"events":[{"tenantId":"b"}]}'

    assert [made.key for made in events(body)] == ["b"]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        pytest.param({}, True, id="sent again"),
        pytest.param({"tenantId": TENANT.upper(), "eventType": "Update"}, True, id="in other letters"),
        pytest.param({"resourceUrl": "elsewhere", "data": {"Type": "x"}}, True, id="other words around it"),
        pytest.param({"eventDateUtc": "2026-06-21T01:15:39.903"}, False, id="a millisecond later"),
        pytest.param({"eventType": "CREATE"}, False, id="another change"),
        pytest.param({"resourceId": "another"}, False, id="another resource"),
    ],
)
def test_a_redelivery_carries_the_same_id(change: dict[str, Any], same: bool) -> None:
    [first] = events(xero_body(XERO_EVENT))
    [second] = events(xero_body(XERO_EVENT | change))

    assert (first.id == second.id) is same


def test_without_the_parts_of_its_id_an_element_is_known_by_its_bytes() -> None:
    first, second = events(b'{"events":[{"x":1},{"x":2}]}')

    assert (first.id, second.id) == (sha256(b'{"x":1}'), sha256(b'{"x":2}'))
    assert (first.key, first.subject) == ("xero", "")


def test_intent_to_receive_has_no_events_and_is_counted_so() -> None:
    found = xero.contents(delivery(b'{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "A"}'))

    assert (list(found.events), found.outcome) == ([], Outcome.EMPTY)


def test_a_single_event_object_is_one_event_of_its_topic() -> None:
    body = json.dumps(XERO_EVENT | {"eventType": "Update"}, indent=2).encode()

    [made] = events(body)

    assert (made.topic, made.type, made.value) == ("xero.invoices", "com.xero.invoice.update", body)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/octet-stream"),
        (b'{"events":[', "application/octet-stream"),
        (b'{"events":[{"tenantId":"\xff"}]}', "application/octet-stream"),
        (b"[" * 100_000, "application/octet-stream"),
        (b'{"events":' + b"[" * 100_000, "application/octet-stream"),
        (b'{"events":{"tenantId":1}}', "application/json"),
        (b'{"events":null}', "application/json"),
        (b"[]", "application/json"),
        (b"3", "application/json"),
    ],
)
def test_what_is_no_delivery_of_events_goes_to_the_others_byte_for_byte(body: bytes, content_type: str) -> None:
    [made] = events(body)

    assert (made.topic, made.key, made.value, made.content_type) == ("xero.other", "xero", body, content_type)
    assert made.id == sha256(body)


@pytest.mark.parametrize(
    "time", ["yesterday", "", None, 5, "/Date(99999999999999999)/", "0001-01-01T00:00:00+14:00", {"a": 1}]
)
def test_a_time_that_cannot_be_read_is_no_time(time: Any) -> None:
    [made] = events(xero_body(XERO_EVENT | {"eventDateUtc": time}))

    assert made.time is None
    assert made.record().header("ce_time") == "2026-11-24T12:00:00.000Z"
