from dataclasses import replace

from schemas.records import TopicPartition
from tests.givens.runtime import a_connection, a_queued, a_subject


def test_the_newest_event_of_a_subject_is_its_last():
    subject = a_subject(a_queued(offset=3), a_queued(offset=9))

    assert subject.newest.offset == 9


def test_a_subject_stays_the_same_when_it_is_connected():
    unconnected = replace(a_subject(), connection=None)

    assert unconnected.key == a_subject(connection=a_connection("beta")).key == ("loc-1", "inv-1")


def test_an_event_knows_its_partition():
    assert a_queued(topic="ghl.contacts").home == TopicPartition("ghl.contacts", 0)
