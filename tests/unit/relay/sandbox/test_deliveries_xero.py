import json

import pytest

from relay.sandbox import deliveries_xero as module
from relay.sandbox.delivery import Mischief
from tests.givens.vendor_hooks import Receiver, Senders, senders, turned, until, xero_fired


def resources(sending: Senders) -> list[list[str]]:
    return [[event["resourceId"] for event in json.loads(one.body)["events"]] for one in sending.receiver.got]


def states(sending: Senders) -> list[str]:
    return [one["state"] for one in sending.deliveries.report()["deliveries"]]


async def test_events_that_wait_together_go_together() -> None:
    async with senders() as sending:
        for number in range(3):
            xero_fired(sending, f"i-{number}")
        await until(lambda: not sending.deliveries.unsettled)
        xero_fired(sending, "i-3")
        await until(lambda: not sending.deliveries.unsettled)

    assert resources(sending) == [["i-0", "i-1", "i-2"], ["i-3"]]


async def test_a_batch_has_a_bound() -> None:
    async with senders() as sending:
        for number in range(module.BATCH + 1):
            xero_fired(sending, f"i-{number}")
        await until(lambda: not sending.deliveries.unsettled)

    assert [len(batch) for batch in resources(sending)] == [module.BATCH, 1]


async def test_a_failed_delivery_goes_again_at_once_then_every_quarter_of_an_hour_and_all_others_wait() -> None:
    async with senders(Receiver([500, 503, None, 200])) as sending:
        xero_fired(sending, "i-0")
        await turned()
        xero_fired(sending, "i-1")
        at_once = len(sending.receiver.got)
        await sending.later(899)
        before = len(sending.receiver.got)
        await sending.later(1)
        await sending.later(900)

    assert (at_once, before) == (2, 2)
    assert resources(sending) == [["i-0"]] * 4 + [["i-1"]]
    assert len({one.body for one in sending.receiver.got[:4]}) == 1


async def test_after_a_day_of_failures_it_is_switched_off_until_an_intent_to_receive_succeeds() -> None:
    receiver = Receiver([500])
    async with senders(receiver) as sending:
        xero_fired(sending, "i-0")
        await turned()
        for _ in range(96):
            await sending.later(900)
        off, attempts = sending.deliveries.xero.enabled, len(receiver.got)
        xero_fired(sending, "i-1")
        await sending.later(100_000)
        silent = len(receiver.got) == attempts

        receiver.statuses = [200, 401, 200, 401, 200]
        answers = await sending.deliveries.intent_to_receive()
        await until(lambda: not sending.deliveries.unsettled)

    assert (off, attempts, silent) == (False, 98, True)
    assert [answer.accepted for answer in answers] == [True] * 4
    assert resources(sending)[attempts:] == [[], [], [], [], ["i-0"], ["i-1"]]


@pytest.mark.parametrize(
    ("statuses", "accepted"),
    [
        pytest.param([200, 401, 200, 401], [True] * 4, id="verifies"),
        pytest.param([200], [True, False, True, False], id="accepts anything"),
        pytest.param([401], [False, True, False, True], id="accepts nothing"),
    ],
)
async def test_an_intent_to_receive_wants_200_and_401(statuses: list[int | None], accepted: list[bool]) -> None:
    async with senders(Receiver(statuses)) as sending:
        answers = await sending.deliveries.intent_to_receive()

    assert [answer.well_signed for answer in answers] == [True, False, True, False]
    assert [answer.accepted for answer in answers] == accepted
    assert sending.deliveries.xero.enabled == all(accepted)


async def test_duplicates_and_held_back_events() -> None:
    async with senders() as sending:
        sending.deliveries.xero.mischief = Mischief(held=True, duplicates=1)
        xero_fired(sending, "i-0")
        xero_fired(sending, "i-1")
        await turned()
        held = (sending.deliveries.xero.held, len(sending.receiver.got))

        sending.deliveries.xero.release([1, 0])
        await until(lambda: not sending.deliveries.unsettled)

    assert held == (2, 0)
    assert resources(sending) == [["i-1", "i-0"]] * 2


async def test_without_an_address_events_are_counted_as_lost() -> None:
    async with senders(subscribed=False) as sending:
        xero_fired(sending)

    assert (sending.deliveries.xero.events_lost, sending.deliveries.unsettled) == (1, 0)


async def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PENDING", 2)
    async with senders() as sending:
        sending.deliveries.xero.mischief = Mischief(held=True)
        for _ in range(3):
            xero_fired(sending)

        assert (sending.deliveries.unsettled, sending.deliveries.xero.events_lost) == (2, 1)


async def test_what_has_not_arrived_at_the_end_is_counted() -> None:
    async with senders(Receiver([500])) as sending:
        xero_fired(sending, "i-0")
        await turned()
        xero_fired(sending, "i-1")

        left = sending.deliveries.stop()

    assert left == 2
    assert states(sending) == ["lost"]
