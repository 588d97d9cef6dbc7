"""The bodies of both vendors' webhooks to the byte, and their signatures."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from relay.clock import Clock
from relay.sandbox.delivery import Parcel
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.ghl_json import Document, Json, dumps, iso

GHL_SIGNATURE: Final = "X-GHL-Signature"
XERO_SIGNATURE: Final = "x-xero-signature"
ENTROPY_LENGTH: Final = 20
_XERO_PATHS: Final = {
    "INVOICE": "Invoices",
    "CONTACT": "Contacts",
    "PAYMENT": "Payments",
    "CREDITNOTE": "CreditNotes",
    "PREPAYMENT": "Prepayments",
    "OVERPAYMENT": "Overpayments",
}


class GhlShape(StrEnum):
    """How HighLevel wraps an event; which one real invoice deliveries have is not established (facts 3.1)."""

    ENVELOPE = "envelope"  # type, locationId, appId, timestamp and webhookId beside the object's own fields
    DOCUMENTED = "documented"  # invoices bare, contacts with type and locationId alone


class HighLevelSigner:
    """Makes HighLevel's parcels: compact JSON, Ed25519 over exactly these bytes, base64."""

    def __init__(self, *, clock: Clock, ids: Ids, app_id: str) -> None:
        self.shape = GhlShape.ENVELOPE
        self._clock = clock
        self._ids = ids
        self._app_id = app_id
        self._key = Ed25519PrivateKey.from_private_bytes(ids.seed_bytes())

    @property
    def public_pem(self) -> str:
        """Return the key to verify with, as PEM."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def parcel(self, event: str, location_id: str, document: Json) -> Parcel:
        """Return the parcel of an event about an invoice or a contact."""
        if self.shape is GhlShape.ENVELOPE:
            body: Document = {
                "type": event,
                "locationId": location_id,
                "versionId": self._app_id,
                "appId": self._app_id,
                **document,
                **self._stamp(),
            }
        else:
            body = (
                dict(document)
                if event.startswith("Invoice")
                else {"type": event, "locationId": location_id, **document}
            )
        return self.signed(event, dumps(body))

    def app_parcel(self, event: str, fields: Json) -> Parcel:
        """Return the parcel of INSTALL or UNINSTALL: always typed."""
        return self.signed(event, dumps({"type": event, "appId": self._app_id, **fields, **self._stamp()}))

    def signed(self, event: str, body: bytes) -> Parcel:
        """Return a body with its signature."""
        return _ghl(event, body, base64.b64encode(self._key.sign(body)).decode())

    def _stamp(self) -> Document:
        return {"timestamp": iso(self._clock.now()), "webhookId": self._ids.uuid()}


class XeroSigner:
    """Makes Xero's parcels: its JSON is not canonical, spaces stand after some colons; HMAC-SHA256 over these bytes."""

    def __init__(self, *, ids: Ids, key: str) -> None:
        self.key = key
        self._ids = ids
        self._sequence = 0

    def parcel(self, events: Sequence[Json]) -> Parcel:
        """Return the parcel of some events; sequence numbers count every event ever sent."""
        first = self._sequence + 1
        self._sequence += len(events)
        return self.signed("events", self._layout(orjson.dumps(list(events)), first, self._sequence))

    def intent(self) -> Parcel:
        """Return the well signed parcel of an intent-to-receive: no events, both numbers 0."""
        return self.signed("intent_to_receive", self._layout(b"[]", 0, 0))

    def signed(self, event: str, body: bytes) -> Parcel:
        """Return a body with its signature. The key is the text shown in the portal: not decoded."""
        digest = hmac.digest(self.key.encode(), body, hashlib.sha256)
        return _xero(event, body, base64.b64encode(digest).decode())

    def _layout(self, events: bytes, first: int, last: int) -> bytes:
        entropy = self._ids.text(ENTROPY_LENGTH).upper()
        tail = f',"firstEventSequence": {first},"lastEventSequence": {last}, "entropy": "{entropy}"}}'
        return b'{"events":' + events + tail.encode()


def xero_event(
    *,
    tenant_id: str,
    category: str,
    kind: str,
    resource_id: str,
    at: datetime,
    data: Json | None = None,
) -> Document:
    """Return one event (`kind`: CREATE or UPDATE); its time is UTC with milliseconds and without `Z`."""
    moment = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    event: dict[str, Any] = {
        "resourceUrl": f"https://api.xero.com/api.xro/2.0/{_XERO_PATHS.get(category, category)}/{resource_id}",
        "resourceId": resource_id,
        "tenantId": tenant_id,
        "tenantType": "ORGANISATION",
        "eventCategory": category,
        "eventType": kind,
        "eventDateUtc": moment,
    }
    return event if data is None else {**event, "data": dict(data)}


class Forgery(StrEnum):
    """Ways to send what the vendor never signed."""

    WRONG_KEY = "wrong_key"
    ALTERED_BODY = "altered_body"  # the genuine signature of other bytes
    ALTERED_SIGNATURE = "altered_signature"  # one character changed, as Xero does on set-up
    UNSIGNED = "unsigned"
    NOT_AVAILABLE = "not_available"  # the literal "N/A" that HighLevel sends when it did not sign


def forged(parcel: Parcel, how: Forgery, ids: Ids) -> Parcel:
    """Return a genuine parcel of either vendor, spoilt."""
    header = next(name for name in (GHL_SIGNATURE, XERO_SIGNATURE) if name in parcel.headers)
    good = parcel.headers[header]
    match how:
        case Forgery.ALTERED_BODY:
            return Parcel(parcel.event, parcel.body.replace(b"}", b" }", 1), parcel.headers)
        case Forgery.UNSIGNED:
            rest = {name: value for name, value in parcel.headers.items() if name != header}
            return Parcel(parcel.event, parcel.body, rest)
        case Forgery.ALTERED_SIGNATURE:
            spoilt = ("B" if good[0] != "B" else "C") + good[1:]
        case Forgery.NOT_AVAILABLE:
            spoilt = "N/A"
        case Forgery.WRONG_KEY if header == GHL_SIGNATURE:
            other = Ed25519PrivateKey.from_private_bytes(ids.seed_bytes())
            spoilt = base64.b64encode(other.sign(parcel.body)).decode()
        case Forgery.WRONG_KEY:
            spoilt = base64.b64encode(hmac.digest(ids.seed_bytes(), parcel.body, hashlib.sha256)).decode()
    return Parcel(parcel.event, parcel.body, {**parcel.headers, header: spoilt})


def _ghl(event: str, body: bytes, signature: str) -> Parcel:
    return Parcel(event, body, {"Content-Type": "application/json", GHL_SIGNATURE: signature})


def _xero(event: str, body: bytes, signature: str) -> Parcel:
    headers = {"Content-Type": "application/json; charset=utf-8", XERO_SIGNATURE: signature}
    return Parcel(event, body, headers)
