"""Keeps one producer alive: starts it when first wanted, replaces it when it is worn out.

A producer is shown to nobody before its start succeeded (P5). It is worn out when a task of its own died (P15), or
when nothing it sent has arrived for `WORN_OUT_AFTER_S`: after all brokers changed their addresses it would look for
the old ones for ever (P18). A task of the opened log runs `keep`; publishing only ever takes what is there.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer

from relay.clock import Clock
from relay.log.errors import LogError, LogUnavailable
from relay.log.kafka.access import CALL_DEADLINE_S
from relay.log.kafka.closing import stop_or_abandon
from relay.log.kafka.failures import kafka_call
from relay.log.kafka.inside import has_died, vital_tasks, whole_cluster

log = structlog.get_logger()

WORN_OUT_AFTER_S: Final = 10.0
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0
FAILING_FOR_S: Final = 2.0  # so long after a failure readiness says no


class ProducerKeeper:
    """The producer of one opened log."""

    def __init__(self, make: Callable[[], AIOKafkaProducer], clock: Clock, topics: frozenset[str]) -> None:
        self._make = make
        self._clock = clock
        self._topics = topics  # known, and their brokers connected, before the first record waits for them (P14)
        self._wanted = asyncio.Event()
        self._worn_out = asyncio.Event()
        self._changed = asyncio.Event()
        self._producer: AIOKafkaProducer | None = None
        self._start_failed: str | None = None
        self._failing_since: float | None = None
        self._failed_at: float | None = None

    async def producer(self) -> AIOKafkaProducer:
        """Return the producer; waits while the first start is under way. The caller sets the deadline.

        Raises:
            LogUnavailable: the last attempt to start one failed; the next is under way.
        """
        self._wanted.set()
        while self._producer is None:
            if self._start_failed is not None:
                raise LogUnavailable(self._start_failed)
            self._changed.clear()
            await self._changed.wait()
        return self._producer

    def succeeded(self) -> None:
        """Note that something was stored."""
        self._failing_since = self._failed_at = None

    def failed(self) -> None:
        """Note that something was not known to be stored in time."""
        self._failed_at = self._clock.monotonic()
        self._failing_since = self._failed_at if self._failing_since is None else self._failing_since
        if self._failed_at - self._failing_since >= WORN_OUT_AFTER_S:
            self._worn_out.set()

    @property
    def failing(self) -> bool:
        """Return whether something failed just now, and nothing was stored since."""
        return self._failed_at is not None and self._clock.monotonic() - self._failed_at < FAILING_FOR_S

    async def keep(self) -> None:
        """Start, watch and replace until cancelled."""
        await self._wanted.wait()
        pause_s = FIRST_PAUSE_S
        while True:
            producer = self._make()
            try:
                started = await self._started(producer)
                if started:
                    pause_s = FIRST_PAUSE_S
                    await self._serve(producer)
            finally:
                self._producer = None
                await stop_or_abandon(producer)
            if not started:
                await self._clock.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _started(self, producer: AIOKafkaProducer) -> bool:
        try:
            async with kafka_call("to start a producer", CALL_DEADLINE_S):
                await producer.start()
                cluster = await whole_cluster(producer.client)
                for topic in self._topics & cluster.topics():
                    await producer.partitions_for(topic)
                for broker in cluster.brokers():
                    await producer.client.ready(broker.nodeId)
        except LogError as error:
            log.warning("producer.start_failed", error=str(error))
            self._start_failed = str(error)
            self._changed.set()
            return False
        return True

    async def _serve(self, producer: AIOKafkaProducer) -> None:
        self._worn_out.clear()
        self._failing_since = self._start_failed = None
        for task in vital_tasks(producer):
            task.add_done_callback(lambda _: self._worn_out.set())
        self._producer = producer
        self._changed.set()
        log.info("producer.started")
        await self._worn_out.wait()
        log.warning("producer.worn_out", died=has_died(producer))
        self._start_failed = "the Kafka producer is being replaced"
