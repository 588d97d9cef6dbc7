import pytest

from relay.sandbox.deliveries import Order
from relay.sandbox.delivery import Mischief, Vendor
from relay.sandbox.signers import Forgery
from tests.givens.vendor_hooks import Receiver, senders, turned, until, xero_fired


async def test_a_past_delivery_goes_again_with_the_same_bytes() -> None:
    async with senders() as sending:
        sending.deliveries.fire_ghl("InvoicePaid", "loc", {"_id": "i"})
        xero_fired(sending)
        await until(lambda: not sending.deliveries.unsettled)
        bodies = sorted(one.body for one in sending.receiver.got)

        ids = sending.deliveries.resend()
        await until(lambda: not sending.deliveries.unsettled)

    assert len(ids) == 2
    assert sorted(one.body for one in sending.receiver.got[2:]) == bodies


async def test_one_delivery_can_be_chosen_and_an_unknown_one_is_an_error() -> None:
    async with senders() as sending:
        sending.deliveries.fire_ghl("InvoicePaid", "loc", {"_id": "i"})
        sending.deliveries.fire_ghl("InvoiceSent", "loc", {"_id": "i"})
        await until(lambda: not sending.deliveries.unsettled)
        chosen = sending.deliveries.report()["deliveries"][1]["id"]

        sending.deliveries.resend([chosen])
        await until(lambda: not sending.deliveries.unsettled)

        with pytest.raises(LookupError):
            sending.deliveries.resend(["never was"])
    assert sending.receiver.paths[2:] == ["/webhooks/ghl/InvoiceSent"]


@pytest.mark.parametrize("vendor", Vendor)
async def test_a_forged_delivery_is_sent_once_and_reported_as_such(vendor: Vendor) -> None:
    async with senders(Receiver([401])) as sending:
        status = await sending.deliveries.forge(vendor, Forgery.WRONG_KEY)

        (record,) = sending.deliveries.report()["deliveries"]

    assert status == 401
    assert (record["forged"], record["state"], len(sending.receiver.got)) == (True, "given_up", 1)


async def test_forged_deliveries_are_not_sent_again_with_the_rest() -> None:
    async with senders() as sending:
        await sending.deliveries.forge(Vendor.GHL, Forgery.UNSIGNED)

        assert sending.deliveries.resend() == []


@pytest.mark.parametrize(
    ("order", "events"),
    [
        (Order.AS_FIRED, ["A", "B", "C"]),
        (Order.REVERSED, ["C", "B", "A"]),
        (Order.SHUFFLED, None),
    ],
)
async def test_held_deliveries_are_let_go_in_an_order(order: Order, events: list[str] | None) -> None:
    async with senders() as sending:
        sending.deliveries.bend(Vendor.GHL, Mischief(held=True))
        for event in ("InvoiceA", "InvoiceB", "InvoiceC"):
            sending.deliveries.fire_ghl(event, "loc", {})

        released = sending.deliveries.release(Vendor.GHL, order)
        await until(lambda: not sending.deliveries.unsettled)

    letters = [path[-1] for path in sending.receiver.paths]
    assert released == 3
    assert letters == events if events else sorted(letters) == ["A", "B", "C"]


async def test_app_events_go_to_the_default_address() -> None:
    async with senders() as sending:
        sending.deliveries.fire_app("INSTALL", {"locationId": "loc"})
        await until(lambda: not sending.deliveries.unsettled)

    assert sending.receiver.paths == ["/webhooks/ghl"]


async def test_any_bytes_can_be_sent_genuinely_signed() -> None:
    async with senders() as sending:
        sending.deliveries.send_raw(Vendor.GHL, "InvoicePaid", b"no json")
        sending.deliveries.send_raw(Vendor.XERO, "events", b"neither")
        await until(lambda: not sending.deliveries.unsettled)

    assert sorted(one.body for one in sending.receiver.got) == [b"neither", b"no json"]


async def test_the_report_counts_and_lists() -> None:
    async with senders() as sending:
        sending.deliveries.fire_ghl("InvoicePaid", "loc", {})
        await turned()
        sending.deliveries.bend(Vendor.XERO, Mischief(held=True))
        xero_fired(sending)

        report = sending.deliveries.report()

    assert report["counts"]["delivered"] == 1
    assert (report["unsettled"], report["held"], report["xero_enabled"]) == (1, {"ghl": 0, "xero": 1}, True)
