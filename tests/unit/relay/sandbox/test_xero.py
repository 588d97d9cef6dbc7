from relay.clock import FakeClock
from relay.sandbox.xero import XeroSandbox, numbered_ids
from tests.givens.xero_sandbox import Fired, a_sandbox


def test_two_sandboxes_of_one_source_have_the_same_ids() -> None:
    assert a_sandbox().tenant_id == a_sandbox().tenant_id


def test_ids_may_come_from_elsewhere() -> None:
    ids = numbered_ids("elsewhere")
    expected = numbered_ids("elsewhere")()

    sandbox = XeroSandbox(clock=FakeClock(), fire=Fired(), client_id="id", client_secret="secret", ids=ids)

    assert sandbox.tenant_id == expected
    assert list(sandbox.books.tenants) == [expected]


def test_ids_are_told_apart() -> None:
    new_id = numbered_ids("seed")

    assert len({new_id() for _ in range(100)}) == 100
