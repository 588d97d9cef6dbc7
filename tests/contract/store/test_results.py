from dataclasses import replace
from datetime import datetime

import pytest

from relay.clock import FakeClock
from relay.store.engine import Database
from relay.store.outcomes import Outcomes
from relay.store.parked import Parked, ParkedState, Passed
from relay.store.results import Results
from schemas.records import TopicPartition
from tests.givens.store import at, outcome, parked

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


async def test_a_subject_that_went_through_closes_its_letters_in_the_same_transaction(database: Database) -> None:
    store = Parked(database, FakeClock())
    letters = [
        parked("before", received_at=at(1), connection_id=None, state=ParkedState.DEAD),
        parked("after", offset=1, received_at=at(5), state=ParkedState.DEAD),
        parked("another key", offset=2, received_at=at(1), key=b"location-2", state=ParkedState.DEAD),
        parked("another subject", offset=3, received_at=at(1), subject="other", state=ParkedState.DEAD),
        parked("another consumer", received_at=at(1), consumer="payment-sync", state=ParkedState.DEAD),
        parked("waits", offset=5, received_at=at(1)),
    ]
    await store.save(letters)
    passed = Passed("invoice-push", b"location-1", "ghl-invoice-1", at(5))

    await Results(database).settle([], [], [], [passed])

    assert [row.ce_id for row in await store.listed(ParkedState.SUPERSEDED)] == ["before"]
