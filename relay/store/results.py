"""What the runtime stores of a batch: outcomes, what parks and what is parked no longer, all or nothing."""

from collections.abc import Sequence

from relay.store.engine import Database
from relay.store.outcomes import OutcomeRow, put_outcomes
from relay.store.parked import ParkedEvent, Passed, close_letters, put_parked, remove_parked


class Results:
    """Settles batches. Offsets are committed after it, never before: what it lost is done again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def settle(
        self,
        outcomes: Sequence[OutcomeRow],
        park: Sequence[ParkedEvent],
        remove: Sequence[ParkedEvent],
        passed: Sequence[Passed] = (),
    ) -> None:
        """Report outcomes, save parked rows (dead letters too), delete handled ones and close letters: one transaction.

        Closed are the letters of subjects that went through. A row both removed and parked stays parked. Repeating it
        changes nothing.

        Raises:
            StoreUnavailable: not known to be stored; settle again before the offsets are committed.
        """
        if not (outcomes or park or remove or passed):
            return
        async with self._database.writing() as transaction:
            await put_outcomes(self._database, transaction, outcomes)
            await remove_parked(transaction, remove)
            await put_parked(self._database, transaction, park)
            await close_letters(transaction, passed)
