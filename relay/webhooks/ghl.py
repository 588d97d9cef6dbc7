"""HighLevel at the receiver: which header signs, and what a body is.

One vendor key signs for every app, so an `appId` that is not ours is another app's event. Documented invoice bodies
carry neither type nor id nor location; then the URL, the shape, the body's hash and `altId` say it.
Source: HighLevel "Webhook Integration Guide" and `docs/webhook events/` of GoHighLevel/highlevel-api-docs.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog

from relay.settings import Settings, SettingsError
from relay.webhooks.answers import Outcome
from relay.webhooks.bodies import OCTETS, UNREADABLE, identifier, read
from relay.webhooks.signatures import KeyUnreadable, ed25519_fits, ed25519_keys, rsa_fits, rsa_keys
from relay.webhooks.vendor import Contents, Delivery, Headers, Vendor
from schemas.envelope import JSON, Event
from schemas.routing import APP_PAGES, ghl_topic
from schemas.topics import GHL_INVOICES, GHL_OTHER

NAME: Final = "ghl"
SOURCE: Final = "/webhooks/ghl"
TYPE_PREFIX: Final = "com.gohighlevel."

# an invoice body without type, by its status; a draft may be new or changed, and consumers look at it either way
_BY_STATUS: Final = {
    "sent": "InvoiceSent",
    "paid": "InvoicePaid",
    "partially_paid": "InvoicePartiallyPaid",
    "void": "InvoiceVoid",
    "delete": "InvoiceDelete",
}

log = structlog.get_logger()


def vendor(settings: Settings) -> Vendor | None:
    """Return HighLevel for the receiver; None without a key: its routes then answer 404 and are never left open.

    Raises:
        SettingsError: a key is no PEM of its kind.
    """
    try:
        keys = ed25519_keys(settings.ghl_public_keys)
        legacy_keys = rsa_keys(settings.ghl_legacy_rsa_keys) if settings.ghl_legacy_rsa else ()
    except KeyUnreadable as error:
        raise SettingsError(f"RELAY_GHL_PUBLIC_KEYS or RELAY_GHL_LEGACY_RSA_KEYS: {error}") from error
    if not (keys or legacy_keys):
        return None
    own_app = settings.own_app_id
    if own_app is None:
        log.warning("vendor.app_id_unknown", vendor=NAME, setting="RELAY_GHL_APP_ID")

    def genuine(headers: Headers, body: bytes) -> bool:
        if (signature := headers.get(b"x-ghl-signature")) is not None:
            return ed25519_fits(keys, signature, body)  # present and wrong is wrong: never fall back
        return rsa_fits(legacy_keys, headers.get(b"x-wh-signature", b""), body)

    def split(delivery: Delivery) -> Contents:
        return contents(delivery, own_app)

    return Vendor(NAME, genuine, split, overloaded=HTTPStatus.TOO_MANY_REQUESTS, event_in_url=True)


def contents(delivery: Delivery, own_app: str | None) -> Contents:
    """Return the one event of a delivery; `own_app` None takes every app for ours. Never raises."""
    value = read(delivery.body)
    if not isinstance(value, dict):
        return Contents([_event(delivery, {}, {}, GHL_OTHER, JSON if value is not UNREADABLE else OCTETS)])
    outer, inner = _layers(value)
    app = outer.get("appId")
    if own_app is not None and app not in (None, "") and identifier(app) != own_app:
        return Contents([_event(delivery, outer, inner, GHL_OTHER)], Outcome.FOREIGN)
    return Contents([_event(delivery, outer, inner, ghl_topic(kind(delivery.event, outer, inner)))])


def _layers(value: dict[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return where to look for the envelope and for the thing itself: the guide's sample wraps it in `data`."""
    data = value.get("data")
    if isinstance(data, dict) and "_id" not in value and "id" not in value:
        return {**data, **value}, {**value, **data}
    return value, value


def kind(url_event: str, outer: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    """Return the kind of an event: the body's `type`, else the URL's, else its shape, else `unknown`."""
    stated = outer.get("type")
    if isinstance(stated, str) and (text := identifier(stated)):
        return text
    if url_event:
        return APP_PAGES.get(url_event, url_event)
    status = inner.get("status")
    if "invoiceItems" in inner and isinstance(status, str):
        return _BY_STATUS.get(status, "InvoiceUpdate")
    return "unknown"


def _event(
    delivery: Delivery, outer: Mapping[str, Any], inner: Mapping[str, Any], topic: str, content_type: str = JSON
) -> Event:
    """Return the event; its `time` stays unknown, because `timestamp` is when a body was sent, not what happened."""
    return Event(
        id=identifier(outer.get("webhookId")) or delivery.id,
        source=SOURCE,
        type=TYPE_PREFIX + kind(delivery.event, outer, inner),
        subject=_first(inner, ("_id", "id", "invoiceId") if topic == GHL_INVOICES else ("id", "_id")),
        key=location(outer) or _first(outer, ("companyId", "appId")) or NAME,
        topic=topic,
        value=delivery.body,
        delivery_id=delivery.id,
        received_at=delivery.received_at,
        content_type=content_type,
        traceparent=delivery.traceparent,
    )


def location(outer: Mapping[str, Any]) -> str:
    """Return the location an event belongs to; empty where it belongs to a company, or says nothing."""
    of_alt = outer.get("altType") == "location"
    return identifier(outer.get("locationId")) or (identifier(outer.get("altId")) if of_alt else "")


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := identifier(values.get(name)))), "")
