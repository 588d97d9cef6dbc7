"""Forged, cut, oversized and wrongly encoded deliveries: refused with the right status, and no record of them.

Every example is one request at the ASGI callable; 10,000 and more run.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.webhooks import ghl, xero
from relay.webhooks.receiver import Receiver
from schemas.envelope import event
from tests.givens.log import ListPublisher
from tests.givens.webhooks import (
    OTHER_GHL_KEY,
    OWN_APP,
    XERO_EVENT,
    Answered,
    delivery,
    ed25519,
    ghl_body,
    post,
    receiver,
    rsa_sha256,
    webhook_settings,
    xero_body,
    xero_hmac,
)

LIMIT = 2_000
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
MANY = settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
FEWER = settings(MANY, max_examples=1_500)
SLOW_TO_MAKE = settings(MANY, max_examples=600)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
bodies = st.one_of(
    st.just(ghl_body()),
    st.just(xero_body(XERO_EVENT)),
    st.binary(max_size=300),
    json_values.map(lambda value: json.dumps(value).encode()),
)


@dataclass(frozen=True)
class Door:
    """A vendor's route, its header and how its genuine signature is made."""

    path: str
    header: bytes
    sign: Callable[[bytes], bytes]


GHL = Door("/webhooks/ghl", b"x-ghl-signature", ed25519)
GHL_EVENT = Door("/webhooks/ghl/InvoicePaid", b"x-ghl-signature", ed25519)
XERO = Door("/webhooks/xero", b"x-xero-signature", xero_hmac)
doors = st.sampled_from([GHL, GHL_EVENT, XERO])


@pytest.fixture(scope="module")
def loop() -> asyncio.Runner:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def publisher() -> ListPublisher:
    return ListPublisher()


@pytest.fixture(scope="module")
def app(publisher: ListPublisher) -> Receiver:
    return receiver(publisher, settings=webhook_settings(ghl_legacy_rsa=True), max_body_bytes=LIMIT)


@pytest.fixture
def send(loop: asyncio.Runner, app: Receiver) -> Callable[..., Answered]:
    def run(*request: Any, **options: Any) -> Answered:
        return loop.run(post(app, *request, **options))

    return run


def assert_refused(answer: Answered, status: int, publisher: ListPublisher) -> None:
    assert (answer.status, answer.body) == (status, b"")
    assert publisher.records == []


@MANY
@given(door=doors, body=bodies, data=st.data())
def test_a_signature_that_was_not_made_with_the_key_is_refused(
    door: Door, body: bytes, data: st.DataObject, send: Any, publisher: ListPublisher
) -> None:
    forged = data.draw(st.binary(max_size=120))
    made_up = data.draw(
        st.sampled_from(
            [
                forged,
                base64.b64encode(forged),
                base64.b64encode((forged * 64)[:64]),
                b"",
                b"N/A",
                ed25519(body, OTHER_GHL_KEY),
                xero_hmac(body, "not the key"),
                xero_hmac(body, ""),
            ]
        )
    )

    assert_refused(send(door.path, body, {door.header: made_up}), 401, publisher)


@MANY
@given(door=doors, body=bodies.filter(bool), data=st.data())
def test_a_genuine_signature_altered_in_one_place_is_refused(
    door: Door, body: bytes, data: st.DataObject, send: Any, publisher: ListPublisher
) -> None:
    signature = bytearray(door.sign(body))
    # base64 spells its last character in several ways: that is where an altered text may mean the same bytes
    place = data.draw(st.integers(0, len(signature) - 1) | st.integers(len(signature) - 4, len(signature) - 1))
    others = (st.integers(0, 255) | st.sampled_from(BASE64)).filter(lambda byte: byte != signature[place])
    signature[place] = data.draw(others)

    assert_refused(send(door.path, body, {door.header: bytes(signature)}), 401, publisher)


@MANY
@given(door=doors, body=bodies.filter(bool), data=st.data())
def test_a_body_cut_or_altered_after_signing_is_refused(
    door: Door, body: bytes, data: st.DataObject, send: Any, publisher: ListPublisher
) -> None:
    place = data.draw(st.integers(0, len(body) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != body[place]))
    changed = data.draw(
        st.sampled_from(
            [
                body[:place],
                body[place + 1 :] if place + 1 < len(body) else b"",
                body[:place] + bytes([other]) + body[place + 1 :],
                body + b" ",
                b"\xef\xbb\xbf" + body,
                body.decode("latin-1").encode("utf-16"),
            ]
        )
    )

    assert_refused(send(door.path, changed, {door.header: door.sign(body)}), 401, publisher)


@FEWER
@given(
    door=doors,
    body=bodies,
    wrong_place=st.sampled_from([b"x-xero-signature", b"x-ghl-signature", b"x-wh-signature", b"authorization"]),
)
def test_a_signature_of_another_kind_or_in_another_header_is_refused(
    door: Door, body: bytes, wrong_place: bytes, send: Any, publisher: ListPublisher
) -> None:
    headers = {wrong_place: xero_hmac(body) if door.header == b"x-ghl-signature" else ed25519(body)}

    assert_refused(send(door.path, body, headers), 401, publisher)


@FEWER
@given(body=bodies, bad=st.sampled_from([b"", b"N/A", b"AAAA"]))
def test_a_good_legacy_signature_does_not_heal_a_bad_new_one(
    body: bytes, bad: bytes, send: Any, publisher: ListPublisher
) -> None:
    headers = {b"x-ghl-signature": bad, b"x-wh-signature": rsa_sha256(body)}

    assert_refused(send(GHL.path, body, headers), 401, publisher)


@FEWER
@given(
    door=doors,
    sizes=st.lists(st.integers(0, 1_500), min_size=1, max_size=8).filter(lambda sizes: sum(sizes) > LIMIT),
    declared=st.sampled_from([None, b"10", b"0", b"-1", b"many", b"99999999999999999999", b"2001"]),
)
def test_an_oversized_body_is_refused_whatever_its_length_is_said_to_be(
    door: Door, sizes: list[int], declared: bytes | None, send: Any, publisher: ListPublisher
) -> None:
    pieces = [b"x" * size for size in sizes]
    headers = {door.header: door.sign(b"".join(pieces))}

    answer = send(door.path, pieces, headers if declared is None else headers | {b"content-length": declared})

    assert_refused(answer, 413, publisher)


@FEWER
@given(door=doors, body=bodies, data=st.data())
def test_a_delivery_that_breaks_off_is_neither_stored_nor_answered(
    door: Door, body: bytes, data: st.DataObject, send: Any, publisher: ListPublisher
) -> None:
    cut = data.draw(st.integers(0, len(body)))

    answer = send(door.path, [body[:cut]], {door.header: door.sign(body)}, complete=False)

    assert_refused(answer, 0, publisher)


@SLOW_TO_MAKE
@given(door=doors, body=st.binary(max_size=300) | bodies, pieces=st.integers(1, 5))
def test_whatever_is_genuine_is_stored_in_however_many_pieces_it_comes(
    door: Door, body: bytes, pieces: int, loop: asyncio.Runner
) -> None:
    publisher = ListPublisher()
    size = len(body) // pieces + 1
    parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]

    answer = loop.run(post(receiver(publisher), door.path, parts, {door.header: door.sign(body)}))

    assert answer.status == 200
    assert [record.value for record in publisher.records] == [body] or door is XERO
    assert all(event(record).delivery_id for record in publisher.records)


NAMES = ["type", "appId", "locationId", "companyId", "altId", "altType", "webhookId", "id", "_id", "data", "status"]
odd_objects = st.dictionaries(st.sampled_from([*NAMES, "invoiceItems", "timestamp"]), json_values | st.just("location"))


@SLOW_TO_MAKE
@given(value=odd_objects | json_values, url=st.sampled_from(["", "InvoicePaid", "AppInstall"]), raw=st.binary())
def test_splitting_a_delivery_of_highlevel_never_raises_and_keeps_every_byte(value: Any, url: str, raw: bytes) -> None:
    for body in (json.dumps(value).encode(), json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), raw):
        [made] = ghl.contents(delivery(body, url), OWN_APP).events

        assert made.value == body
        assert event(made.record()).key == made.key


XERO_NAMES = ["tenantId", "eventCategory", "resourceId", "eventType", "eventDateUtc", "resourceUrl", "data"]
odd_elements = st.dictionaries(st.sampled_from(XERO_NAMES), json_values) | json_values


@SLOW_TO_MAKE
@given(elements=st.lists(odd_elements, max_size=4), indent=st.none() | st.integers(0, 3), ascii_only=st.booleans())
def test_splitting_a_delivery_of_xero_gives_every_element_equal_as_json(
    elements: list[Any], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps({"events": elements, "entropy": "x"}, indent=indent, ensure_ascii=ascii_only)

    made = xero.contents(delivery(text.encode("utf-8", "replace"))).events

    expected = json.loads(text.encode("utf-8", "replace"))["events"]
    assert repr([json.loads(each.value) for each in made]) == repr(expected)
    assert all(event(each.record()).id == each.id for each in made)


@SLOW_TO_MAKE
@given(body=st.binary() | odd_elements.map(lambda value: json.dumps(value).encode()))
def test_splitting_what_is_no_delivery_of_xero_never_raises(body: bytes) -> None:
    made = xero.contents(delivery(body)).events

    assert [each.value for each in made] == [body] or b"events" in body
