import json
from typing import Any

import pytest

from relay.settings import SettingsError
from relay.webhooks import ghl
from relay.webhooks.answers import Outcome
from schemas.envelope import Event, sha256
from tests.givens.webhooks import (
    GHL_KEY,
    OTHER_GHL_KEY,
    OWN_APP,
    RECEIVED_AT,
    TRACE,
    delivery,
    ed25519,
    ghl_body,
    pem,
    rsa_sha256,
    webhook_settings,
)

BODY = ghl_body()


def event(body: bytes | dict[str, Any], url: str = "", own_app: str | None = OWN_APP) -> Event:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    [only] = ghl.contents(delivery(raw, url), own_app).events
    return only


@pytest.mark.parametrize(
    ("headers", "legacy", "genuine"),
    [
        pytest.param({b"x-ghl-signature": ed25519(BODY)}, False, True, id="signed"),
        pytest.param({b"x-ghl-signature": ed25519(BODY, OTHER_GHL_KEY)}, False, False, id="by a foreign key"),
        pytest.param({b"x-ghl-signature": b"N/A"}, True, False, id="N/A is unsigned"),
        pytest.param({b"x-ghl-signature": b""}, True, False, id="empty is wrong"),
        pytest.param({}, True, False, id="unsigned"),
        pytest.param({b"x-wh-signature": rsa_sha256(BODY)}, True, True, id="legacy header, switched on"),
        pytest.param({b"x-wh-signature": rsa_sha256(BODY)}, False, False, id="legacy header, switched off"),
        pytest.param(
            {b"x-ghl-signature": b"N/A", b"x-wh-signature": rsa_sha256(BODY)},
            True,
            False,
            id="a good legacy header does not heal a bad new one",
        ),
        pytest.param(
            {b"x-ghl-signature": ed25519(BODY), b"x-wh-signature": b"bad"}, True, True, id="the new header decides"
        ),
    ],
)
def test_the_new_header_decides_and_the_old_one_only_where_it_is_absent(
    headers: dict[bytes, bytes], legacy: bool, genuine: bool
) -> None:
    vendor = ghl.vendor(webhook_settings(ghl_legacy_rsa=legacy))

    assert vendor is not None
    assert vendor.genuine(headers, BODY) is genuine


@pytest.mark.parametrize(
    ("changes", "there"),
    [
        ({"ghl_public_keys": ()}, False),
        ({"ghl_public_keys": (), "ghl_legacy_rsa": True}, True),
        ({"ghl_public_keys": (), "ghl_legacy_rsa": True, "ghl_legacy_rsa_keys": ()}, False),
        ({"ghl_public_keys": (pem(GHL_KEY), pem(OTHER_GHL_KEY))}, True),
    ],
)
def test_without_a_key_there_is_no_vendor(changes: dict[str, Any], there: bool) -> None:
    assert (ghl.vendor(webhook_settings(**changes)) is not None) is there


def test_a_key_that_cannot_be_read_names_its_setting() -> None:
    with pytest.raises(SettingsError, match="RELAY_GHL_PUBLIC_KEYS"):
        ghl.vendor(webhook_settings(ghl_public_keys=("-----BEGIN nonsense",)))


@pytest.mark.parametrize(
    ("body", "url", "kind", "topic"),
    [
        pytest.param({"type": "InvoicePaid"}, "", "InvoicePaid", "ghl.invoices", id="by the body"),
        pytest.param({"type": "ContactCreate"}, "InvoicePaid", "ContactCreate", "ghl.contacts", id="body before URL"),
        pytest.param({}, "InvoicePaid", "InvoicePaid", "ghl.invoices", id="by the URL"),
        pytest.param({"type": ""}, "InvoicePaid", "InvoicePaid", "ghl.invoices", id="an empty type is none"),
        pytest.param({"type": 7}, "InvoicePaid", "InvoicePaid", "ghl.invoices", id="a type that is no text is none"),
        pytest.param({"invoiceItems": [], "status": "paid"}, "", "InvoicePaid", "ghl.invoices", id="by shape: paid"),
        pytest.param({"invoiceItems": [], "status": "void"}, "", "InvoiceVoid", "ghl.invoices", id="by shape: void"),
        pytest.param({"invoiceItems": [], "status": "delete"}, "", "InvoiceDelete", "ghl.invoices", id="shape: delete"),
        pytest.param({"invoiceItems": [], "status": "draft"}, "", "InvoiceUpdate", "ghl.invoices", id="shape: draft"),
        pytest.param({"invoiceItems": [], "status": "new one"}, "", "InvoiceUpdate", "ghl.invoices", id="shape: new"),
        pytest.param({"invoiceItems": []}, "", "unknown", "ghl.other", id="half a shape is none"),
        pytest.param({"type": "INSTALL"}, "", "INSTALL", "ghl.apps", id="an app's life"),
        pytest.param({"type": "PLAN_CHANGE"}, "", "PLAN_CHANGE", "ghl.apps", id="another plan"),
        pytest.param({}, "AppUninstall", "UNINSTALL", "ghl.apps", id="a documentation page's name in the URL"),
        pytest.param({"type": "NotYetKnown"}, "", "NotYetKnown", "ghl.other", id="a type nobody knows"),
        pytest.param({}, "", "unknown", "ghl.other", id="nothing says what it is"),
    ],
)
def test_the_kind_is_the_bodys_else_the_urls_else_the_shape(
    body: dict[str, Any], url: str, kind: str, topic: str
) -> None:
    made = event(body, url)

    assert (made.type, made.topic) == (f"com.gohighlevel.{kind}", topic)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"locationId": "loc", "altId": "alt", "altType": "location"}, "loc"),
        ({"altId": "alt", "altType": "location", "companyId": "com"}, "alt"),
        ({"altId": "alt", "altType": "company", "companyId": "com"}, "com"),
        ({"altId": "alt", "companyId": "com"}, "com"),
        ({"companyId": "com", "appId": OWN_APP}, "com"),
        ({"appId": OWN_APP}, OWN_APP),
        ({"locationId": 17}, "17"),
        ({"locationId": None, "companyId": ["com"]}, "ghl"),
        ({"locationId": "nul\x00byte"}, "ghl"),
        ({"locationId": " "}, "ghl"),
        ({}, "ghl"),
    ],
)
def test_the_key_is_the_location_and_never_empty(body: dict[str, Any], key: str) -> None:
    assert event(body).key == key


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        ({"type": "InvoicePaid", "_id": "inv", "id": "x"}, "inv"),
        ({"type": "InvoicePaid", "id": "inv"}, "inv"),
        ({"type": "InvoicePaid", "invoiceId": "inv"}, "inv"),
        ({"type": "ContactUpdate", "id": "con", "_id": "x"}, "con"),
        ({"type": "OrderCreate", "_id": "ord"}, "ord"),
        ({"type": "INSTALL", "appId": OWN_APP}, ""),
        ({"type": "ContactUpdate", "id": {"deep": 1}}, ""),
        ({"type": "ContactUpdate", "id": True}, ""),
    ],
)
def test_the_subject_is_the_id_of_the_thing(body: dict[str, Any], subject: str) -> None:
    assert event(body).subject == subject


def test_the_id_is_the_vendors_else_the_hash_of_the_body_and_the_url_does_not_change_it() -> None:
    assert event({"webhookId": "w1"}).id == "w1"
    assert event(BODY, "InvoicePaid").id == event(BODY, "InvoiceSent").id == sha256(BODY)
    assert event({"webhookId": ["w1"]}).id == sha256(b'{"webhookId": ["w1"]}')


def test_a_wrapped_body_is_looked_into_and_kept_as_it_is() -> None:
    body = json.dumps({"type": "InvoicePaid", "webhookId": "w1", "data": {"_id": "inv", "locationId": "loc"}}).encode()

    made = event(body)

    assert (made.subject, made.key, made.id, made.value) == ("inv", "loc", "w1", body)


def test_a_flat_body_that_happens_to_have_data_stays_flat() -> None:
    made = event({"type": "ContactUpdate", "id": "con", "locationId": "loc", "data": {"id": "x", "locationId": "y"}})

    assert (made.subject, made.key) == ("con", "loc")


@pytest.mark.parametrize(
    ("app", "own_app", "outcome", "topic"),
    [
        (OWN_APP, OWN_APP, Outcome.ACCEPTED, "ghl.invoices"),
        ("another", OWN_APP, Outcome.FOREIGN, "ghl.other"),
        (["odd"], OWN_APP, Outcome.FOREIGN, "ghl.other"),
        (None, OWN_APP, Outcome.ACCEPTED, "ghl.invoices"),
        ("", OWN_APP, Outcome.ACCEPTED, "ghl.invoices"),
        ("another", None, Outcome.ACCEPTED, "ghl.invoices"),
    ],
)
def test_another_apps_event_is_kept_apart(app: Any, own_app: str | None, outcome: Outcome, topic: str) -> None:
    found = ghl.contents(delivery(ghl_body(appId=app)), own_app)

    assert (found.outcome, found.events[0].topic) == (outcome, topic)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"not json", "application/octet-stream", id="no JSON"),
        pytest.param(b"", "application/octet-stream", id="nothing"),
        pytest.param(b'{"type":"InvoicePaid"', "application/octet-stream", id="cut"),
        pytest.param(b'{"type":"Invoice\xff"}', "application/octet-stream", id="no UTF-8"),
        pytest.param(b"[" * 100_000, "application/octet-stream", id="nested beyond reason"),
        pytest.param(b"[1,2]", "application/json", id="a list"),
        pytest.param(b"null", "application/json", id="null"),
        pytest.param(b'"InvoicePaid"', "application/json", id="a text"),
    ],
)
def test_what_is_no_object_goes_to_the_others_byte_for_byte(body: bytes, content_type: str) -> None:
    made = event(body, "InvoicePaid")

    assert (made.topic, made.value, made.content_type) == ("ghl.other", body, content_type)
    assert (made.id, made.key) == (sha256(body), "ghl")


def test_half_a_surrogate_pair_in_a_name_does_not_hide_an_invoice() -> None:
    made = event(b'{"type":"InvoicePaid","_id":"inv","locationId":"loc","name":"cut \\ud83d"}')

    assert (made.topic, made.subject, made.key) == ("ghl.invoices", "inv", "loc")


def test_the_event_remembers_its_delivery() -> None:
    made = event(BODY)

    assert (made.source, made.delivery_id, made.received_at) == ("/webhooks/ghl", sha256(BODY), RECEIVED_AT)
    assert (made.traceparent, made.time) == (TRACE, None)
