import pytest

from relay.sandbox import deliveries_ghl as module
from relay.sandbox.delivery import GhlRetries, Mischief, State
from tests.givens.vendor_hooks import Receiver, Senders, senders, turned, until


def fire(sending: Senders, *events: str) -> None:
    for event in events or ("InvoicePaid",):
        sending.deliveries.fire_ghl(event, "loc", {"_id": event})


def states(sending: Senders) -> list[str]:
    return [one["state"] for one in sending.deliveries.report()["deliveries"]]


async def test_an_event_goes_to_the_address_of_its_type() -> None:
    async with senders() as sending:
        fire(sending, "InvoicePaid", "ContactCreate")

        await until(lambda: not sending.deliveries.unsettled)

    assert sorted(sending.receiver.paths) == ["/webhooks/ghl/ContactCreate", "/webhooks/ghl/InvoicePaid"]
    assert states(sending) == ["delivered", "delivered"]


async def test_the_new_policy_tries_again_with_the_same_bytes_until_it_is_taken() -> None:
    async with senders(Receiver([503, None, 401, 200])) as sending:
        fire(sending)
        await turned()
        for _ in range(3):
            await sending.later(900)

    assert states(sending) == ["delivered"]
    assert len({one.body for one in sending.receiver.got}) == 1
    (record,) = sending.deliveries.report()["deliveries"]
    assert [attempt.status for attempt in record["attempts"]] == [503, None, 401, 200]


async def test_the_new_policy_gives_up_after_twelve_retries() -> None:
    async with senders(Receiver([500])) as sending:
        fire(sending)
        await turned()
        for _ in range(20):
            await sending.later(900)

    assert (len(sending.receiver.got), states(sending)) == (13, ["given_up"])


@pytest.mark.parametrize(
    ("statuses", "attempts", "state"),
    [
        pytest.param([500, 200], 1, "given_up", id="a 5xx is lost for ever"),
        pytest.param([429, 200], 2, "delivered", id="a 429 comes again"),
        pytest.param([429], 7, "given_up", id="six retries"),
    ],
)
async def test_the_old_policy_repeats_429_alone(statuses: list[int | None], attempts: int, state: str) -> None:
    async with senders(Receiver(statuses)) as sending:
        sending.deliveries.ghl.retries = GhlRetries.OLD
        fire(sending)
        await turned()
        for _ in range(10):
            await sending.later(700)

    assert (len(sending.receiver.got), states(sending)) == (attempts, [state])


async def test_pauses_shrink_by_the_time_scale() -> None:
    async with senders(Receiver([500, 200]), time_scale=0.001) as sending:
        fire(sending)
        await turned()
        await sending.later(0.015)

    assert states(sending) == ["delivered"]


async def test_duplicates_carry_the_same_bytes_and_say_whose_they_are() -> None:
    async with senders() as sending:
        sending.deliveries.ghl.mischief = Mischief(duplicates=2)
        fire(sending)

        await until(lambda: not sending.deliveries.unsettled)

    first, *copies = sending.deliveries.report()["deliveries"]
    assert [copy["repeats"] for copy in copies] == [first["id"]] * 2
    assert len({one.body for one in sending.receiver.got}) == 1
    assert len(sending.receiver.got) == 3


async def test_a_delayed_delivery_waits() -> None:
    async with senders() as sending:
        sending.deliveries.ghl.mischief = Mischief(delay_s=5)
        fire(sending)
        await turned()
        before = len(sending.receiver.got)
        await sending.later(5)

    assert (before, len(sending.receiver.got)) == (0, 1)


async def test_held_deliveries_go_in_the_order_told() -> None:
    async with senders() as sending:
        sending.deliveries.ghl.mischief = Mischief(held=True)
        fire(sending, "InvoiceCreate", "InvoiceSent", "InvoicePaid")
        await turned()
        held = (sending.deliveries.ghl.held, len(sending.receiver.got), states(sending))

        released = sending.deliveries.ghl.release([2, 0, 1])
        await until(lambda: not sending.deliveries.unsettled)

    assert held == (3, 0, ["held"] * 3)
    assert released == 3
    assert [path.rsplit("/", 1)[1] for path in sending.receiver.paths] == [
        "InvoicePaid",
        "InvoiceCreate",
        "InvoiceSent",
    ]


async def test_what_has_not_arrived_at_the_end_is_counted() -> None:
    async with senders(Receiver([500])) as sending:
        fire(sending)
        sending.deliveries.ghl.mischief = Mischief(held=True)
        fire(sending)
        await turned()

        left = sending.deliveries.stop()
        fire(sending)

    assert left == 2
    assert states(sending) == [State.LOST.value] * 3


async def test_there_are_never_more_under_way_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OPEN", 2)
    async with senders(Receiver([500])) as sending:
        fire(sending, "A1", "A2", "A3")

        assert states(sending) == ["waiting", "waiting", "lost"]
