import asyncio
import hashlib
from http import HTTPStatus

import httpx
import pytest
import structlog.testing

from relay.clock import FakeClock
from relay.log.errors import EventTooLarge, LogUnavailable, TopicMissing
from relay.telemetry.metrics import DELIVERIES
from relay.webhooks.receiver import headers_of
from relay.webhooks.vendor import Contents, Vendor
from tests.givens.log import ListPublisher
from tests.givens.webhooks import (
    OLD_XERO_KEY,
    RECEIVED_AT,
    TRACE,
    XERO_EVENT,
    XERO_KEY,
    ed25519,
    ghl_body,
    post,
    receiver,
    webhook_settings,
    xero_body,
    xero_hmac,
)

GHL = ghl_body()
XERO = xero_body(XERO_EVENT)
INTENT = b'{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "ABCDEFGHIJKLMNOPQRST"}'


def altered(signature: bytes) -> bytes:
    return (b"B" if signature[:1] == b"A" else b"A") + signature[1:]


def counted(vendor: str, outcome: str) -> float:
    return DELIVERIES.labels(vendor, outcome)._value.get()


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        pytest.param("/webhooks/xero", XERO, {b"x-xero-signature": xero_hmac(XERO)}, 200, id="Xero, well signed"),
        pytest.param(
            "/webhooks/xero",
            XERO,
            {b"x-xero-signature": xero_hmac(XERO, OLD_XERO_KEY)},
            200,
            id="Xero, signed with the previous key while rotating",
        ),
        pytest.param("/webhooks/xero", INTENT, {b"x-xero-signature": xero_hmac(INTENT)}, 200, id="intent to receive"),
        pytest.param(
            "/webhooks/xero",
            INTENT,
            {b"x-xero-signature": altered(xero_hmac(INTENT))},
            401,
            id="one character altered, as Xero does on set-up",
        ),
        pytest.param("/webhooks/xero", XERO, {}, 401, id="Xero, unsigned"),
        pytest.param("/webhooks/ghl", GHL, {b"x-ghl-signature": ed25519(GHL)}, 200, id="HighLevel, well signed"),
        pytest.param(
            "/webhooks/ghl/InvoicePaid", GHL, {b"x-ghl-signature": ed25519(GHL)}, 200, id="HighLevel, a URL per event"
        ),
        pytest.param(
            "/webhooks/ghl", GHL + b" ", {b"x-ghl-signature": ed25519(GHL)}, 401, id="HighLevel, another body"
        ),
        pytest.param("/webhooks/ghl", GHL, {}, 401, id="HighLevel, unsigned"),
    ],
)
async def test_the_signature_alone_decides_and_answers_have_no_body(
    path: str, body: bytes, headers: dict[bytes, bytes], status: int
) -> None:
    app = receiver(settings=webhook_settings(xero_webhook_keys=f"{XERO_KEY},{OLD_XERO_KEY}"))

    answer = await post(app, path, body, headers)

    assert (answer.status, answer.body) == (status, b"")
    assert b"set-cookie" not in answer.headers
    assert answer.headers[b"content-length"] == b"0"


async def test_what_was_answered_200_stands_in_the_log_as_it_was_sent() -> None:
    publisher = ListPublisher()

    answer = await post(receiver(publisher), "/webhooks/ghl", GHL, {b"x-ghl-signature": ed25519(GHL)})

    assert answer.status == 200
    [record] = publisher.records
    assert (record.topic, record.key, record.value) == ("ghl.invoices", b"loc1", GHL)
    assert record.header("ce_deliveryid") == hashlib.sha256(GHL).hexdigest()
    assert record.header("ce_receivedat") == "2026-11-24T12:00:00.000Z"


async def test_the_events_of_one_delivery_are_published_in_one_call_and_in_order() -> None:
    publisher = ListPublisher()
    body = xero_body(XERO_EVENT, XERO_EVENT | {"eventDateUtc": "2026-06-21T01:15:41.003"})

    await post(receiver(publisher), "/webhooks/xero", body, {b"x-xero-signature": xero_hmac(body)})

    assert publisher.calls == 1
    assert [record.header("ce_time") for record in publisher.records] == [
        "2026-06-21T01:15:39.902Z",
        "2026-06-21T01:15:41.003Z",
    ]


async def test_intent_to_receive_publishes_nothing() -> None:
    publisher = ListPublisher()

    answer = await post(receiver(publisher), "/webhooks/xero", INTENT, {b"x-xero-signature": xero_hmac(INTENT)})

    assert (answer.status, publisher.calls) == (200, 0)


@pytest.mark.parametrize(
    ("error", "ghl", "xero"),
    [
        pytest.param(LogUnavailable("away"), 429, 503, id="the log is away"),
        pytest.param(TopicMissing("ghl.invoices"), 429, 503, id="a topic is missing"),
        pytest.param(TimeoutError(), 429, 503, id="an adapter's own deadline"),
        pytest.param(EventTooLarge("2 MiB"), 413, 413, id="the log will never take it"),
        pytest.param(RuntimeError("a bug"), 429, 503, id="a bug of ours"),
    ],
)
async def test_what_is_not_known_to_be_stored_is_never_answered_200(error: Exception, ghl: int, xero: int) -> None:
    app = receiver(ListPublisher(error=error))

    of_ghl = await post(app, "/webhooks/ghl", GHL, {b"x-ghl-signature": ed25519(GHL)})
    of_xero = await post(app, "/webhooks/xero", XERO, {b"x-xero-signature": xero_hmac(XERO)})

    assert (of_ghl.status, of_xero.status) == (ghl, xero)
    assert (b"retry-after" in of_ghl.headers) == (ghl == 429)
    assert of_ghl.body == of_xero.body == b""


async def test_the_vendor_is_told_to_come_again_when_storing_takes_longer_than_the_deadline() -> None:
    publisher = ListPublisher(gate=asyncio.Event())

    answer = await post(
        receiver(publisher, ack_deadline_s=0.01), "/webhooks/xero", XERO, {b"x-xero-signature": xero_hmac(XERO)}
    )

    assert (answer.status, publisher.records) == (503, [])


async def test_no_answer_is_given_before_the_log_has_it() -> None:
    publisher = ListPublisher(gate=asyncio.Event())
    app = receiver(publisher)

    async with asyncio.TaskGroup() as tasks:
        request = tasks.create_task(post(app, "/webhooks/xero", XERO, {b"x-xero-signature": xero_hmac(XERO)}))
        await publisher.called.wait()
        answered_early = request.done()
        publisher.gate.set()

    assert not answered_early
    assert request.result().status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("POST", "/livez", 405),
        ("GET", "/webhooks/ghl", 405),
        ("PUT", "/webhooks/xero", 405),
        ("GET", "/webhooks/ghl/InvoicePaid", 405),
        ("GET", "/", 404),
        ("GET", "/metrics", 404),
        ("POST", "/webhooks", 404),
        ("POST", "/webhooks/", 404),
        ("POST", "/webhooks/ghl/", 404),
        ("POST", "/webhooks/ghl/a/b", 404),
        ("POST", "/webhooks/ghl/a b", 404),
        ("POST", "/webhooks/xero/INVOICE", 404),
        ("POST", "/webhooks/stripe", 404),
    ],
)
async def test_the_public_port_has_these_routes_and_no_other(method: str, path: str, status: int) -> None:
    transport = httpx.ASGITransport(receiver())

    async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as client:
        answer = await client.request(method, path)

    assert (answer.status_code, answer.content) == (status, b"")
    assert ("allow" in answer.headers) == (status == 405)


async def test_a_vendor_without_a_key_has_no_route() -> None:
    app = receiver(settings=webhook_settings(xero_webhook_keys="", ghl_public_keys=()))

    statuses = [
        (await post(app, "/webhooks/xero", XERO, {b"x-xero-signature": xero_hmac(XERO, "")})).status,
        (await post(app, "/webhooks/ghl", GHL, {b"x-ghl-signature": ed25519(GHL)})).status,
    ]

    assert statuses == [404, 404]


async def test_readiness_says_no_when_the_log_does_and_when_it_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.webhooks.receiver.READY_DEADLINE_S", 0.01)
    hanging = receiver()
    hanging._ready = asyncio.Event().wait
    scope = {"type": "http", "method": "GET", "path": "/readyz", "headers": []}
    statuses = []

    async def send(message: dict[str, int]) -> None:
        statuses.append(message.get("status"))

    await receiver(ready=False)(scope, asyncio.Event().wait, send)
    await hanging(scope, asyncio.Event().wait, send)

    assert [status for status in statuses if status] == [503, 503]


async def test_another_protocol_is_refused() -> None:
    with pytest.raises(ValueError, match="websocket"):
        await receiver()({"type": "websocket"}, asyncio.Event().wait, asyncio.Event().wait)


async def test_every_outcome_is_counted_under_its_vendor() -> None:
    app = receiver()
    foreign = ghl_body(appId="somebody-elses")
    outcomes = ["accepted", "empty", "forged", "foreign", "gone"]
    before = {(vendor, outcome): counted(vendor, outcome) for vendor in ("ghl", "xero") for outcome in outcomes}

    await post(app, "/webhooks/xero", XERO, {b"x-xero-signature": xero_hmac(XERO)})
    await post(app, "/webhooks/xero", INTENT, {b"x-xero-signature": xero_hmac(INTENT)})
    await post(app, "/webhooks/ghl", GHL, {})
    foreign_answer = await post(app, "/webhooks/ghl", foreign, {b"x-ghl-signature": ed25519(foreign)})
    gone_answer = await post(app, "/webhooks/ghl", [b"half"], {}, complete=False)

    grown = {key for key, value in before.items() if counted(*key) == value + 1}
    assert grown == {("xero", "accepted"), ("xero", "empty"), ("ghl", "forged"), ("ghl", "foreign"), ("ghl", "gone")}
    assert (foreign_answer.status, gone_answer.status) == (200, 0)


async def test_a_flood_of_forged_deliveries_writes_one_line_a_minute() -> None:
    clock = FakeClock(RECEIVED_AT)
    app = receiver(clock=clock)

    with structlog.testing.capture_logs() as lines:
        for _ in range(50):
            await post(app, "/webhooks/xero", XERO, {b"x-xero-signature": b"forged"})
        clock.advance(61)
        await post(app, "/webhooks/xero", XERO, {b"x-xero-signature": b"forged"})

    assert [(line["event"], line["log_level"], line["not_logged"]) for line in lines] == [
        ("delivery.refused", "warning", 0),
        ("delivery.refused", "warning", 49),
    ]


async def test_a_delivery_taken_writes_no_line() -> None:
    with structlog.testing.capture_logs() as lines:
        await post(receiver(), "/webhooks/xero", XERO, {b"x-xero-signature": xero_hmac(XERO)})

    assert lines == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param(TRACE, TRACE, id="a valid trace goes on"),
        pytest.param("nonsense", None, id="another one is replaced"),
    ],
)
async def test_the_trace_of_the_request_goes_into_the_record(sent: str, kept: str | None) -> None:
    publisher = ListPublisher()
    headers = {b"x-xero-signature": xero_hmac(XERO), b"traceparent": sent.encode()}

    await post(receiver(publisher), "/webhooks/xero", XERO, headers)

    digest = hashlib.sha256(XERO).hexdigest()
    assert publisher.records[0].header("traceparent") == (kept or f"00-{digest[:32]}-{digest[32:48]}-01")


async def test_a_signature_sent_twice_is_no_signature() -> None:
    good = (b"x-ghl-signature", ed25519(GHL))

    statuses = [
        (await post(receiver(), "/webhooks/ghl", GHL, [(b"x-ghl-signature", b"bad"), good])).status,
        (await post(receiver(), "/webhooks/ghl", GHL, [good, good])).status,
    ]

    assert statuses == [401, 401]
    assert headers_of([(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]) == {b"a": b"1, 3", b"b": b"2"}


async def test_a_third_vendor_is_one_object() -> None:
    third = Vendor(
        "stripe", lambda headers, body: True, lambda delivery: Contents([]), overloaded=HTTPStatus.BAD_GATEWAY
    )
    app = receiver(served=[third], max_in_flight=1)

    assert (await post(app, "/webhooks/stripe", b"{}", {})).status == 200
    assert (await post(app, "/webhooks/ghl", GHL, {b"x-ghl-signature": ed25519(GHL)})).status == 404
