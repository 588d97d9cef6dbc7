import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.log.errors import LogUnavailable
from relay.log.sqlite.file import OFFSET_BITS, VERSION, connect, disk_errors, offset_of, place, prepare


@given(st.integers(1, 10_000), st.integers(0, 2**OFFSET_BITS - 1))
def test_a_place_holds_topic_and_offset(topic_id: int, offset: int) -> None:
    assert offset_of(place(topic_id, offset)) == offset
    assert place(topic_id, offset) < place(topic_id + 1, 0)
    assert place(topic_id, offset) < 2**63


def test_a_commit_is_on_disk_when_it_returns_and_readers_do_not_wait(tmp_path: Path) -> None:
    prepare(tmp_path / "log.db")

    with closing(connect(tmp_path / "log.db", busy_s=1)) as connection:
        modes = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]

    assert modes == ["wal", 2]


def test_preparing_again_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    prepare(path)
    with closing(connect(path, busy_s=1)) as connection:
        connection.execute("INSERT INTO groups VALUES ('invoice-push', 7)")

    prepare(path)

    with closing(connect(path, busy_s=1)) as connection:
        assert connection.execute("SELECT * FROM groups").fetchall() == [("invoice-push", 7)]


def test_a_file_of_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    prepare(path)
    with closing(connect(path, busy_s=1)) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")

    with pytest.raises(LogUnavailable, match="run the version that made it"):
        prepare(path)


@pytest.mark.parametrize("obstacle", ["a file in the folder's place", "a folder in the file's place", "another file"])
def test_a_path_that_cannot_be_the_log_is_unavailable_and_named(tmp_path: Path, obstacle: str) -> None:
    path = tmp_path / "data" / "log.db"
    if obstacle == "a file in the folder's place":
        path.parent.write_text("in the way")
    elif obstacle == "a folder in the file's place":
        path.mkdir(parents=True)
    else:
        path.parent.mkdir()
        path.write_bytes(b"this is no database at all" * 100)

    with pytest.raises(LogUnavailable, match=r"log\.db"):
        prepare(path)


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), OSError(28, "No space left on device")])
def test_what_the_disk_raises_says_what_was_being_done(error: Exception) -> None:
    with pytest.raises(LogUnavailable, match="failed to read"), disk_errors("to read"):
        raise error
