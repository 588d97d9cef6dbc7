"""Deliveries, keys to sign them with, and a receiver to send them to."""

import base64
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from relay.clock import Clock, FakeClock
from relay.log.ports import Publisher
from relay.settings import Settings
from relay.webhooks.intake import Bounds
from relay.webhooks.receiver import Receiver
from relay.webhooks.vendor import Delivery, Vendor
from relay.webhooks.vendors import vendors
from schemas.envelope import sha256
from tests.givens.log import ListPublisher

GHL_KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
OTHER_GHL_KEY = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
XERO_KEY = "bWFkZS11cC1rZXktb2YtdGhlLXRlc3RzLW5vdC1hLXJlYWwta2V5"
OLD_XERO_KEY = "YW5vdGhlci1tYWRlLXVwLWtleQ=="
OWN_APP = "665c6bb13d4e5364bdec0e2f"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
RECEIVED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

INVOICE = {"_id": "inv1", "status": "sent", "altId": "loc1", "altType": "location", "invoiceItems": [], "total": 10.5}
XERO_EVENT = {
    "resourceUrl": "https://api.xero.com/api.xro/2.0/Invoices/243216c5-369e-4056-ac67-05388f86dc81",
    "resourceId": "243216c5-369e-4056-ac67-05388f86dc81",
    "tenantId": "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f",
    "tenantType": "ORGANISATION",
    "eventCategory": "INVOICE",
    "eventType": "UPDATE",
    "eventDateUtc": "2026-06-21T01:15:39.902",
}


def pem(key: Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def webhook_settings(**changes: Any) -> Settings:
    defaults: dict[str, Any] = {
        "ghl_public_keys": (pem(GHL_KEY),),
        "ghl_legacy_rsa_keys": (pem(RSA_KEY),),
        "ghl_app_id": OWN_APP,
        "xero_webhook_keys": XERO_KEY,
    }
    return Settings(**(defaults | changes))


def ed25519(body: bytes, key: Ed25519PrivateKey = GHL_KEY) -> bytes:
    return base64.b64encode(key.sign(body))


def rsa_sha256(body: bytes) -> bytes:
    return base64.b64encode(RSA_KEY.sign(body, PKCS1v15(), SHA256()))


def xero_hmac(body: bytes, key: str = XERO_KEY) -> bytes:
    return base64.b64encode(hmac.digest(key.encode(), body, "sha256"))


def ghl_body(**fields: Any) -> bytes:
    return json.dumps(INVOICE | fields, separators=(",", ":")).encode()


def xero_body(*events: Any) -> bytes:
    wrapper = {"events": list(events), "firstEventSequence": 1, "lastEventSequence": 1, "entropy": "ABCDEFGHIJ"}
    return json.dumps(wrapper, separators=(",", ":")).encode()


def delivery(body: bytes, event: str = "") -> Delivery:
    return Delivery(sha256(body), body, event, RECEIVED_AT, TRACE)


def receiver(
    publisher: Publisher | None = None,
    *,
    settings: Settings | None = None,
    served: Sequence[Vendor] | None = None,
    clock: Clock | None = None,
    ack_deadline_s: float = 2.0,
    ready: bool = True,
    **bounds: Any,
) -> Receiver:
    limits: dict[str, Any] = {
        "max_body_bytes": 100_000,
        "max_in_flight": 100,
        "max_bytes_in_flight": 1_000_000,
        "read_deadline_s": 2.0,
    }

    async def is_ready() -> bool:
        return ready

    return Receiver(
        vendors=vendors(settings or webhook_settings()) if served is None else served,
        publisher=ListPublisher() if publisher is None else publisher,
        clock=clock or FakeClock(RECEIVED_AT),
        bounds=Bounds(**(limits | bounds)),
        ack_deadline_s=ack_deadline_s,
        ready=is_ready,
    )


@dataclass
class Answered:
    """What an ASGI application said; `status` is 0 when it said nothing."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Caller:
    """A minimal server: calls the application with a request in the given pieces, then leaves."""

    pieces: Iterable[bytes]
    complete: bool = True
    asked: int = 0
    answered: Answered = field(default_factory=Answered)

    def __post_init__(self) -> None:
        pieces = list(self.pieces) or [b""]
        self._messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        if self.complete:
            self._messages[-1]["more_body"] = False

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        return self._messages.pop(0) if self._messages else {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.answered.status, self.answered.headers = message["status"], dict(message["headers"])
        else:
            self.answered.body += message.get("body", b"")


async def post(
    app: Receiver,
    path: str,
    body: bytes | Sequence[bytes],
    headers: dict[bytes, bytes] | list[tuple[bytes, bytes]],
    *,
    complete: bool = True,
) -> Answered:
    """Send a request without Content-Length, unless `headers` has one, in one piece or several."""
    caller = Caller([body] if isinstance(body, bytes) else body, complete)
    raw = list(headers.items()) if isinstance(headers, dict) else headers
    await app({"type": "http", "method": "POST", "path": path, "headers": raw}, caller.receive, caller.send)
    return caller.answered
