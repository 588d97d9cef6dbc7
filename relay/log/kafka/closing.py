"""Closing aiokafka's clients, which may hang or cancel themselves while they do (P4, C14)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from relay.log.kafka.access import CALL_DEADLINE_S, STOP_DEADLINE_S
from relay.log.kafka.failures import FROM_KAFKA, kafka_call
from relay.log.kafka.inside import client_of, tasks_of

log = structlog.get_logger()

CUT_DEADLINE_S: Final = 1.0


async def stop_or_abandon(client: AIOKafkaProducer | AIOKafkaConsumer, seconds: float = STOP_DEADLINE_S) -> None:
    """Stop a producer or consumer; after `seconds`, or when it fails, cut it off. Raises nothing but our cancellation.

    Works on one that never started, too. A second call has nothing left to do.
    """
    try:
        async with asyncio.timeout(seconds):
            await client.stop()
    except TimeoutError:
        log.warning("kafka.client_abandoned", client=type(client).__name__, after_s=seconds)
    except (*FROM_KAFKA, OSError) as error:
        log.warning("kafka.stop_failed", client=type(client).__name__, error=repr(error))
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) and task.cancelling():
            raise  # we were cancelled: obey
        log.warning("kafka.stop_cancelled_itself", client=type(client).__name__)
    finally:
        await _cut(client)


async def _cut(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """End what `stop` left running: its tasks, then its connections."""
    if left := tasks_of(client):
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=CUT_DEADLINE_S)
    connections = client.client if isinstance(client, AIOKafkaProducer) else client_of(client)
    try:
        async with asyncio.timeout(CUT_DEADLINE_S):
            await connections.close()
    except (TimeoutError, *FROM_KAFKA, OSError) as error:
        log.warning("kafka.connections_abandoned", client=type(client).__name__, error=repr(error))


@asynccontextmanager
async def started_consumer(consumer: AIOKafkaConsumer, doing: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Start a consumer without a group for a few questions, and stop it whatever happens.

    Raises:
        LogUnavailable: no broker answered in time.
    """
    try:
        async with kafka_call(doing, CALL_DEADLINE_S):
            await consumer.start()
        yield consumer
    finally:
        await stop_or_abandon(consumer)
