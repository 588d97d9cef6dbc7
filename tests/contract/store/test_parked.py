from dataclasses import replace

import pytest

from relay.clock import FakeClock
from relay.store.engine import Database
from relay.store.parked import Parked, ParkedEvent, ParkedState
from schemas.records import TopicPartition
from tests.givens.store import NOON, at, parked

ZERO = TopicPartition("ghl.invoices", 0)
ONE = TopicPartition("ghl.invoices", 1)
REPLAY = TopicPartition("ghl.invoices.replay", 0)


@pytest.fixture
def store(database: Database) -> Parked:
    return Parked(database, FakeClock())


def dead(ce_id: str = "event-1", **given: object) -> ParkedEvent:
    return parked(ce_id, state=ParkedState.DEAD, **given)


async def test_an_event_comes_back_byte_for_byte(store: Parked) -> None:
    row = parked(
        key=b"\x00\xff",
        value=bytes(range(256)) * 4096,  # a whole megabyte
        headers=(("ce_id", b"event-1"), ("twice", b"\xff\x00"), ("twice", b"")),
        connection_id=None,
        detail="not yet",
    )

    await store.save([row])

    assert await store.of_partitions("invoice-push", [ZERO]) == [row]


async def test_saving_again_replaces_and_removing_again_is_no_error(store: Parked) -> None:
    tried = replace(parked(), attempts=2, not_before=at(300), reason="minute_limit")

    await store.save([parked(), parked("event-2", offset=1)])
    await store.save([tried])
    await store.remove([parked("event-2", offset=1), parked("unknown")])
    await store.remove([parked("event-2", offset=1)])

    assert await store.of_partitions("invoice-push", [ZERO]) == [tried]


async def test_a_topic_made_anew_repeats_offsets_without_harm(store: Parked) -> None:
    rows = [parked("before"), parked("since")]

    await store.save(rows)

    assert await store.of_partitions("invoice-push", [ZERO]) == rows


async def test_an_owner_takes_over_its_partitions_in_log_order(store: Parked) -> None:
    mine = [
        parked("a", offset=2),
        parked("b", offset=11),
        parked("c", partition=1, offset=1),
        parked("d", topic="ghl.invoices.replay"),
    ]
    others = [
        parked("e", partition=2),
        parked("f", consumer="payment-sync"),
        dead("g", offset=5),
        parked("h", topic="ghl.contacts"),
        parked("i", topic="ghl.invoices.replay", partition=1),
    ]

    await store.save([*others, *reversed(mine)])

    assert await store.of_partitions("invoice-push", [ONE, REPLAY, ZERO]) == mine
    assert await store.of_partitions("invoice-push", []) == []


async def test_what_is_due_comes_in_log_order_and_in_blocks(store: Parked) -> None:
    rows = [parked(name, offset=n, not_before=at(60 - n)) for n, name in enumerate(("a", "b", "c"))]
    await store.save([*rows, parked("later", offset=9, not_before=at(61)), dead("letter", offset=10)])

    assert await store.due("invoice-push", [ZERO], at(60), 10) == rows
    assert await store.due("invoice-push", [ZERO], at(60), 2) == rows[:2]
    assert await store.due("invoice-push", [ZERO], at(57), 10) == []
    assert await store.due("invoice-push", [ONE], at(60), 10) == []


async def test_places_come_in_log_order_block_after_block_without_their_bodies(store: Parked) -> None:
    rows = [
        parked("c", partition=1, offset=1, value=b"12345", connection_id=None),
        parked("a", offset=2, not_before=at(10), scope="connection", reason="paused"),
        parked("b", offset=2),
        parked("d", topic="ghl.invoices.replay", offset=1, not_before=at(10)),
    ]
    await store.save([*rows, dead("g", offset=5), parked("f", consumer="payment-sync", offset=9)])
    expected = [row.place for row in (rows[1], rows[2], rows[0], rows[3])]
    mine = [ONE, REPLAY, ZERO]

    assert await store.places("invoice-push", mine, 10) == expected
    assert await store.places("invoice-push", mine, 2) == expected[:2]
    assert await store.places("invoice-push", mine, 10, after=expected[0]) == expected[1:]
    assert await store.places("invoice-push", mine, 10, after=expected[3]) == []
    assert await store.places("invoice-push", mine, 10, due=at(10)) == [expected[0], expected[3]]
    assert await store.places("invoice-push", [], 10) == []
    assert [place.value_bytes for place in expected] == [2, 2, 5, 2]


async def test_places_leave_out_those_who_wait_anyway(store: Parked) -> None:
    rows = [
        parked("a", offset=1),
        parked("b", offset=2, connection_id="connection-2"),
        parked("c", offset=3, connection_id=None),
        parked("d", offset=4, connection_id=None, key=b"location-2"),
    ]
    await store.save(rows)
    a, b, c, d = (row.place for row in rows)

    assert await store.places("invoice-push", [ZERO], 10, but_connections=["connection-2"]) == [a, c, d]
    assert await store.places("invoice-push", [ZERO], 10, but_keys=[b"location-1"]) == [a, b, d]


async def test_only_what_still_stands_at_a_place_is_read(store: Parked) -> None:
    rows = [parked("a", offset=1), parked("b", offset=2), dead("c", offset=3)]
    await store.save([*rows, parked("x", offset=1)])

    await store.remove([rows[1]])

    keys = {(row.topic, row.partition, row.offset, row.ce_id) for row in rows}
    assert await store.standing("invoice-push", keys) == [rows[0]]
    assert await store.standing("payment-sync", keys) == []
    assert await store.standing("invoice-push", []) == []


async def test_released_events_are_due_now_but_a_letter_stays(store: Parked) -> None:
    rows = [parked("a"), dead("b", offset=1)]
    await store.save(rows)

    released = await store.release(rows)

    assert released == 1
    assert await store.due("invoice-push", [ZERO], NOON, 10) == [replace(rows[0], not_before=NOON)]


async def test_a_newer_event_closes_the_letters_received_before_it(store: Parked) -> None:
    letters = [
        dead("before", received_at=at(1)),
        dead("after", offset=1, received_at=at(5)),
        dead("another subject", offset=2, received_at=at(1), subject="ghl-invoice-2"),
        dead("another connection", offset=3, received_at=at(1), connection_id="connection-2"),
        dead("no connection", offset=4, received_at=at(1), connection_id=None),
        dead("another consumer", received_at=at(1), consumer="payment-sync"),
        parked("waits", offset=5, received_at=at(1)),
    ]
    await store.save(letters)

    assert await store.supersede("invoice-push", "ghl-invoice-1", "connection-1", at(5)) == 1
    assert await store.supersede("invoice-push", "ghl-invoice-1", None, at(5)) == 1

    closed = await store.listed(ParkedState.SUPERSEDED)
    assert [row.ce_id for row in closed] == ["before", "no connection"]


async def test_a_letter_without_our_envelope_counts_from_its_first_failure(store: Parked) -> None:
    await store.save([replace(dead(first_failure=at(3)), headers=(("ce_receivedat", b"yesterday"),))])

    assert await store.supersede("invoice-push", "ghl-invoice-1", "connection-1", at(3)) == 0
    assert await store.supersede("invoice-push", "ghl-invoice-1", "connection-1", at(4)) == 1


async def test_letters_are_listed_by_reason_and_connection(store: Parked) -> None:
    rows = [
        dead("a", reason="total_differs"),
        dead("b", offset=1, reason="refused"),
        dead("c", offset=2, reason="refused", connection_id="connection-2"),
    ]
    await store.save([*rows, parked("d", offset=3)])

    assert await store.listed(ParkedState.DEAD) == rows
    assert await store.listed(ParkedState.DEAD, limit=2) == rows[:2]
    assert await store.listed(ParkedState.DEAD, reason="refused") == rows[1:]
    assert await store.listed(ParkedState.DEAD, reason="refused", connection_id="connection-2") == rows[2:]


async def test_a_row_is_found_by_place_event_and_subject_in_any_state(store: Parked) -> None:
    row = dead(partition=3, offset=70)
    await store.save([row, parked("event-2", offset=7, subject="other")])

    for text in ("invoice-push:ghl.invoices/3/70", "event-1", "ghl-invoice-1"):
        assert await store.find(text) == [row]
    for text in ("invoice-push:ghl.invoices/3/71", ":ghl.invoices/3/70", "invoice-push:ghl.invoices/x/70", "event"):
        assert await store.find(text) == []


async def test_a_marked_letter_leaves_the_counts(store: Parked) -> None:
    await store.save([dead("a"), dead("b", offset=1), parked("c", offset=2, connection_id=None)])

    await store.mark(dead("b", offset=1), ParkedState.REDRIVEN)
    await store.mark(dead("gone", offset=9), ParkedState.DISCARDED)

    assert await store.counts() == {
        ("connection-1", "dead", "vendor_away"): 1,
        (None, "parked", "vendor_away"): 1,
    }
    assert [row.ce_id for row in await store.listed(ParkedState.REDRIVEN)] == ["b"]


async def test_only_closed_letters_are_purged(store: Parked) -> None:
    await store.save([dead("a"), parked("b", offset=1), replace(dead("c", offset=2), state=ParkedState.DISCARDED)])

    assert await store.purge(at(1)) == 0
    assert await store.purge(at(2)) == 1
    assert await store.find("c") == []
