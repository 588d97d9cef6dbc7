from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consumers.invoice_push.snapshots import YOUNG, Snapshots
from relay.clock import FakeClock
from relay.store.organisations import Organisations
from relay.upstream.ports import XeroClient
from schemas.xero import Organisation
from tests.givens.invoice_push import opened_database_of
from tests.givens.mapping import an_organisation


class Chart:
    """The chart of an organisation; counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0

    async def organisation(self) -> Organisation:
        self.reads += 1
        return an_organisation(Name=f"read {self.reads}")


@pytest.fixture
async def organisations(tmp_path: Path) -> AsyncIterator[Organisations]:
    async with opened_database_of(tmp_path) as database:
        yield Organisations(database)


async def test_a_young_snapshot_is_used_and_an_old_one_read_again(organisations: Organisations) -> None:
    chart, clock = Chart(), FakeClock()
    nothing: Any = None
    client = XeroClient(invoices=nothing, contacts=nothing, payments=nothing, chart=chart)
    snapshots = Snapshots(organisations, clock)

    names = []
    for seconds in (0, YOUNG.total_seconds() - 1, 1):
        clock.advance(seconds)
        names.append((await snapshots.of(client, "tenant-1")).organisation.name)
    clock.advance(6)
    fresh = await snapshots.of(client, "tenant-1", age=timedelta(seconds=5))

    assert names == ["read 1", "read 1", "read 2"]
    assert (fresh.organisation.name, fresh.read_at) == ("read 3", clock.now())
    assert fresh.organisation == an_organisation(Name="read 3")
