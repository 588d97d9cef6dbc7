"""Every example of the vendors through a running receiver into each log."""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat

from relay.log.ports import Log
from relay.serving import served
from relay.settings import Settings
from schemas.records import StoredRecord
from schemas.topics import LIVE
from tests.givens.logs import MAX_RECORD_BYTES, Backend, everything, spec
from tests.givens.webhooks import OWN_APP, ed25519, receiver, webhook_settings, xero_hmac
from tests.vendor_material import vendor_files

GHL = vendor_files("payloads/ghl", "*.json")
XERO = [path for path in vendor_files("payloads/xero", "*.json") if "signature-vectors" not in path.name]
GHL_TOPICS = {"Invoice": "ghl.invoices", "Contact": "ghl.contacts", "App": "ghl.apps"}
XERO_TOPICS = {
    "INVOICE": "xero.invoices",
    "CONTACT": "xero.contacts",
    **dict.fromkeys(("PAYMENT", "CREDITNOTE", "PREPAYMENT", "OVERPAYMENT"), "xero.payments"),
}

Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], vendor_material: Path) -> Say:
    """Say in the report how many cases ran; where the vendors' material is missing, skip."""

    def aloud(words: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{words}\n")

    return aloud


@asynccontextmanager
async def running(backend: Backend, settings: Settings) -> AsyncIterator[tuple[httpx.AsyncClient, Log]]:
    async with backend.opened() as log:
        await log.topics.create([spec(name) for name in LIVE])
        app = receiver(log.publisher, settings=settings, ack_deadline_s=4.9, max_body_bytes=MAX_RECORD_BYTES // 2)
        async with (
            served(app, "127.0.0.1", 0) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
        ):
            yield client, log


async def all_records(log: Log) -> list[StoredRecord]:
    return [record for topic in LIVE for record in await everything(log, topic)]


def of_delivery(records: list[StoredRecord], body: bytes) -> list[StoredRecord]:
    return [record for record in records if record.header("ce_deliveryid") == hashlib.sha256(body).hexdigest()]


def assert_readable_by_any_cloudevents_library(record: StoredRecord) -> None:
    read = from_binary(KafkaMessage(dict(record.headers), record.key, record.value), JSONFormat())

    assert read.get_id() == record.header("ce_id")
    assert read.get_data() == json.loads(record.value)


def ghl_topic(path: Path) -> str:
    return next((topic for start, topic in GHL_TOPICS.items() if path.name.startswith(start)), "ghl.other")


def ghl_key(body: dict[str, Any]) -> str:
    return body.get("locationId") or body.get("altId") or body["companyId"]


async def test_highlevels_bodies_stand_in_the_log_byte_for_byte(backend: Backend, say: Say) -> None:
    async with running(backend, webhook_settings(ghl_app_id=None)) as (client, log):
        for path in GHL:
            body = path.read_bytes()
            for url in ("/webhooks/ghl", f"/webhooks/ghl/{path.name.split('.')[0]}"):
                answer = await client.post(url, content=body, headers={b"x-ghl-signature": ed25519(body)})
                assert (answer.status_code, answer.content) == (200, b""), path.name
        records = await all_records(log)

    sent = Counter(path.read_bytes() for path in GHL)  # two of the examples are the same draft
    assert Counter(record.value for record in records) == {body: 2 * times for body, times in sent.items()}
    for path in GHL:
        body = path.read_bytes()
        parsed, found = json.loads(body), of_delivery(records, body)
        assert {record.topic for record in found} == {ghl_topic(path)}, path.name
        assert {record.key for record in found} == {ghl_key(parsed).encode()}, path.name
        event_id = parsed.get("webhookId") or hashlib.sha256(body).hexdigest()
        assert {record.header("ce_id") for record in found} == {event_id}
        kind = parsed.get("type", path.stem)
        assert f"com.gohighlevel.{kind}" in {record.header("ce_type") for record in found}
        assert_readable_by_any_cloudevents_library(found[0])
    assert len(records) == 2 * len(GHL)
    say(f"{backend.name}: {2 * len(GHL)} deliveries of {len(GHL)} examples of HighLevel")


async def test_xeros_elements_stand_in_the_log_equal_as_json(backend: Backend, say: Say) -> None:
    async with running(backend, webhook_settings()) as (client, log):
        for path in XERO:
            body = path.read_bytes()
            answer = await client.post("/webhooks/xero", content=body, headers={b"x-xero-signature": xero_hmac(body)})
            assert (answer.status_code, answer.content) == (200, b""), path.name
        records = await all_records(log)

    events = 0
    for path in XERO:
        body = path.read_bytes()
        parsed = json.loads(body)
        found = of_delivery(records, body)
        wanted = parsed.get("events", [parsed])
        events += len(wanted)
        assert sorted(json.dumps(json.loads(record.value)) for record in found) == sorted(map(json.dumps, wanted))
        for record in found:
            element = json.loads(record.value)
            category, change = element["eventCategory"], element["eventType"]
            assert record.topic == XERO_TOPICS.get(category, "xero.other"), path.name
            assert record.key == element["tenantId"].encode()
            assert record.header("ce_subject") == element["resourceId"]
            assert record.header("ce_type") == f"com.xero.{category}.{change}".lower()
            assert record.header("ce_time") == f"{element['eventDateUtc']}Z"
            assert_readable_by_any_cloudevents_library(record)
    assert len(records) == events
    say(f"{backend.name}: {len(XERO)} examples of Xero, {events} events")


async def test_the_signature_vectors_are_answered_as_they_say(backend: Backend, say: Say) -> None:
    [path] = vendor_files("payloads/xero", "signature-vectors*.json")
    vectors = json.loads(path.read_bytes())
    settings = webhook_settings(xero_webhook_keys=vectors["webhook_key"])

    async with running(backend, settings) as (client, log):
        for vector in vectors["vectors"]:
            answer = await client.post(
                "/webhooks/xero",
                content=vector["body"].encode(),
                headers={"x-xero-signature": vector["x-xero-signature"]},
            )
            assert (answer.status_code, answer.content) == (vector["expect"], b""), vector["name"]
        records = await all_records(log)

    good = [json.loads(vector["body"]) for vector in vectors["vectors"] if vector["expect"] == 200]
    wanted = [element for body in good for element in body["events"]]
    assert [json.loads(record.value) for record in records] == wanted
    assert {record.topic for record in records} <= {"xero.invoices"}
    say(f"{backend.name}: {len(vectors['vectors'])} signature vectors")


async def test_intent_to_receive_and_forgeries_leave_no_record(backend: Backend, say: Say) -> None:
    [path] = vendor_files("payloads/xero", "intent-to-receive*.json")
    intent, invoice = path.read_bytes(), vendor_files("payloads/ghl", "InvoicePaid.json")[0].read_bytes()
    altered = xero_hmac(intent)[:-3] + b"AA="

    async with running(backend, webhook_settings()) as (client, log):
        statuses = [
            (await client.post("/webhooks/xero", content=intent, headers={b"x-xero-signature": signature})).status_code
            for signature in (xero_hmac(intent), altered, xero_hmac(intent + b" "))
        ]
        for signature in (b"N/A", ed25519(invoice + b" "), b""):
            answer = await client.post("/webhooks/ghl", content=invoice, headers={b"x-ghl-signature": signature})
            statuses.append(answer.status_code)
        records = await all_records(log)

    assert (statuses, records) == ([200, 401, 401, 401, 401, 401], [])


async def test_another_apps_events_are_kept_apart(backend: Backend, say: Say) -> None:
    installs = vendor_files("payloads/ghl", "AppInstall*.json")
    bodies = [path.read_bytes() for path in installs]

    async with running(backend, webhook_settings(ghl_app_id=OWN_APP)) as (client, log):
        for body in bodies:
            answer = await client.post("/webhooks/ghl", content=body, headers={b"x-ghl-signature": ed25519(body)})
            assert answer.status_code == 200
        records = await all_records(log)

    for body in bodies:
        own = json.loads(body)["appId"] == OWN_APP
        assert [record.topic for record in of_delivery(records, body)] == ["ghl.apps" if own else "ghl.other"]
