"""A record on the log, as it goes in and as it is read back."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

Headers = tuple[tuple[str, bytes], ...]


class TopicPartition(NamedTuple):
    """One partition of a topic; the topic's name is ours, without the installation's prefix."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """A record to publish. `topic` is the name without prefix; adapters add it. The key is never empty."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers

    def header(self, name: str) -> str | None:
        """Return the text of the first header of that name, None without one."""
        return next((value.decode("utf-8", "replace") for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class StoredRecord(Record):
    """A record that was read back: with its place, and the time the log took it in (UTC)."""

    partition: int
    offset: int
    stored_at: datetime

    @property
    def origin(self) -> str:
        """Return where it stands, as `topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}"
