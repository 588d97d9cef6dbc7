from consumers.runtime.offsets import DonePrefix


def test_an_open_offset_holds_back_those_done_behind_it():
    prefix = DonePrefix(7, epoch=3)
    for offset in (7, 8, 9):
        prefix.take(offset)

    prefix.done(9)
    prefix.done(8)
    held = prefix.next
    prefix.done(7)

    assert (held, prefix.next) == (7, 10)


def test_an_offset_that_was_never_taken_moves_nothing():
    prefix = DonePrefix(7, epoch=3)
    prefix.take(7)

    prefix.done(99)
    prefix.done(3)

    assert prefix.next == 7


def test_only_what_is_new_is_to_be_committed():
    prefix = DonePrefix(0, epoch=1)
    prefix.take(0)
    prefix.done(0)
    before = prefix.advanced

    prefix.committed(1)

    assert (before, prefix.advanced) == (True, False)
