from dataclasses import replace
from datetime import datetime

import pytest

from relay.clock import FakeClock
from relay.store.engine import Database
from relay.store.outcomes import Outcomes
from relay.store.parked import Parked
from relay.store.results import Results
from schemas.records import TopicPartition
from tests.givens.store import outcome, parked

PARTITIONS = [TopicPartition("ghl.invoices", 0)]


async def test_a_batch_is_settled_as_one(database: Database) -> None:
    store, outcomes, results = Parked(database, FakeClock()), Outcomes(database), Results(database)
    await store.save([parked("was parked")])

    for _ in range(2):  # settling again changes nothing
        await results.settle([outcome("was parked")], [parked("new", offset=1)], [parked("was parked")])
    await results.settle([], [], [])

    assert await store.of_partitions("invoice-push", PARTITIONS) == [parked("new", offset=1)]
    assert await outcomes.find("was parked") == [outcome("was parked")]


async def test_a_row_both_removed_and_parked_again_stays_parked(database: Database) -> None:
    store, again = Parked(database, FakeClock()), replace(parked(), attempts=2)
    await store.save([parked()])

    await Results(database).settle([], [again], [parked()])

    assert await store.of_partitions("invoice-push", PARTITIONS) == [again]


async def test_a_batch_that_cannot_be_stored_leaves_nothing_behind(database: Database) -> None:
    store, outcomes = Parked(database, FakeClock()), Outcomes(database)
    await store.save([parked("was parked")])
    wrong = replace(parked("new", offset=1), not_before=datetime(2026, 1, 1))  # noqa: DTZ001 - the point

    with pytest.raises(ValueError, match="no time zone"):
        await Results(database).settle([outcome()], [wrong], [parked("was parked")])

    assert await store.of_partitions("invoice-push", PARTITIONS) == [parked("was parked")]
    assert await outcomes.find("event-1") == []
