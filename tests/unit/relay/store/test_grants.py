from pathlib import Path

from relay.store.grants import Grants
from relay.vault import Vault, generate_key
from tests.givens.store import grant, opened_store


def test_a_grant_shows_no_token() -> None:
    assert "secret" not in repr(grant(previous_refresh_token="previous-secret"))


async def test_a_grant_without_a_previous_token_has_none(tmp_path: Path) -> None:
    async with opened_store(tmp_path) as database:
        grants = Grants(database, Vault([generate_key()]))

        await grants.put(grant())

        assert await grants.get("grant-1") == grant()
