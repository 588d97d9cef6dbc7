"""The promise about money: each payment stands on the other side exactly once, wherever a run dies."""

import asyncio
from collections import Counter
from contextlib import suppress
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from consumers.payments.actions import DeadLetter, GhlSide, Note, Wait
from consumers.payments.decision import decide
from consumers.payments.echoes import marked_receipt, marked_transaction
from consumers.runtime.outcome import Park, Retry
from relay.store.ledger import State
from tests.givens.fate import Died
from tests.givens.payments import PUSHING, TODAY, uuid, xero_payment
from tests.givens.payments_world import World

AMOUNTS = st.lists(st.integers(1, 4).map(lambda tens: Decimal(tens * 10)), min_size=1, max_size=4)
ENDS = st.integers(1, 40)
LATE = st.none() | st.just(30.0)  # what was on the wire at the end may still land, within a minute


async def run(world: World) -> None:
    """One process that may die, then others that do not: the next one seconds later, the rest a minute apart."""
    with suppress(Died):
        await world.settle()
    world.fate.dies_at = None
    world.leases.taken.clear()  # what the dead one held has run out
    for seconds in (5, 61, 61, 61):
        world.advance(seconds)
        outcome = await world.settle()
    assert not isinstance(outcome, (Park, Retry)), outcome


def decided(world: World) -> list[object]:
    """What a decision on the present state of both sides still asks for."""

    async def both() -> tuple[object, object]:
        client = world.ghl()
        invoice = await client.invoices.read("")
        return world.books.invoice(), (invoice, await client.transactions.of_invoice(""))

    invoice, (crm, listed) = asyncio.run(both())
    shown = world.link.shown_status
    decision = decide(world.rows, invoice, GhlSide(crm, listed), world.connections.chosen, shown, TODAY)
    return [action for action in decision.actions if not isinstance(action, (DeadLetter, Wait, Note))]


@given(amounts=AMOUNTS, dies_at=ENDS, lands_after_s=LATE, marks=st.booleans())
def test_each_payment_of_xero_is_recorded_exactly_once_wherever_a_run_dies(
    amounts: list[Decimal], dies_at: int, lands_after_s: float | None, marks: bool
) -> None:
    world = World(dies_at=dies_at, lands_after_s=lands_after_s, total=sum(amounts) + 10)
    world.crm.marks = marks
    world.books.payments = [xero_payment(uuid(n), amount) for n, amount in enumerate(amounts, start=1)]

    asyncio.run(run(world))

    recorded = Counter(marked_receipt(one) for one in world.crm.transactions)
    assert recorded == Counter(uuid(n) for n in range(1, len(amounts) + 1))
    assert world.crm.paid() == sum(amounts)
    assert [row.state for row in world.rows] == [State.APPLIED] * len(amounts)
    assert {row.twin for row in world.rows} == {one.id for one in world.crm.transactions}
    assert decided(world) == []


@given(amounts=AMOUNTS, dies_at=ENDS, lands_after_s=LATE)
def test_each_transaction_of_highlevel_is_paid_in_xero_exactly_once_wherever_a_run_dies(
    amounts: list[Decimal], dies_at: int, lands_after_s: float | None
) -> None:
    world = World(dies_at=dies_at, lands_after_s=lands_after_s, total=sum(amounts) * 3, **PUSHING)
    made = [world.crm.person_pays(amount) for amount in amounts]

    asyncio.run(run(world))

    paid = Counter(marked_transaction(payment) for payment in world.books.payments)
    assert paid == Counter(one.id for one in made)
    assert world.books.invoice().amount_paid == sum(amounts)
    assert decided(world) == []


@given(
    ours=AMOUNTS,
    theirs=AMOUNTS,
    total=st.integers(1, 20).map(lambda tens: Decimal(tens * 10)),
    push=st.booleans(),
    dies_at=ENDS,
)
def test_neither_side_ever_shows_more_than_the_invoice_through_us(
    ours: list[Decimal], theirs: list[Decimal], total: Decimal, push: bool, dies_at: int
) -> None:
    world = World(dies_at=dies_at, total=total, **(PUSHING if push else {}))
    for number, amount in enumerate(ours, start=1):
        if amount <= world.books.invoice().amount_due:
            world.books.payments.append(xero_payment(uuid(number), amount, Date="2026-11-24"))
    for amount in theirs:
        if world.crm.paid() + amount <= total:
            world.crm.person_pays(amount)

    asyncio.run(run(world))

    assert world.crm.paid() <= total
    assert world.books.invoice().amount_due >= 0
    marked = [mark for one in world.crm.transactions if (mark := marked_receipt(one))]
    assert len(marked) == len(set(marked))
    assert decided(world) == []


@given(amount=st.integers(2, 11).map(lambda tens: Decimal(tens * 10)), new=st.integers(1, 11), dies_at=ENDS, late=LATE)
def test_an_edited_payment_moves_only_its_difference_wherever_a_run_dies(
    amount: Decimal, new: int, dies_at: int, late: float | None
) -> None:
    edited = Decimal(new * 10)
    world = World(total=200, lands_after_s=late)
    world.books.payments = [xero_payment(uuid(1), amount)]
    asyncio.run(world.settle())
    world.books.payments = [xero_payment(uuid(2), edited)]
    world.fate.passed, world.fate.dies_at = 0, dies_at

    asyncio.run(run(world))

    assert world.crm.paid() == max(amount, edited)
    assert len(world.crm.notes) == (1 if edited < amount else 0)
    assert decided(world) == []
