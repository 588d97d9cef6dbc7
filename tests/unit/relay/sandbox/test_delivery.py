from datetime import UTC, datetime

import pytest

from relay.sandbox.delivery import GHL_RETRIES, XERO_RETRIES, Delivery, GhlRetries, Parcel, Targets, Vendor


@pytest.mark.parametrize(
    ("targets", "vendor", "event", "url"),
    [
        (Targets(ghl="http://r/webhooks/ghl"), Vendor.GHL, "InvoicePaid", "http://r/webhooks/ghl/InvoicePaid"),
        (Targets(ghl="http://r/webhooks/ghl/"), Vendor.GHL, "InvoicePaid", "http://r/webhooks/ghl/InvoicePaid"),
        (Targets(ghl="http://r/g"), Vendor.GHL, "INSTALL", "http://r/g"),
        (Targets(ghl="http://r/g", ghl_url_per_event=False), Vendor.GHL, "InvoicePaid", "http://r/g"),
        (Targets(ghl="http://r/g"), Vendor.XERO, "events", None),
        (Targets(xero="http://r/x"), Vendor.XERO, "events", "http://r/x"),
        (Targets(xero="http://r/x"), Vendor.GHL, "InvoicePaid", None),
    ],
)
def test_an_event_has_its_address(targets: Targets, vendor: Vendor, event: str, url: str | None) -> None:
    assert targets.url(vendor, event) == url


@pytest.mark.parametrize("status", [None, 301, 400, 401, 429, 500, 503])
def test_highlevels_policies_differ_in_what_they_repeat(status: int | None) -> None:
    assert GHL_RETRIES[GhlRetries.NEW].again(status)
    assert GHL_RETRIES[GhlRetries.OLD].again(status) == (status == 429)


def test_the_vendors_give_up_when_they_say_so() -> None:
    assert len(GHL_RETRIES[GhlRetries.NEW].pauses_s) == 12
    assert GHL_RETRIES[GhlRetries.OLD].pauses_s == (600.0,) * 6
    assert (XERO_RETRIES.pauses_s[0], sum(XERO_RETRIES.pauses_s)) == (0, 24 * 3600)


def test_a_record_shows_no_body() -> None:
    parcel = Parcel("InvoicePaid", b'{"email":"ada@example.com"}', {})

    record = Delivery("d-1", Vendor.GHL, parcel, datetime(2026, 11, 24, tzinfo=UTC)).record()

    assert (record["event"], record["bytes"], record["state"]) == ("InvoicePaid", 27, "waiting")
    assert "ada" not in str(record)
