from pathlib import Path

import pytest

from relay.store.outcomes import Outcomes
from tests.givens.store import at, opened_store, outcome


@pytest.mark.parametrize("last", ["done", "dead"])
async def test_of_rows_with_one_key_in_one_report_the_last_stands(tmp_path: Path, last: str) -> None:
    rows = [outcome("b"), outcome("a", outcome="park"), outcome("a", outcome=last, handled_at=at(5))]
    async with opened_store(tmp_path) as database:
        outcomes = Outcomes(database)

        await outcomes.report(rows)

        assert await outcomes.find("a") == rows[2:]
