from hypothesis import given
from hypothesis import strategies as st

from consumers.runtime.offsets import DonePrefix


@given(
    gaps=st.lists(st.integers(1, 3), min_size=1, max_size=40),
    order=st.randoms(use_true_random=False),
    start=st.integers(0, 5),
)
def test_what_may_be_committed_is_exactly_the_contiguous_done_prefix(gaps, order, start):
    offsets = [start]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    prefix = DonePrefix(start, epoch=1)
    assert all(prefix.take(offset) for offset in offsets)
    finished = offsets[:]
    order.shuffle(finished)
    done: set[int] = set()

    for offset in finished:
        before = prefix.next
        prefix.done(offset)
        done.add(offset)

        left = [other for other in offsets if other not in done]
        assert prefix.next == (left[0] if left else offsets[-1] + 1)
        assert prefix.next >= before
        assert prefix.open == len([other for other in offsets if other >= prefix.next])


@given(st.lists(st.integers(0, 30), max_size=60))
def test_an_offset_is_taken_once_and_only_forward(offsets):
    prefix = DonePrefix(0, epoch=1)
    taken = [offset for offset in offsets if prefix.take(offset)]

    assert taken == sorted(set(taken))
