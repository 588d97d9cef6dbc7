import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from relay.log.errors import EventTooLarge, Fenced, TopicMissing
from relay.log.sqlite.file import connect, offset_of, prepare
from relay.log.sqlite.transaction import Transaction, entry
from schemas.records import Record
from tests.givens.logs import OTHER_TOPIC, TOPIC, record, spec

DAY_MS = 86_400_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    prepare(tmp_path / "log.db")
    with closing(connect(tmp_path / "log.db", busy_s=1)) as opened:
        transaction = Transaction(opened, 0)
        transaction.create_topic(spec(TOPIC, max_message_bytes=1_000, retention=timedelta(days=10)))
        yield opened


def append(connection: sqlite3.Connection, *values: bytes, now_ms: int = 0) -> None:
    transaction = Transaction(connection, now_ms)
    transaction.append([entry(record(value)) for value in values])
    transaction.flush()


def stored(connection: sqlite3.Connection) -> list[tuple[int, int, bytes]]:
    rows = connection.execute("SELECT place, stored_ms, value FROM records ORDER BY place").fetchall()
    return [(offset_of(key), stored_ms, value) for key, stored_ms, value in rows]


def test_offsets_go_on_from_one_transaction_to_the_next(connection: sqlite3.Connection) -> None:
    append(connection, b"a", b"b", now_ms=5)
    append(connection, b"c", now_ms=9)

    assert stored(connection) == [(0, 5, b"a"), (1, 5, b"b"), (2, 9, b"c")]


def test_the_time_stored_never_falls_when_the_clock_does(connection: sqlite3.Connection) -> None:
    append(connection, b"a", now_ms=100)
    append(connection, b"b", now_ms=40)

    assert [stored_ms for _, stored_ms, _ in stored(connection)] == [100, 100]


@pytest.mark.parametrize(
    ("unfit", "error"),
    [
        pytest.param(record(b"x" * 1_001), EventTooLarge, id="too large for the topic"),
        pytest.param(record(topic=OTHER_TOPIC), TopicMissing, id="a topic that was not created"),
    ],
)
def test_a_delivery_with_an_unfit_record_changes_nothing(
    connection: sqlite3.Connection, unfit: Record, error: type[Exception]
) -> None:
    transaction = Transaction(connection, 0)

    with pytest.raises(error):
        transaction.append([entry(record(b"fit")), entry(unfit)])
    transaction.append([entry(record(b"neighbour"))])
    transaction.flush()

    assert stored(connection) == [(0, 0, b"neighbour")]


def test_the_fence_rises_with_each_reader_and_only_the_last_one_commits(connection: sqlite3.Connection) -> None:
    transaction = Transaction(connection, 0)
    first, second = transaction.raise_fence("invoice-push"), transaction.raise_fence("invoice-push")

    with pytest.raises(Fenced):
        transaction.commit_offsets("invoice-push", first, {TOPIC: 5})
    transaction.commit_offsets("invoice-push", second, {TOPIC: 7})

    assert second > first
    assert connection.execute("SELECT group_name, next_offset FROM group_offsets").fetchall() == [("invoice-push", 7)]


def test_a_group_that_nobody_ever_read_for_commits_nothing(connection: sqlite3.Connection) -> None:
    with pytest.raises(Fenced):
        Transaction(connection, 0).commit_offsets("nobody", 1, {TOPIC: 5})


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        pytest.param(timedelta(days=90), [b"young"], id="the topic's own retention"),
        pytest.param(timedelta(days=1), [], id="a shorter one of the installation"),
    ],
)
def test_the_shorter_retention_counts(connection: sqlite3.Connection, limit: timedelta, left: list[bytes]) -> None:
    append(connection, b"old", b"old", now_ms=0)
    append(connection, b"young", now_ms=8 * DAY_MS)
    transaction = Transaction(connection, 12 * DAY_MS)

    removed = transaction.remove_expired(limit, most=100)
    transaction.flush()

    assert [value for _, _, value in stored(connection)] == left
    assert removed == 3 - len(left)


def test_retention_takes_a_bite_at_a_time_and_the_first_offset_rises(connection: sqlite3.Connection) -> None:
    append(connection, *[b"old"] * 5, now_ms=0)

    bites = []
    for _ in range(4):
        transaction = Transaction(connection, 50 * DAY_MS)
        bites.append(transaction.remove_expired(timedelta(days=90), most=2))
        transaction.flush()

    assert bites == [2, 2, 1, 0]
    assert Transaction(connection, 0).topics[TOPIC].first_offset == 5
    append(connection, b"next", now_ms=50 * DAY_MS)
    assert [offset for offset, _, _ in stored(connection)] == [5]


def test_a_topic_created_twice_keeps_its_first_settings(connection: sqlite3.Connection) -> None:
    Transaction(connection, 0).create_topic(spec(TOPIC, max_message_bytes=5))

    assert Transaction(connection, 0).topics[TOPIC].max_message_bytes == 1_000


def test_a_topic_is_used_in_the_transaction_that_creates_it(connection: sqlite3.Connection) -> None:
    transaction = Transaction(connection, 0)
    transaction.create_topic(spec(OTHER_TOPIC))
    transaction.append([entry(record(b"first", topic=OTHER_TOPIC))])
    transaction.flush()

    assert stored(connection) == [(0, 0, b"first")]


def test_an_altered_topic_is_another_at_once(connection: sqlite3.Connection) -> None:
    transaction = Transaction(connection, 0)

    transaction.alter_topic(spec(TOPIC, max_message_bytes=300))

    with pytest.raises(EventTooLarge):
        transaction.append([entry(record(b"x" * 400))])


@pytest.mark.parametrize("count", [1, 3, 4, 5, 63, 64, 85, 150])
def test_any_number_of_rows_goes_in_once_each_and_in_order(connection: sqlite3.Connection, count: int) -> None:
    append(connection, *[b"%d" % number for number in range(count)])

    assert [(offset, int(value)) for offset, _, value in stored(connection)] == [(n, n) for n in range(count)]
