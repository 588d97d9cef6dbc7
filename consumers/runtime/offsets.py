"""The contiguous done prefix of a partition: what may be committed. Pure."""

from collections import deque


class DonePrefix:
    """Follows the offsets of one partition under one assignment.

    Offsets are taken in rising order and may have gaps (retention, other writers' transactions); they become done in
    any order. `next` never goes back.
    """

    def __init__(self, start: int, epoch: int) -> None:
        self.epoch = epoch
        self._next = start
        self._committed = start
        self._pending: deque[int] = deque()
        self._done: set[int] = set()

    @property
    def next(self) -> int:
        """Return the offset to commit: everything below it is done."""
        return self._next

    @property
    def advanced(self) -> bool:
        """Return whether there is anything new to commit."""
        return self._next > self._committed

    def committed(self, offset: int) -> None:
        """Note what was committed."""
        self._committed = max(self._committed, offset)

    @property
    def open(self) -> int:
        """Return how many offsets were taken and are not below `next`."""
        return len(self._pending)

    def take(self, offset: int) -> bool:
        """Note an offset as delivered; return False for one that was delivered before."""
        newest = self._pending[-1] if self._pending else self._next - 1
        if offset <= newest:
            return False
        if not self._pending:
            self._next = offset
        self._pending.append(offset)
        return True

    def done(self, offset: int) -> None:
        """Note an offset as done; one that was not taken, or is done already, changes nothing."""
        if offset < self._next or not self._pending or offset > self._pending[-1]:
            return
        self._done.add(offset)
        while self._pending and self._pending[0] in self._done:
            first = self._pending.popleft()
            self._done.discard(first)
            self._next = self._pending[0] if self._pending else first + 1
