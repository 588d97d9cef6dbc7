import pytest

from relay.log import errors
from tests.givens.errors_drawn import drawn

LEAVES = errors.LogError.__subclasses__()


def test_the_tree_that_is_drawn_is_the_tree_that_is() -> None:
    assert drawn(errors) == {leaf.__name__ for leaf in LEAVES}


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_has_no_leaves_so_that_it_says_one_thing(leaf: type[errors.LogError]) -> None:
    assert leaf.__subclasses__() == []
