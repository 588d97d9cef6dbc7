"""A member of a consumer group on Kafka, behind deadlines, with epochs of our own.

Who runs what: one task polls; aiokafka's coordination task calls the rebalance listener. A partition that was assigned
stands still (paused, at offset 0) until `poll` has found its start and the listener has taken it on: nothing is
delivered before that, aiokafka never chooses an offset by itself, and no callback keeps the heartbeats waiting.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import structlog
from aiokafka import ConsumerRebalanceListener
from aiokafka import TopicPartition as Place

from relay.log.errors import Fenced, LogError, LogUnavailable
from relay.log.handover import Handover
from relay.log.holdings import Holdings
from relay.log.kafka.access import CALL_DEADLINE_S, KafkaConnection
from relay.log.kafka.closing import stop_or_abandon
from relay.log.kafka.failures import kafka_call
from relay.log.kafka.inside import client_of, has_died, is_member, make_known
from relay.log.kafka.member import new_member
from relay.log.kafka.records import stored_record
from relay.log.ports import Assignment, Listener
from schemas.records import StoredRecord, TopicPartition

log = structlog.get_logger()

SLICE_S: Final = 0.1  # how soon a poll that waits notices a new assignment
POLL_RECORDS: Final = 500
COMMIT_DEADLINE_S: Final = 5.0


class KafkaReader(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """A `GroupReader` on one consumer after another: one whose tasks died is replaced by the next poll."""

    def __init__(
        self,
        connection: KafkaConnection,
        group: str,
        topics: Sequence[str],
        listener: Listener,
        *,
        max_record_bytes: int,
    ) -> None:
        self._connection = connection
        self._group = group
        self._names = [connection.outside(topic) for topic in topics]
        self._max_record_bytes = max_record_bytes
        self._consumer = new_member(connection, group, max_record_bytes=max_record_bytes)
        self._joined = False
        self._handover = Handover(listener, group)
        self._holdings = Holdings()
        self._newcomers: frozenset[Place] = frozenset()
        self._rebalances = 0
        self._epoch = 0
        self._parting = asyncio.Lock()
        self._committing = asyncio.Lock()
        self._left = False

    async def join(self) -> None:
        """Start and subscribe; partitions come while `poll` is called.

        Raises:
            TopicMissing: a topic was not created.
            LogUnavailable: no broker answered in time.
        """
        try:
            async with kafka_call(f"to join {self._group}", CALL_DEADLINE_S):
                await self._consumer.start()  # unsubscribed: else it waits for its partitions, for ever (C18)
                await make_known(client_of(self._consumer), self._names)
            self._consumer.subscribe(self._names, listener=self)
            self._joined = True
        except BaseException:
            await stop_or_abandon(self._consumer)
            raise

    async def poll(self, timeout_s: float) -> Sequence[StoredRecord]:
        """Return what has arrived; empty after `timeout_s`, also while the group rebalances."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        while not self._left:
            if not self._joined or has_died(self._consumer):
                await self._join_anew()
            await self._place_newcomers()
            remaining = until - loop.time()
            records = await self._fetched(max(0.0, min(remaining, SLICE_S)))
            if records or remaining <= 0:
                return records
        return ()

    async def commit(self, offsets: Mapping[TopicPartition, tuple[int, int]]) -> None:
        """Store offsets; see `GroupReader.commit`."""
        doing = f"to commit offsets of {self._group}"
        async with kafka_call(doing, COMMIT_DEADLINE_S), self._committing:  # a late commit never overtakes a newer one
            verdict = self._holdings.judge(offsets)
            if verdict.due:
                if not is_member(self._consumer):
                    raise Fenced(f"{self._group}: this member has left its group, the partitions will be assigned anew")
                await self._consumer.commit({self._place(held): following for held, following in verdict.due.items()})
                self._holdings.committed(verdict.due)
        if verdict.fenced:
            raise Fenced(f"group {self._group}: {', '.join(map(str, verdict.fenced))} are not ours under that epoch")

    def assignments(self) -> Mapping[TopicPartition, Assignment]:
        """Return what is ours and has its start."""
        return self._holdings.assignments()

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Deliver nothing of these until `resume`; aiokafka forgets pauses at a rebalance, the holdings do not."""
        self._holdings.pause(partitions)
        self._consumer.pause(*self._deliverable(partitions))

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """Deliver these again."""
        self._consumer.resume(*self._deliverable(self._holdings.resume(partitions)))

    async def lag(self) -> Mapping[TopicPartition, int]:
        """Return records not yet committed, for what is ours."""
        places = [self._place(held) for held in self._holdings.assignments()]
        async with kafka_call(f"to read the lag of {self._group}", CALL_DEADLINE_S):
            ends = await self._consumer.end_offsets(places)
        return self._holdings.lag({self._ours(place): end for place, end in ends.items()})

    async def leave(self) -> None:
        """Part with everything, telling the listener first, and leave the group under a deadline."""
        if self._left:
            return
        self._left = True
        await self._part_with(self._holdings.assignments())
        await stop_or_abandon(self._consumer)

    async def on_partitions_revoked(self, revoked: Collection[Place]) -> None:
        """Part with partitions; aiokafka's coordination task calls it, and heartbeats go on meanwhile."""
        self._rebalances += 1
        self._newcomers = frozenset()
        await self._part_with([self._ours(place) for place in revoked])

    def on_partitions_assigned(self, assigned: Collection[Place]) -> None:
        """Let the newcomers stand still until `poll` has placed them; aiokafka's coordination task calls it."""
        self._rebalances += 1
        self._newcomers = frozenset(assigned)
        self._stand_still(self._newcomers)
        self._holdings.forget_pauses_but(self._ours(place) for place in assigned)

    async def _fetched(self, seconds: float) -> Sequence[StoredRecord]:
        try:
            async with asyncio.timeout(seconds + SLICE_S):  # getmany waits for ever while the group rebalances (C6)
                async with kafka_call(f"to read for {self._group}", CALL_DEADLINE_S):
                    batches = await self._consumer.getmany(timeout_ms=int(seconds * 1000), max_records=POLL_RECORDS)
        except TimeoutError:
            return ()
        except LogError as error:
            if self._left:
                return ()
            # what other partitions had given went down with it, and their positions are past it: read it again
            await self._start_over(error)
            raise LogUnavailable(f"{error}; read again from what is committed") from error
        return [
            stored_record(record, self._connection.inside(record.topic))
            for batch in batches.values()
            for record in batch
        ]

    async def _join_anew(self) -> None:
        log.warning("reader.joining_anew", group=self._group)
        self._joined = False
        self._newcomers = frozenset()
        await self._part_with(self._holdings.assignments())
        await stop_or_abandon(self._consumer)
        self._consumer = new_member(self._connection, self._group, max_record_bytes=self._max_record_bytes)
        await self.join()

    async def _start_over(self, error: LogError) -> None:
        log.warning("reader.started_over", group=self._group, error=str(error))
        places = frozenset(self._consumer.assignment())
        rebalances = self._rebalances
        self._stand_still(places)
        await self._part_with([self._ours(place) for place in places])
        if rebalances == self._rebalances:
            self._newcomers = places

    async def _place_newcomers(self) -> None:
        newcomers, rebalances = self._newcomers, self._rebalances
        if not newcomers:
            return
        starts = await self._starts(sorted(newcomers))
        if rebalances != self._rebalances:
            return  # a rebalance came between, and named newcomers of its own
        self._newcomers = frozenset()
        self._epoch += 1
        assignments = [Assignment(self._ours(place), self._epoch, start) for place, start in starts.items()]
        for assignment in assignments:
            self._holdings.take(assignment)
            self._consumer.seek(self._place(assignment.partition), assignment.start)
        taken = False
        try:
            taken = await self._handover.assigned(assignments)
        finally:
            if rebalances == self._rebalances and not taken:
                self._holdings.release(held.partition for held in assignments)
                self._newcomers = newcomers  # offered again by the next poll
        if rebalances == self._rebalances and taken:
            wanted = [held.partition for held in assignments if not self._holdings.paused(held.partition)]
            self._consumer.resume(*self._deliverable(wanted))

    async def _starts(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """Return the committed offset of each; the earliest, and say so, where none is or where it is gone."""
        async with kafka_call(f"to find where {self._group} starts", CALL_DEADLINE_S):
            committed = await asyncio.gather(*(self._consumer.committed(place) for place in places))
            firsts = await self._consumer.beginning_offsets(places)
            ends = await self._consumer.end_offsets(places)
        starts: dict[Place, int] = {}
        for place, offset in zip(places, committed, strict=True):
            starts[place] = firsts[place] if offset is None else offset
            facts = {"group": self._group, "topic": self._connection.inside(place.topic), "partition": place.partition}
            if offset is None:
                log.info("reader.started_at_earliest", **facts, offset=firsts[place])
            elif not firsts[place] <= offset <= ends[place]:
                starts[place] = firsts[place]
                log.error("reader.offset_lost", **facts, wanted=offset, offset=firsts[place])
        return starts

    async def _part_with(self, partitions: Iterable[TopicPartition]) -> None:
        async with self._parting:  # a rebalance while leaving: the listener hears of each partition once
            held = [partition for partition in partitions if self._holdings.holds(partition)]
            await self._handover.revoked(held)
            self._holdings.release(held)

    def _stand_still(self, places: Iterable[Place]) -> None:
        for place in places:
            self._consumer.pause(place)
            self._consumer.seek(place, 0)  # any position at all: aiokafka looks for none of its own then

    def _deliverable(self, partitions: Iterable[TopicPartition]) -> list[Place]:
        assigned = self._consumer.assignment()
        return [
            place
            for partition in partitions
            if self._holdings.holds(partition) and (place := self._place(partition)) in assigned
        ]

    def _place(self, partition: TopicPartition) -> Place:
        return Place(self._connection.outside(partition.topic), partition.partition)

    def _ours(self, place: Place) -> TopicPartition:
        return TopicPartition(self._connection.inside(place.topic), place.partition)
