"""What log and database may do while outcomes are stored: nothing is lost, and nobody else waits."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from consumers.runtime.outcome import Dead, Done, Park
from relay.log.errors import EventTooLarge, LogUnavailable, TopicMissing
from relay.store.errors import Conflict, SchemaOutdated, StoreUnavailable
from relay.store.parked import ParkedState
from relay.store.results import Results
from schemas.reasons import Reason
from schemas.records import TopicPartition
from tests.givens.consuming import MAX_BYTES, Scripted, consuming, opened_rig
from tests.givens.memory import in_memory
from tests.givens.runtime import NOW, an_event

LIVE, DLQ = TopicPartition("ghl.invoices", 0), TopicPartition("ghl.invoices.dlq", 0)


def dies(subject, _):
    return Dead(Reason.REFUSED, "no") if subject.id == "dies" else Done()


@pytest.mark.parametrize("error", [StoreUnavailable("away"), SchemaOutdated("old")], ids=["away", "outdated"])
async def test_while_the_database_is_away_an_outcome_waits_and_its_letter_is_not_sent_again_and_again(error):
    async with in_memory(Scripted(dies)) as rig:
        rig.gate.errors["settle"] = [error] * 5
        rig.log.put(an_event("dies"))
        await rig.pass_time(3)
        while_away = dict(rig.log.committed)
        await rig.pass_time(10)

    assert while_away == {}
    assert len(rig.log.records[DLQ]) == 1
    assert rig.outcome(an_event("dies")) == "dead"
    assert rig.log.committed[LIVE] == 1


async def test_an_outcome_that_stands_although_nobody_said_so_is_stored_again_without_harm():
    async with in_memory(Scripted()) as rig:
        rig.gate.errors["settled"] = [StoreUnavailable("answer lost")]
        rig.log.put(an_event("a"))
        await rig.pass_time(5)

    assert rig.outcome(an_event("a")) == "done"
    assert rig.log.committed[LIVE] == 1


@dataclass
class Refusing:
    """The real results, but what holds certain words is refused for good, as a database does that cannot hold them."""

    results: Results
    words: str = "poison"
    everything: bool = False
    refusals: list[int] = field(default_factory=list)

    async def settle(self, outcomes, park, remove, passed=()):
        if self.everything or any(self.words in row.detail for row in (*outcomes, *park)):
            self.refusals.append(len(outcomes))
            raise Conflict("a byte that the database cannot hold")
        await self.results.settle(outcomes, park, remove, passed)


@pytest.mark.parametrize(
    "outcome",
    [
        Done("poison"),
        Park(NOW + timedelta(days=9999), Reason.ACCESS_IN_DOUBT, "poison"),
        Dead(Reason.REFUSED, "poison"),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
async def test_what_the_database_refuses_for_good_is_stored_without_the_words_of_others(tmp_path, outcome):
    handler = Scripted(lambda subject, _: outcome if subject.id == "bad" else Done())
    bad, fine = an_event("bad", number=0), an_event("fine", number=1)

    async with opened_rig(tmp_path, handler) as rig:
        results = Refusing(Results(rig.database))
        async with consuming(rig, results=results):
            await rig.publish(bad, fine)
            await rig.until(lambda: rig.outcome(bad))
            await rig.until(lambda: rig.is_done(fine))
            await rig.until(lambda: _committed(rig, 2))
        [row] = await rig.outcomes.find(bad.id)

    assert results.refusals == [1]
    assert (row.outcome, row.detail) == (type(outcome).__name__.lower(), "")


async def test_one_event_that_is_refused_takes_none_of_its_block_along(tmp_path):
    handler = Scripted(connect=lambda event: None if event.subject == "waits" else 1 // 0)
    events = [an_event("waits", number=0), an_event("fails", number=1), an_event("waits", number=2)]

    async with opened_rig(tmp_path, handler) as rig:
        results = Refusing(Results(rig.database), words="ZeroDivisionError")
        async with consuming(rig, results=results):
            await rig.publish(*events)
            await rig.until(lambda: _committed(rig, 3))
            waiting = await rig.waiting()

    assert [reason for _, reason, _ in waiting] == ["not_connected", "internal_error", "not_connected"]


async def test_a_database_that_refuses_everything_loses_nothing_and_mends(tmp_path):
    async with opened_rig(tmp_path, Scripted()) as rig:
        results = Refusing(Results(rig.database), everything=True)
        async with consuming(rig, results=results):
            await rig.publish(an_event("a"))
            await rig.until(lambda: len(results.refusals) >= 2)
            meanwhile = await rig.outcome(an_event("a"))
            results.everything = False
            await rig.until(lambda: rig.is_done(an_event("a")))

    assert meanwhile is None


async def test_a_letter_that_is_too_large_goes_without_its_event_which_stays_whole_in_the_database(tmp_path):
    event = an_event("dies", number=0)
    large = replace(event, value=b"x" * (MAX_BYTES - 600))
    handler = Scripted(lambda subject, _: Dead(Reason.REFUSED, "w" * 1500) if subject.id == "dies" else Done())

    async with opened_rig(tmp_path, handler) as rig, consuming(rig):
        await rig.publish(large, an_event("b", number=1))
        await rig.until(lambda: rig.is_done(an_event("b", number=1)))
        await rig.until(lambda: rig.outcome(large))
        [letter] = await rig.letters()
        [row] = await rig.parked.listed(ParkedState.DEAD)
        await rig.until(lambda: _committed(rig, 2))

    assert (letter.value, letter.header("relay_left_out")) == (b"", str(len(large.value)))
    assert row.value == large.value


async def test_a_letter_that_will_never_fit_is_left_out_and_said(logs):
    async with in_memory(Scripted(dies)) as rig:
        rig.gate.errors["publish"] = [EventTooLarge("no"), EventTooLarge("no")]
        rig.log.put(an_event("dies"))
        await rig.pass_time(5)

    assert [row.state for row in rig.database.rows.values()] == [ParkedState.DEAD]
    assert "dead_letter.left_out" in [one["event"] for one in logs]
    assert rig.log.committed[LIVE] == 1


@pytest.mark.parametrize("error", [LogUnavailable("away"), TopicMissing("none")], ids=["away", "missing"])
async def test_a_letter_that_cannot_be_published_waits_parked_and_holds_nobody_up(error):
    async with in_memory(Scripted(dies)) as rig:
        rig.gate.errors["publish"] = [error] * 3
        rig.log.put(an_event("dies"))
        await rig.pass_time(6)
        parked = [(row.reason, row.state) for row in rig.database.rows.values()]
        committed = dict(rig.log.committed)
        await rig.pass_time(70)

    assert parked == [("refused", ParkedState.PARKED)]
    assert committed[LIVE] == 1
    assert [row.state for row in rig.database.rows.values()] == [ParkedState.DEAD]
    assert len(rig.log.records[DLQ]) == 1
    assert rig.outcome(an_event("dies")) == "dead"


async def test_an_outcome_that_is_still_not_stored_when_its_partition_leaves_is_left_to_the_new_owner():
    async with in_memory(Scripted()) as rig:
        rig.gate.errors["settle"] = [StoreUnavailable("away")] * 3
        rig.log.put(an_event("a"))
        await rig.pass_time(1)
        rig.reader.lose_unheard()
        await rig.pass_time(10)

    assert rig.handler.handed == [("a", [0]), ("a", [0])]
    assert rig.gate.reached.count("settle") <= 5
    assert rig.log.unsettled == []


async def test_words_that_may_hold_a_person_stay_out_of_the_log(logs):
    async with in_memory(Scripted(lambda *_: Dead(Reason.REFUSED, "Contact Jane Doe"))) as rig:
        rig.log.put(an_event("a"))
        await rig.pass_time(3)

    assert "event.dead_lettered" in [one["event"] for one in logs]
    assert "Jane" not in str(logs)


async def _committed(rig, number):
    return await rig.committed() == number
