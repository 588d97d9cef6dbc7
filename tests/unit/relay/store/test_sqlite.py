import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from relay.store.errors import StoreUnavailable
from tests.givens.store import opened_store


async def test_a_new_file_and_its_folder_are_for_the_owner_alone(tmp_path: Path) -> None:
    async with opened_store(tmp_path / "data"):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}

    assert modes == {"relay.db": 0o600, "relay.db-wal": 0o600, "relay.db-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


async def test_a_commit_is_on_disk_before_it_returns(tmp_path: Path) -> None:
    async with opened_store(tmp_path) as database, database.writing() as transaction:
        pragmas = [
            await transaction.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert pragmas == ["wal", 2, 1]  # 2 is FULL


async def test_a_writer_takes_the_lock_when_it_begins(tmp_path: Path) -> None:
    async with opened_store(tmp_path) as database, database.writing():
        outsider = sqlite3.connect(tmp_path / "relay.db", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            outsider.execute("BEGIN IMMEDIATE")
        outsider.close()


async def test_a_short_deadline_is_kept_although_another_process_holds_the_lock(tmp_path: Path) -> None:
    async with opened_store(tmp_path) as database:
        outsider = sqlite3.connect(tmp_path / "relay.db")
        outsider.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreUnavailable):
            async with database.writing(deadline_s=0.1):
                pytest.fail("it was locked")

        outsider.rollback()
        async with database.writing(deadline_s=5) as transaction:
            assert await transaction.scalar(text("SELECT 1")) == 1
        outsider.close()
