from pathlib import Path

from relay.clock import FakeClock
from relay.store.outcomes import Outcomes
from relay.store.parked import Parked, ParkedState
from relay.store.results import Results
from tests.givens.store import opened_store, outcome, parked


async def test_a_dead_letter_is_settled_with_its_outcome(tmp_path: Path) -> None:
    letter = parked(state=ParkedState.DEAD)
    async with opened_store(tmp_path) as database:
        await Results(database).settle([outcome(outcome="dead")], [letter], [])

        assert await Parked(database, FakeClock()).listed(ParkedState.DEAD) == [letter]
        assert await Outcomes(database).find("event-1") == [outcome(outcome="dead")]
