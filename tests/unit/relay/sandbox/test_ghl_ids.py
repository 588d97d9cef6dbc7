import re

from relay.sandbox.ghl_ids import Ids


def test_the_same_seed_makes_the_same_ids() -> None:
    first, second, other = Ids(1), Ids(1), Ids(2)

    assert [first.document(), first.record(), first.uuid()] == [second.document(), second.record(), second.uuid()]
    assert other.document() != Ids(1).document()


def test_ids_look_like_the_vendors() -> None:
    ids = Ids(3)

    assert re.fullmatch(r"[0-9a-f]{24}", ids.document())
    assert re.fullmatch(r"[A-Za-z0-9]{20}", ids.record())
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", ids.uuid())
    assert len(ids.webhook_key()) == 88
    assert len(ids.seed_bytes()) == 32
    assert 0 <= ids.share() < 1


def test_shuffling_keeps_every_value() -> None:
    assert sorted(Ids(4).shuffled(range(50))) == list(range(50))
