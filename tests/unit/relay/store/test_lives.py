from relay.store.lives import Life
from tests.givens.store import outcome

NOTHING = Life(links=[], contacts=[], outcomes=[], parked=[], writes=[], payments=[])


def test_a_life_is_known_by_any_of_its_parts() -> None:
    one = Life(links=[], contacts=[], outcomes=[outcome()], parked=[], writes=[], payments=[])

    assert (NOTHING.known, one.known) == (False, True)
