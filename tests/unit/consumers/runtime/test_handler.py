from tests.givens.runtime import a_queued, a_subject


def test_the_newest_event_of_a_subject_is_its_last():
    subject = a_subject(a_queued(offset=3), a_queued(offset=9))

    assert subject.newest.offset == 9
