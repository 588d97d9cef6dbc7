import subprocess
import sys
from pathlib import Path

import pytest

from relay.log.sqlite.ownership import Ownership


def test_one_holds_a_group_at_a_time_and_the_next_one_follows(tmp_path: Path) -> None:
    first, second = Ownership(tmp_path / "log.db", "invoice-push"), Ownership(tmp_path / "log.db", "invoice-push")

    held = [first.take(), second.take(), first.take()]
    first.give_up()
    held.append(second.take())

    assert held == [True, False, True, True]
    assert (first.held, second.held) == (False, True)
    second.give_up()


def test_groups_and_files_do_not_know_of_each_other(tmp_path: Path) -> None:
    owners = [
        Ownership(tmp_path / "log.db", "invoice-push"),
        Ownership(tmp_path / "log.db", "payment-sync"),
        Ownership(tmp_path / "other.db", "invoice-push"),
    ]

    assert [owner.take() for owner in owners] == [True] * 3
    for owner in owners:
        owner.give_up()


def test_the_lock_is_free_when_its_holder_has_died(tmp_path: Path) -> None:
    code = "from relay.log.sqlite.ownership import Ownership; from pathlib import Path; import os, sys;"
    code += "print(Ownership(Path(sys.argv[1]), 'invoice-push').take(), flush=True); os.kill(os.getpid(), 9)"
    root = Path(__file__).resolve().parents[5]
    died = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log.db")], cwd=root, capture_output=True, text=True, check=False
    )

    heir = Ownership(tmp_path / "log.db", "invoice-push")

    assert (died.stdout.strip(), heir.take()) == ("True", True)
    heir.give_up()


def test_giving_up_what_is_not_held_is_nothing(tmp_path: Path) -> None:
    never_taken = Ownership(tmp_path / "log.db", "invoice-push")

    never_taken.give_up()

    assert never_taken.take()
    never_taken.give_up()


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Ownership(tmp_path / "missing" / "log.db", "invoice-push").take()
