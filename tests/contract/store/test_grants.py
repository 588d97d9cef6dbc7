import pytest
from sqlalchemy import text

from relay.store.engine import Database
from relay.store.errors import Missing
from relay.store.grants import Grants
from relay.vault import Vault, VaultError, generate_key
from tests.givens.store import at, grant

OLD, NEW = generate_key(), generate_key()
WHOLE = grant(previous_refresh_token="previous-secret", scope="accounting.transactions", rotated_at=at(5))


async def stored(database: Database) -> str:
    async with database.reading() as transaction:
        return str((await transaction.execute(text("SELECT * FROM grants"))).all())


async def test_a_grant_comes_back_whole_and_stands_encrypted(database: Database) -> None:
    grants = Grants(database, Vault([OLD]))

    await grants.put(WHOLE)

    assert await grants.get("grant-1") == WHOLE
    assert "secret" not in await stored(database)
    assert await grants.get("grant-2") is None
    assert await grants.ids() == ["grant-1"]


async def test_putting_again_replaces_every_field(database: Database) -> None:
    grants = Grants(database, Vault([OLD]))
    await grants.put(WHOLE)

    await grants.put(grant(access_token="another"))

    assert await grants.get("grant-1") == grant(access_token="another")


async def test_a_broken_grant_says_why_until_it_is_put_anew(database: Database) -> None:
    grants = Grants(database, Vault([OLD]))
    await grants.put(WHOLE)

    await grants.mark_broken("grant-1", "authorisation_expired")

    marked = await grants.get("grant-1")
    assert marked is not None
    assert (marked.broken, marked.refresh_token) == ("authorisation_expired", WHOLE.refresh_token)
    with pytest.raises(Missing):
        await grants.mark_broken("grant-2", "authorisation_expired")


async def test_a_grant_of_a_lost_key_cannot_be_read(database: Database) -> None:
    await Grants(database, Vault([OLD])).put(WHOLE)

    with pytest.raises(VaultError, match="key"):
        await Grants(database, Vault([NEW])).get("grant-1")


async def test_after_rotation_the_new_key_alone_reads_every_grant(database: Database) -> None:
    grants = Grants(database, Vault([OLD]))
    await grants.put(WHOLE)
    await grants.put(grant(id="grant-2", vendor="ghl"))

    rotated = await grants.rotate_all(Vault([NEW, OLD]))

    alone = Grants(database, Vault([NEW]))
    assert rotated == 2
    assert [await alone.get("grant-1"), await alone.get("grant-2")] == [WHOLE, grant(id="grant-2", vendor="ghl")]


async def test_a_rotation_that_cannot_read_a_token_changes_nothing(database: Database) -> None:
    await Grants(database, Vault([OLD])).put(WHOLE)
    await Grants(database, Vault([generate_key()])).put(grant(id="grant-2"))
    before = await stored(database)

    with pytest.raises(VaultError):
        await Grants(database, Vault([OLD])).rotate_all(Vault([NEW, OLD]))

    assert await stored(database) == before
