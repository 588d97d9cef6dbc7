import pytest

from relay.log.holdings import Holdings, Verdict
from relay.log.ports import Assignment
from schemas.records import TopicPartition

ONE = TopicPartition("ghl.invoices", 0)
TWO = TopicPartition("ghl.invoices", 1)


def holding(*, epoch: int = 3, start: int = 10) -> Holdings:
    holdings = Holdings()
    holdings.take(Assignment(ONE, epoch, start))
    return holdings


@pytest.mark.parametrize(
    ("partition", "epoch", "following", "verdict"),
    [
        pytest.param(ONE, 3, 12, Verdict({ONE: 12}, []), id="ours, under this epoch, further on"),
        pytest.param(ONE, 3, 10, Verdict({ONE: 10}, []), id="where it stands: the first commit of a group"),
        pytest.param(ONE, 3, 9, Verdict({}, []), id="further back: neither stored nor refused"),
        pytest.param(ONE, 2, 12, Verdict({}, [ONE]), id="an older epoch"),
        pytest.param(ONE, 4, 12, Verdict({}, [ONE]), id="an epoch that never was"),
        pytest.param(TWO, 3, 12, Verdict({}, [TWO]), id="a partition that is not ours"),
    ],
)
def test_a_commit_counts_for_a_partition_that_is_ours_under_its_epoch_and_never_backwards(
    partition: TopicPartition, epoch: int, following: int, verdict: Verdict
) -> None:
    assert holding().judge({partition: (epoch, following)}) == verdict


def test_what_is_committed_is_the_floor_of_the_next_commit() -> None:
    holdings = holding()

    holdings.committed({ONE: 20})

    assert holdings.judge({ONE: (3, 19)}).due == {}
    assert holdings.judge({ONE: (3, 20)}).due == {ONE: 20}


def test_a_commit_that_arrives_late_does_not_lower_the_floor() -> None:
    holdings = holding()

    holdings.committed({ONE: 20})
    holdings.committed({ONE: 15, TWO: 5})

    assert holdings.lag({ONE: 21, TWO: 9}) == {ONE: 1}


def test_a_partition_that_comes_back_has_a_new_epoch_and_a_new_floor() -> None:
    holdings = holding(epoch=3, start=10)
    holdings.committed({ONE: 20})

    holdings.release([ONE])
    holdings.take(Assignment(ONE, 4, 12))

    assert holdings.judge({ONE: (3, 30)}).fenced == [ONE]
    assert holdings.judge({ONE: (4, 13)}).due == {ONE: 13}


def test_release_returns_what_was_held_and_holds_it_no_more() -> None:
    holdings = holding()

    assert holdings.release([ONE, TWO]) == [ONE]
    assert not holdings.holds(ONE)
    assert dict(holdings.assignments()) == {}


def test_assignments_are_a_copy() -> None:
    holdings = holding()
    before = holdings.assignments()

    holdings.release([ONE])

    assert set(before) == {ONE}


def test_lag_is_never_negative_and_only_of_what_is_held() -> None:
    assert holding(start=10).lag({ONE: 4, TWO: 9}) == {ONE: 0}


def test_only_what_is_held_can_be_paused() -> None:
    holdings = holding()

    holdings.pause([ONE, TWO])

    assert (holdings.paused(ONE), holdings.paused(TWO)) == (True, False)


def test_resume_returns_what_was_paused() -> None:
    holdings = holding()
    holdings.pause([ONE])

    assert holdings.resume([ONE, TWO]) == [ONE]
    assert not holdings.paused(ONE)


def test_a_pause_outlives_a_rebalance_that_brings_the_partition_back_and_no_other() -> None:
    holdings = holding()
    holdings.take(Assignment(TWO, 3, 0))
    holdings.pause([ONE, TWO])
    holdings.release([ONE, TWO])

    holdings.forget_pauses_but([ONE])

    assert (holdings.paused(ONE), holdings.paused(TWO)) == (True, False)
