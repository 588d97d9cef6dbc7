"""Xero at the receiver: HMAC over the body with the key's text, and one event for each element of `events`.

Intent to receive is a delivery without events. Categories and types come in any case, and may be new to us.
Source: XeroAPI/Xero-OpenAPI, `xero-webhooks.yaml` 18.0.0; developer.xero.com, "Configuring your server".
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import orjson

from relay.settings import Settings
from relay.webhooks.answers import Outcome
from relay.webhooks.bodies import OCTETS, UNREADABLE, Element, elements, identifier, read
from relay.webhooks.signatures import hmac_fits
from relay.webhooks.vendor import Contents, Delivery, Headers, Vendor
from schemas.envelope import JSON, Event, sha256
from schemas.routing import xero_topic
from schemas.xero import instant

NAME: Final = "xero"
SOURCE: Final = "/webhooks/xero"
TYPE_PREFIX: Final = "com.xero."

_IDENTITY: Final = ("tenantId", "eventCategory", "resourceId", "eventType", "eventDateUtc")


def vendor(settings: Settings) -> Vendor | None:
    """Return Xero for the receiver; None without a key: its route then answers 404 and is never left open."""
    keys = [key.get_secret_value().encode() for key in settings.xero_webhook_keys]  # text as is: not base64

    def genuine(headers: Headers, body: bytes) -> bool:
        return hmac_fits(keys, headers.get(b"x-xero-signature", b""), body)

    return Vendor(NAME, genuine, contents, overloaded=HTTPStatus.SERVICE_UNAVAILABLE) if keys else None


def contents(delivery: Delivery) -> Contents:
    """Return an event for each element of `events`; what holds no such list is one event as it is. Never raises."""
    parts = elements(delivery.body, "events")
    if parts is None:
        parts = [Element(read(delivery.body), delivery.body)]
    return Contents([_event(delivery, part) for part in parts], Outcome.ACCEPTED if parts else Outcome.EMPTY)


def _event(delivery: Delivery, part: Element) -> Event:
    facts: Mapping[str, Any] = part.value if isinstance(part.value, dict) else {}
    identity = [identifier(facts.get(name)) for name in _IDENTITY]
    tenant, category, resource, change, instant_text = identity
    return Event(
        id=event_id(identity) or sha256(part.raw),
        source=SOURCE,
        type=TYPE_PREFIX + (f"{category}.{change}".strip(".").lower() or "unknown"),
        subject=resource,
        key=tenant or NAME,
        topic=xero_topic(category),
        value=part.raw,
        delivery_id=delivery.id,
        received_at=delivery.received_at,
        time=_time(instant_text),
        content_type=OCTETS if part.value is UNREADABLE else JSON,
        traceparent=delivery.traceparent,
    )


def event_id(identity: Sequence[str]) -> str:
    """Return the id that a redelivery repeats, whatever the case of its letters; empty where a part of it is missing.

    Xero sends no id of its own: tenant, category, resource, change and time tell events apart.
    """
    return sha256(orjson.dumps([part.lower() for part in identity])) if all(identity) else ""


def _time(text: str) -> datetime | None:
    try:
        return instant(text)
    except (ValueError, OverflowError, OSError):
        return None  # the time of receipt stands in for it
