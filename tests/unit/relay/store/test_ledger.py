from decimal import Decimal
from pathlib import Path

import pytest

from relay.store.ledger import Kind, Ledger, Origin, State
from tests.givens.store import opened_store, payment


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", Kind)
async def test_a_row_keeps_its_kind_and_state(tmp_path: Path, kind: Kind, state: State) -> None:
    row = payment(kind=kind, state=state, origin=Origin.GHL, refunded=Decimal("10.10"))
    async with opened_store(tmp_path) as database:
        ledger = Ledger(database)

        await ledger.save("link-1", [row])

        read = await ledger.read("link-1")
    assert read == [row]
    assert [(type(each.kind), type(each.state), type(each.origin)) for each in read] == [(Kind, State, Origin)]
