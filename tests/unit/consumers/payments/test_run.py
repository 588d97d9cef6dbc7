from decimal import Decimal

import pytest

from relay.store.ledger import State
from tests.givens.fate import Died
from tests.givens.payments import PUSHING, row, uuid, xero_payment
from tests.givens.payments_world import World


async def test_people_are_told_before_the_ledger_says_so() -> None:
    world = World()
    await world.ledger.save("l1", [row(twin="t1")])
    world.crm.person_pays(110)
    world.fate.passed, world.fate.dies_at = 0, 2  # tag, then death before the notes are read

    with pytest.raises(Died):
        await world.settle()

    assert world.rows[0].state is State.APPLIED
    assert world.crm.notes == []


async def test_money_taken_over_is_saved_with_the_row_that_takes_it() -> None:
    world = World()
    await world.ledger.save("l1", [row(amount=50, twin="t1")])
    world.crm.person_pays(50)
    world.books.payments = [xero_payment(uuid(2), 60)]
    world.fate.passed, world.fate.dies_at = 0, 2  # right after the first save

    with pytest.raises(Died):
        await world.settle()

    old, new = world.rows
    assert (old.state, old.recorded) == (State.REVERSED, 0)
    assert (new.state, new.recorded, new.planned, new.intended_at) == (State.INTENDED, 60, 10, None)


async def test_all_payments_of_a_round_go_to_xero_in_one_call() -> None:
    world = World(total=100, **PUSHING)
    world.crm.person_pays(40)
    world.crm.person_pays(60)

    await world.settle()

    assert world.books.calls.count("PUT /Payments") == 1
    assert [payment.amount for payment in world.books.payments] == [40, 60]


async def test_a_side_is_read_once_after_all_writes_of_a_round() -> None:
    world = World(total=100)
    world.books.payments = [xero_payment(uuid(number), 20) for number in range(1, 5)]

    await world.settle()

    assert world.crm.calls.count("record") == 4
    assert world.crm.calls.count("transactions") == 2
    assert world.crm.paid() == Decimal(80)


async def test_what_is_shown_is_kept_on_the_link() -> None:
    world = World(crm_status={"paid": {"add_tags": ["invoice paid"]}})
    world.books.payments = [xero_payment()]

    await world.settle()

    assert world.link.shown_status == "paid"
    assert world.crm.tags == {"invoice paid"}


async def test_without_a_contact_nobody_is_told_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    await world.ledger.save("l1", [row(twin="t1")])
    world.crm.person_pays(110)
    world.links.rows["l1"] = type(world.link)(
        **{name: getattr(world.link, name) for name in world.link.__slots__} | {"ghl_contact_id": None}
    )

    await world.settle()

    assert world.crm.notes == []
    assert world.rows[0].state is State.REVERSED
