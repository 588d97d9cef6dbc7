import re

from relay.store import errors
from relay.store.leases import LeaseLost, LeaseTaken


def test_the_drawn_tree_is_the_tree_of_classes() -> None:
    drawn = re.findall(r"── (\w+)", errors.__doc__ or "")

    assert drawn == [error.__name__ for error in errors.StoreError.__subclasses__()]


def test_every_leaf_says_what_becomes_of_the_work() -> None:
    lines = [line for line in (errors.__doc__ or "").splitlines() if "──" in line]

    assert all("->" in line for line in lines)


def test_a_rejected_setting_names_its_field() -> None:
    rejected = errors.SettingsRejected("item_map.p.code", "not permitted")

    assert (rejected.field, rejected.words, str(rejected)) == (
        "item_map.p.code",
        "not permitted",
        "item_map.p.code: not permitted",
    )
    assert str(errors.SettingsRejected("", "no mapping")) == "no mapping"


def test_the_errors_of_leases_are_the_same_from_both_modules() -> None:
    assert (LeaseTaken, LeaseLost) == (errors.LeaseTaken, errors.LeaseLost)
