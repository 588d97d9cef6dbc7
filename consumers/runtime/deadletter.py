"""Dead letters: the record on `<topic>.dlq`, and the way back through the replay lane. Pure."""

from collections.abc import Iterable
from typing import Final

from relay.store.parked import ParkedEvent
from schemas.envelope import iso
from schemas.records import Headers, Record
from schemas.topics import dlq_of, replay_of

LONGEST_KEY: Final = 1000
OURS: Final = frozenset(
    {
        "relay_reason",
        "relay_detail",
        "relay_attempts",
        "relay_first_failure",
        "relay_last_failure",
        "relay_origin",
        "relay_consumer",
        "relay_replay",
        "relay_forced",
        "relay_left_out",
    }
)


def letter(row: ParkedEvent) -> Record:
    """Return the record of a dead letter: the event as it was, with what went wrong in its headers."""
    return Record(dlq_of(row.topic), row.key, row.value, (*_others(row.headers), *_story(row)))


def brief_letter(row: ParkedEvent) -> Record:
    """Return the record of a dead letter that is too large with its event: that stays whole in the database alone."""
    size = ("relay_left_out", str(len(row.value)).encode())
    return Record(dlq_of(row.topic), row.key[:LONGEST_KEY], b"", (*_story(row), size))


def _story(row: ParkedEvent) -> Headers:
    return (
        ("relay_consumer", row.consumer.encode()),
        ("relay_reason", row.reason.encode()),
        ("relay_detail", row.detail.encode()),
        ("relay_attempts", str(row.attempts).encode()),
        ("relay_first_failure", iso(row.first_failure).encode()),
        ("relay_last_failure", iso(row.last_failure).encode()),
        ("relay_origin", _origin(row)),
    )


def redriven(row: ParkedEvent, run_id: str) -> Record:
    """Return the record that gives a dead letter another life, in the replay lane.

    It carries the run's id and the mark of a person's wish, so that freshness does not swallow it.
    """
    return Record(
        replay_of(row.topic),
        row.key,
        row.value,
        (
            *_others(row.headers),
            ("relay_replay", run_id.encode()),
            ("relay_forced", b"1"),
            ("relay_origin", _origin(row)),
        ),
    )


def run_of(headers: Headers) -> tuple[str | None, bool]:
    """Return the run id of a replayed record, and whether a person's wish overrides freshness."""
    values = dict(headers)
    run = values.get("relay_replay")
    return (run.decode("utf-8", "replace") if run else None, values.get("relay_forced") == b"1")


def _others(headers: Headers) -> Iterable[tuple[str, bytes]]:
    return ((name, value) for name, value in headers if name not in OURS)


def _origin(row: ParkedEvent) -> bytes:
    return f"{row.topic}/{row.partition}/{row.offset}".encode()
