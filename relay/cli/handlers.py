"""Puts the consumers together: each handler with the rooms it needs, on the runtime."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from consumers.runtime.poller import Consumer
from relay.cli import wiring
from relay.log.ports import Log
from relay.settings import Settings
from relay.telemetry.health import Check
from relay.upstream.vendors import opened_vendors

NAMES: Final = ("invoice-push", "payment-sync")


@asynccontextmanager
async def consuming(
    settings: Settings, stores: wiring.Stores, log: Log, names: Sequence[str], stop: asyncio.Event
) -> AsyncIterator[Mapping[str, Check]]:
    """Run consumers while inside; yields a readiness check for each. A consumer that fails ends the process."""
    async with opened_vendors(settings, stores.grants, stores.leases, wiring.CLOCK) as vendors:
        handlers = _handlers(stores, vendors)
        consumers = [
            Consumer(handlers[name], log, parked=stores.parked, results=stores.results, clock=wiring.CLOCK)
            for name in names
        ]
        async with asyncio.TaskGroup() as tasks:
            for consumer in consumers:
                tasks.create_task(consumer.run(stop))
            yield dict(zip(names, [_check(consumer) for consumer in consumers], strict=True))
            stop.set()


def _check(consumer: Consumer) -> Check:
    async def ready() -> bool:
        return consumer.ready

    return ready
