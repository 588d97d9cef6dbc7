"""What a member of a group holds: its partitions with their epochs, how far each is committed, what is paused. Pure.

Both adapters keep their assignments here, so that fencing means the same in both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from relay.log.ports import Assignment
from schemas.records import TopicPartition


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which offsets of a commit are to be stored, and which partitions are not ours under the epoch given."""

    due: Mapping[TopicPartition, int]
    fenced: Sequence[TopicPartition]


class Holdings:
    """The assignments of one member. Its owner calls it from the event loop only."""

    def __init__(self) -> None:
        self._held: dict[TopicPartition, Assignment] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()

    def take(self, assignment: Assignment) -> None:
        """Hold a partition from now on, counted as committed up to its start."""
        self._held[assignment.partition] = assignment
        self._committed[assignment.partition] = assignment.start

    def release(self, partitions: Iterable[TopicPartition]) -> Sequence[TopicPartition]:
        """Hold these no longer; return those that were held. A pause stays, for the case that they come back."""
        gone = [partition for partition in partitions if self._held.pop(partition, None)]
        for partition in gone:
            del self._committed[partition]
        return gone

    def forget_pauses_but(self, partitions: Iterable[TopicPartition]) -> None:
        """Drop the pauses of partitions that went to another member."""
        self._paused &= set(partitions)

    def assignments(self) -> Mapping[TopicPartition, Assignment]:
        """Return what is held, as a copy that does not change."""
        return dict(self._held)

    def holds(self, partition: TopicPartition) -> bool:
        """Return whether that partition is held."""
        return partition in self._held

    def judge(self, offsets: Mapping[TopicPartition, tuple[int, int]]) -> Verdict:
        """Return what of a commit of (epoch, next offset) is to be stored.

        An offset below what is committed already is neither: a late commit never sets a group back.
        """
        due: dict[TopicPartition, int] = {}
        fenced: list[TopicPartition] = []
        for partition, (epoch, following) in offsets.items():
            held = self._held.get(partition)
            if held is None or held.epoch != epoch:
                fenced.append(partition)
            elif following >= self._committed[partition]:
                due[partition] = following
        return Verdict(due, fenced)

    def committed(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Remember what has been stored."""
        for partition, following in offsets.items():
            if partition in self._committed:
                self._committed[partition] = max(following, self._committed[partition])

    def lag(self, ends: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        """Return how far each held partition's commit is behind its end."""
        return {
            partition: max(0, end - self._committed[partition])
            for partition, end in ends.items()
            if partition in self._committed
        }

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Remember that nothing of these is wanted; of those that are held."""
        self._paused |= {partition for partition in partitions if partition in self._held}

    def resume(self, partitions: Iterable[TopicPartition]) -> Sequence[TopicPartition]:
        """Want these again; return those that were paused."""
        back = [partition for partition in partitions if partition in self._paused]
        self._paused -= set(back)
        return back

    def paused(self, partition: TopicPartition) -> bool:
        """Return whether nothing of that partition is wanted."""
        return partition in self._paused
