import pytest

from consumers.payments.actions import Side
from consumers.payments.sides import Sides
from relay.upstream.errors import NotFound, Unauthorised
from schemas.reasons import Reason
from tests.givens.payments import GHL_INVOICE
from tests.givens.payments_world import World


def sides(world: World) -> Sides:
    return Sides(world.link, world.xero(), world.ghl(), world.clock)


async def test_transactions_are_read_after_their_invoice() -> None:
    world = World()
    both = sides(world)

    await both.read(Side.GHL)

    assert world.crm.calls == ["read", "transactions"]
    assert both.ghl is not None
    assert both.ghl.transactions == ()


async def test_a_read_of_xero_remembers_when_it_began() -> None:
    world = World()
    both = sides(world)

    await both.read(Side.XERO)

    assert both.xero == world.books.invoice()
    assert both.xero_read_at == world.clock.now()


async def test_reads_are_counted_since_the_last_write() -> None:
    both = sides(World())

    await both.read(Side.GHL)
    await both.read(Side.GHL)
    assert both.reads[Side.GHL] == 2
    await both.written(Side.GHL)
    assert both.reads[Side.GHL] == 1


async def test_an_invoice_that_is_gone_while_others_are_seen_is_deleted() -> None:
    world = World()
    world.crm.gone = True
    both = sides(world)

    await both.read(Side.GHL)

    assert both.ghl is not None
    assert both.ghl.invoice.status == "deleted"


async def test_an_invoice_that_is_gone_like_all_others_puts_the_access_in_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.crm.gone = True

    async def nothing(**_: int) -> list[object]:
        return []

    monkeypatch.setattr(world.crm, "listed", nothing)

    with pytest.raises(NotFound):
        await sides(world).read(Side.GHL)


async def test_transactions_without_a_scope_are_unreadable_not_none() -> None:
    world = World()
    world.crm.unreadable = Unauthorised("no scope", Reason.SCOPE_MISSING)
    both = sides(world)

    await both.read(Side.GHL)

    assert both.ghl is not None
    assert both.ghl.transactions is None


async def test_a_revoked_grant_is_an_error() -> None:
    world = World()
    world.crm.unreadable = Unauthorised("revoked")

    with pytest.raises(Unauthorised):
        await sides(world).read(Side.GHL)


async def test_an_invoice_that_xero_does_not_know_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    async def nothing(_ids: list[str]) -> list[object]:
        return []

    monkeypatch.setattr(world.books, "read", nothing)

    with pytest.raises(NotFound):
        await sides(world).read(Side.XERO)


async def test_an_invoice_that_the_caller_holds_costs_no_read_of_it() -> None:
    world = World()
    both = sides(world)
    invoice = await world.crm.read(GHL_INVOICE)
    world.crm.calls.clear()

    await both.prepare(invoice, [Side.GHL])

    assert world.crm.calls == ["transactions"]


async def test_what_must_be_looked_at_is_read_unless_it_is_held() -> None:
    world = World()
    both = sides(world)
    both.xero = world.books.invoice()

    await both.prepare(None, list(Side))

    assert both.ghl is not None
    assert world.books.calls == []
