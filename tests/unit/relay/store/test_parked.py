from pathlib import Path

import pytest

from relay.clock import FakeClock
from relay.store.parked import Parked, ParkedState
from tests.givens.store import opened_store, parked


def test_a_person_types_consumer_and_place() -> None:
    assert parked(partition=3, offset=70).id == "invoice-push:ghl.invoices/3/70"


@pytest.mark.parametrize("state", ParkedState)
async def test_a_row_keeps_its_state(tmp_path: Path, state: ParkedState) -> None:
    async with opened_store(tmp_path) as database:
        store = Parked(database, FakeClock())
        await store.save([parked()])

        await store.mark(parked(), state)

        assert await store.listed(state) == [parked(state=state)]
