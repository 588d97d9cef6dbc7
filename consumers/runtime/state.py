"""What the tasks of one consumer share, on one event loop."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from consumers.runtime.handler import QueuedEvent
from consumers.runtime.lanes import Lanes
from consumers.runtime.offsets import DonePrefix
from consumers.runtime.parking import Waiting
from relay.log.ports import Assignment
from schemas.records import TopicPartition


@dataclass(slots=True)
class State:
    """The events in hand, and under which assignments: work of an assignment that ended is dropped, never stored."""

    lanes: Lanes
    waiting: Waiting = field(default_factory=Waiting)
    prefixes: dict[TopicPartition, DonePrefix] = field(default_factory=dict)
    parting: set[TopicPartition] = field(default_factory=set)  # what is in hand may end, nothing new begins

    def ours(self, partition: TopicPartition, epoch: int) -> bool:
        """Return whether what was begun under an epoch may still be stored."""
        prefix = self.prefixes.get(partition)
        return prefix is not None and prefix.epoch == epoch

    def goes_on(self, queued: QueuedEvent) -> bool:
        """Return whether an event may be put into a lane, or be handed over."""
        return self.ours(queued.home, queued.epoch) and queued.home not in self.parting

    def done(self, partition: TopicPartition, epoch: int, offset: int) -> None:
        """Mark an offset as done, if it is still ours."""
        if self.ours(partition, epoch):
            self.prefixes[partition].done(offset)

    def epochs(self) -> Mapping[TopicPartition, int]:
        """Return the partitions that take new work, and their epochs."""
        return {held: prefix.epoch for held, prefix in self.prefixes.items() if held not in self.parting}

    def take_on(self, assignment: Assignment) -> None:
        """Hold a partition from now on."""
        self.prefixes[assignment.partition] = DonePrefix(assignment.start, assignment.epoch)

    def part_with(self, partitions: Collection[TopicPartition]) -> None:
        """Begin nothing new of partitions that leave, and forget what is queued of them."""
        self.parting |= set(partitions)
        self.lanes.drop(set(partitions))

    def forget(self, partitions: Collection[TopicPartition]) -> None:
        """Hold partitions no longer."""
        gone = set(partitions)
        self.lanes.drop(gone)
        self.waiting.drop(gone)
        self.parting -= gone
        for partition in gone:
            self.prefixes.pop(partition, None)

    def stale(self, assignments: Mapping[TopicPartition, Assignment]) -> list[TopicPartition]:
        """Return what we hold although the log says otherwise: it left while we could not be told."""
        return [
            held
            for held, prefix in self.prefixes.items()
            if (assigned := assignments.get(held)) is None or assigned.epoch != prefix.epoch
        ]
