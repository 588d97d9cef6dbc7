from pathlib import Path

from relay.store.organisations import Organisations
from schemas.xero import Organisation
from tests.givens.store import NOON, opened_store


async def test_an_organisation_that_says_nothing_comes_back_the_same(tmp_path: Path) -> None:
    async with opened_store(tmp_path) as database:
        organisations = Organisations(database)

        await organisations.put("tenant-1", Organisation(), NOON)

        assert await organisations.get("tenant-1") == (Organisation(), NOON)
