from pathlib import Path

from relay.store.writes import Writes
from tests.givens.store import opened_store, write


async def test_a_write_without_a_subject_is_recorded_too(tmp_path: Path) -> None:
    async with opened_store(tmp_path) as database:
        writes = Writes(database)

        assert await writes.record(write(subjects=())) == write(subjects=())
        assert await writes.find("key-1") == [write(subjects=())]
