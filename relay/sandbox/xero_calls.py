"""What was asked of the simulated Xero, kept for those who judge: the last calls, with their bodies."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

KEPT: Final = 5000
WRITES: Final = frozenset({"PUT", "POST", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request and its answer."""

    at: datetime
    method: str
    path: str  # without query, as asked
    query: str
    status: int
    tenant_id: str
    idempotency_key: str | None
    request_body: bytes
    response_body: bytes
    content_type: str  # of the answer


class Calls:
    """The last calls, oldest first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._calls: deque[Call] = deque(maxlen=kept)
        self.count = 0  # all there ever were

    def add(self, call: Call) -> None:
        """Remember a call; the oldest one goes when there are too many."""
        self._calls.append(call)
        self.count += 1

    def writes(self, path_part: str = "") -> list[Call]:
        """Return the calls that write, of the API only, whose path holds that text."""
        return [call for call in self if call.method in WRITES and path_part in call.path]

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)
