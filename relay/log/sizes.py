"""How large a record is, and how much may wait to be stored; the same for every adapter."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from relay.log.errors import EventTooLarge, LogUnavailable
from schemas.records import Record

FRAME_BYTES: Final = 96  # a record's own framing in a batch, and the batch's header: at most this


def size_bytes(record: Record) -> int:
    """Return the bytes a record takes: key, value, headers and framing."""
    headers = sum(len(name) + len(value) + 4 for name, value in record.headers)
    return len(record.key) + len(record.value) + headers + FRAME_BYTES


def refuse_too_large(records: Iterable[Record], limit_bytes: int) -> int:
    """Return the bytes of all records together.

    Raises:
        EventTooLarge: one of them is larger than the limit; none should be stored then.
    """
    total = 0
    for record in records:
        size = size_bytes(record)
        if size > limit_bytes:
            raise EventTooLarge(f"a record of {size} bytes for {record.topic}: at most {limit_bytes} are taken")
        total += size
    return total


class Budget:
    """The bytes that may wait at once: nothing that arrives faster than it is stored fills the memory."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._taken_bytes = 0

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Take that much while the block runs; a single call may be larger than the whole budget.

        Raises:
            LogUnavailable: too much waits already.
        """
        if self._taken_bytes and self._taken_bytes + size > self._most_bytes:
            raise LogUnavailable(f"{self._taken_bytes} bytes wait to be stored already")
        self._taken_bytes += size
        try:
            yield
        finally:
            self._taken_bytes -= size
