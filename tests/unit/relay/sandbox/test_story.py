from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from relay.sandbox.story import STORY, Step, World, expect, played
from tests.givens.story import (
    ARCHIVED,
    CUSTOMER,
    ECHO,
    EDITED,
    FORGED,
    FREE,
    LIMITED,
    MENDED,
    PART,
    RESENT,
    REST,
    SENT,
    VOIDED,
    WELL,
    Hand,
    by_hand,
    do_well,
)

SOON_S, LONG_S = 0.01, 5.0


async def told_before(hand: Hand, title: str) -> Step:
    """Tell the story well up to a step; return that step, not begun."""
    for step in STORY:
        if step.title == title:
            return step
        await do_well(hand, step)
    raise AssertionError(f"no step {title!r}")


def stub(check: Callable[[World], Any], act: Callable[[], object] = lambda: None) -> Step:
    async def acted(_world: World) -> None:
        act()

    async def checked(world: World) -> Any:
        return check(world)

    return Step("A step", acted, checked, "well")


def test_every_line_has_a_title_of_its_own_and_a_result() -> None:
    titles = [step.title for step in STORY]

    assert len(set(titles)) == len(titles) > 0
    assert all(step.title and step.result for step in STORY)
    assert WELL.keys() <= set(titles)


@pytest.mark.parametrize(
    ("wanted", "found", "difference"),
    [
        (2, 2, None),
        (["paid"], ["paid"], None),
        (2, 3, "payments in Xero: 3 instead of 2"),
        (["paid"], [], "payments in Xero: [] instead of ['paid']"),
    ],
)
def test_a_difference_is_said_with_both_sides(wanted: object, found: object, difference: str | None) -> None:
    assert expect(wanted, found, "payments in Xero") == difference


async def test_a_step_waits_until_its_check_holds() -> None:
    answers = iter(["not yet", "not yet", None])

    async with by_hand() as hand:
        difference = await played(stub(lambda _world: next(answers)), hand.world, LONG_S)

    assert (difference, list(answers)) == (None, [])


async def test_a_step_that_does_not_hold_in_time_says_what_is_different() -> None:
    async with by_hand() as hand:
        difference = await played(stub(lambda _world: "0 invoices instead of 1"), hand.world, SOON_S)

    assert difference == "0 invoices instead of 1"


async def test_a_step_acts_once_before_anything_is_checked() -> None:
    order: list[str] = []

    async with by_hand() as hand:
        await played(stub(lambda _world: order.append("check"), lambda: order.append("act")), hand.world, LONG_S)

    assert order == ["act", "check"]


async def test_the_story_holds_for_whoever_does_by_hand_what_the_relay_should() -> None:
    differences = {}

    async with by_hand() as hand:
        for step in STORY:
            await do_well(hand, step)
            differences[step.title] = await step.check(hand.world)

    assert {title: each for title, each in differences.items() if each} == {}


async def sent_otherwise(hand: Hand, **changes: Any) -> None:
    await hand.customer()
    await hand.bill("first", **changes)


async def sent_twice(hand: Hand) -> None:
    await sent_otherwise(hand)
    await hand.bill("first")


async def a_second_customer(hand: Hand) -> None:
    await hand.world.client.xero("create_contact", tenant_id=hand.xero, name="Customer (1)", ContactNumber="other")


async def the_old_tag_left(hand: Hand) -> None:
    await hand.pay("first", str(hand.world.noted["rest"]))
    await hand.tag("invoice paid")


async def failed_and_sent(hand: Hand) -> None:
    await hand.sees(dead=["account_unusable"])
    await hand.bill("fourth", LineItems=[{"Description": "Relic", "UnitAmount": 70, "AccountCode": "200"}])


async def mended_and_failed(hand: Hand) -> None:
    await hand.bill("fourth")
    await hand.sees(dead=["account_unusable"])


async def written_again(hand: Hand) -> None:
    await hand.sees(again=True)
    await hand.ask_vendor()


async def billed_again(hand: Hand) -> None:
    await hand.sees(again=True)
    await hand.bill("fifth")


async def nothing(_hand: Hand) -> None:
    return


@pytest.mark.parametrize(
    ("title", "deed", "difference"),
    [
        pytest.param(SENT, nothing, "0 invoices in Xero instead of 1", id="not sent"),
        pytest.param(SENT, sent_twice, "2 invoices in Xero instead of 1", id="sent twice"),
        pytest.param(
            SENT,
            lambda hand: sent_otherwise(hand, Status="DRAFT"),
            "status in Xero: DRAFT instead of AUTHORISED",
            id="left as a draft",
        ),
        pytest.param(
            SENT,
            lambda hand: sent_otherwise(hand, LineAmountTypes="Inclusive"),
            "total: 624.56 instead of 687.02",
            id="tax in the price",
        ),
        pytest.param(CUSTOMER, a_second_customer, "contacts in Xero: [", id="customer twice"),
        pytest.param(PART, nothing, "status in HighLevel: sent instead of partially_paid", id="not recorded"),
        pytest.param(
            PART,
            lambda hand: hand.pay("first", "99.99"),
            "payments in HighLevel: [Decimal('99.99')] instead of [Decimal('100')]",
            id="a cent too little",
        ),
        pytest.param(
            PART,
            lambda hand: hand.pay("first", "100.00"),
            "tags on the contact: [] instead of ['invoice part paid']",
            id="not tagged",
        ),
        pytest.param(REST, nothing, "status in HighLevel: partially_paid instead of paid", id="rest not recorded"),
        pytest.param(REST, the_old_tag_left, "tags on the contact: ['invoice paid', 'invoice p", id="old tag left"),
        pytest.param(ECHO, nothing, "the echo has no outcome yet", id="no word of the echo"),
        pytest.param(VOIDED, nothing, "status in Xero: ['AUTHORISED'] instead of ['VOIDED']", id="not voided"),
        pytest.param(EDITED, nothing, "total: 1100.00 instead of ", id="edit not followed"),
        pytest.param(ARCHIVED, nothing, "dead letters: set() instead of {'account_unusable'}", id="not failed"),
        pytest.param(ARCHIVED, failed_and_sent, "invoices in Xero: 1 instead of 0", id="failed, yet sent"),
        pytest.param(MENDED, nothing, "0 invoices in Xero instead of 1", id="not mended"),
        pytest.param(MENDED, mended_and_failed, "dead letters: ['account_unusable'] instead of []", id="failed again"),
        pytest.param(LIMITED, nothing, "waiting: [] instead of minute_limit", id="does not wait"),
        pytest.param(FREE, lambda hand: hand.bill("fifth"), "waiting: ['minute_limit'] instead of []", id="waits on"),
        pytest.param(RESENT, nothing, "not everything was handled again yet", id="not handled again"),
        pytest.param(RESENT, written_again, "writes to the vendors: 1 instead of 0", id="written again"),
        pytest.param(RESENT, billed_again, "books: [", id="books changed"),
    ],
)
async def test_what_is_done_badly_is_told(
    title: str, deed: Callable[[Hand], Coroutine[None, None, None]], difference: str
) -> None:
    async with by_hand() as hand:
        step = await told_before(hand, title)
        await step.act(hand.world)
        await deed(hand)
        told = await step.check(hand.world)

    assert str(told).startswith(difference)


async def test_a_failure_that_was_not_sent_again_is_told() -> None:
    async with by_hand() as hand:
        step = await told_before(hand, MENDED)
        await hand.sees(dead=[])
        await do_well(hand, step)
        told = await step.check(hand.world)

    assert told == "no dead letter was sent again"


async def test_a_receiver_that_takes_what_is_forged_is_told() -> None:
    async with by_hand() as hand:
        step = await told_before(hand, FORGED)
        hand.vendors.receiver.statuses = [200]
        await step.act(hand.world)
        told = await step.check(hand.world)

    assert str(told).startswith("answers to forged deliveries: [200, 200] instead of")


async def test_an_unconnected_account_is_told() -> None:
    async with by_hand() as hand:
        hand.vendors.sandbox.sheet.joined = []
        told = await STORY[0].check(hand.world)

    assert told == "no connection"
