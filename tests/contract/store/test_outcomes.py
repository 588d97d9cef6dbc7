from dataclasses import replace

import pytest

from relay.clock import FakeClock
from relay.store.engine import Database
from relay.store.outcomes import Outcomes
from relay.store.parked import Parked, ParkedState
from schemas.reasons import Reason
from tests.givens.store import at, outcome, parked


@pytest.fixture
def outcomes(database: Database) -> Outcomes:
    return Outcomes(database)


async def test_the_last_report_of_an_event_stands(outcomes: Outcomes) -> None:
    waits = outcome(outcome="park", reason=Reason.VENDOR_AWAY, handled_at=at(1))
    done = outcome(outcome="done", attempts=2, link="link-1", handled_at=at(9))

    await outcomes.report([waits])
    await outcomes.report([waits, done])
    await outcomes.report([])

    assert await outcomes.find("event-1") == [done]


async def test_each_consumer_and_each_run_has_its_own_row(outcomes: Outcomes) -> None:
    rows = [
        outcome(handled_at=at(1)),
        outcome(run_id="run-1", outcome="skipped", reason="already_in_step", handled_at=at(2)),
        outcome(consumer="payment-sync", handled_at=at(3)),
    ]

    await outcomes.report(rows)

    assert await outcomes.find("event-1") == rows
    assert await outcomes.of_run("run-1") == {"skipped": 1}


async def test_a_life_is_found_by_event_delivery_subject_and_link_oldest_first(outcomes: Outcomes) -> None:
    first = outcome("event-1", link="link-1", handled_at=at(1))
    second = outcome("event-2", delivery_id="delivery-2", link="link-1", handled_at=at(2))

    await outcomes.report([second, first, outcome("event-3", subject="other", delivery_id="other")])

    assert await outcomes.find("ghl-invoice-1") == await outcomes.find("link-1") == [first, second]
    assert await outcomes.find("delivery-2") == [second]


async def test_outcomes_are_counted_by_connection_since_a_time(outcomes: Outcomes) -> None:
    rows = [
        outcome("old", handled_at=at(0)),
        outcome("a", handled_at=at(10)),
        outcome("b", handled_at=at(11)),
        outcome("c", outcome="dead", handled_at=at(12)),
        outcome("d", connection_id=None, outcome="park", handled_at=at(13)),
    ]

    await outcomes.report(rows)

    assert await outcomes.counts(at(10)) == {
        ("connection-1", "done"): 2,
        ("connection-1", "dead"): 1,
        (None, "park"): 1,
    }
    assert await outcomes.newest("connection-1") == at(12)
    assert await outcomes.newest("connection-2") is None


async def test_only_what_nobody_waits_for_is_purged(database: Database, outcomes: Outcomes) -> None:
    store = Parked(database, FakeClock())
    await store.save(
        [
            parked("waits"),
            parked("letter", offset=1, state=ParkedState.DEAD),
            parked("closed", offset=2, state=ParkedState.SUPERSEDED),
        ]
    )
    old = outcome(handled_at=at(1))
    await outcomes.report(
        [replace(old, ce_id=name) for name in ("finished", "waits", "letter", "closed")]
        + [outcome("recent", handled_at=at(60))]
    )

    purged = await outcomes.purge(at(60))

    assert purged == 2
    assert sorted(row.ce_id for row in await outcomes.find("ghl-invoice-1")) == ["letter", "recent", "waits"]
