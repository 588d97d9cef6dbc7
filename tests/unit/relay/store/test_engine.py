from pathlib import Path

import pytest
from sqlalchemy import text

from relay.settings import SettingsError, read_settings
from relay.store.engine import opened_database, url_of
from relay.store.errors import StoreUnavailable


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("not a url", id="nothing of the kind"),
        pytest.param("postgresql://localhost/relay", id="without the driver"),
        pytest.param("mysql+aiomysql://localhost/relay", id="another database"),
        pytest.param("sqlite+aiosqlite://", id="in memory"),
        pytest.param("sqlite+aiosqlite:///:memory:", id="in memory, by name"),
    ],
)
async def test_a_url_we_cannot_use_names_the_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="RELAY_DATABASE_URL"):
        async with opened_database(url):
            pytest.fail("it was opened")


def test_the_default_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    given = "postgresql+asyncpg://relay:secret@db/relay"

    assert url_of(read_settings({}, data_dir=tmp_path)) == f"sqlite+aiosqlite:///{tmp_path}/relay.db"
    assert url_of(read_settings({"RELAY_DATABASE_URL": given})) == given


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "relay.db").write_bytes(b"not a database" * 100)

    async with opened_database(f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}") as database:
        with pytest.raises(StoreUnavailable, match="not a database"):
            async with database.reading() as transaction:
                await transaction.execute(text("SELECT 1"))
