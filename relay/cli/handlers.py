"""Puts the consumers together: each handler with the rooms it needs, on the runtime."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from consumers.invoice_push.handler import InvoicePush, Rooms
from consumers.payment_sync.display import ContactDisplay
from consumers.payment_sync.handler import PaymentSync
from consumers.payments.perform import Payments
from consumers.runtime.handler import Handler
from consumers.runtime.poller import Consumer
from relay.cli import wiring
from relay.log.ports import Log
from relay.settings import Settings
from relay.telemetry.health import Check
from relay.upstream.ports import Vendors
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


def _handlers(stores: wiring.Stores, vendors: Vendors) -> Mapping[str, Handler]:
    display = ContactDisplay(vendors=vendors, links=stores.links, contacts=stores.contacts, leases=stores.leases)
    payments = Payments(
        vendors=vendors,
        connections=stores.connections,
        links=stores.links,
        ledger=stores.ledger,
        writes=stores.writes,
        leases=stores.leases,
        display=display,
        clock=wiring.CLOCK,
    )
    push = Rooms(
        vendors=vendors,
        connections=stores.connections,
        organisations=stores.organisations,
        links=stores.links,
        contacts=stores.contacts,
        writes=stores.writes,
        leases=stores.leases,
        payments=payments,
        clock=wiring.CLOCK,
    )
    sync = PaymentSync(
        vendors=vendors,
        connections=stores.connections,
        links=stores.links,
        ledger=stores.ledger,
        payments=payments,
        clock=wiring.CLOCK,
    )
    return {InvoicePush.name: InvoicePush(push), PaymentSync.name: sync}


def _check(consumer: Consumer) -> Check:
    async def ready() -> bool:
        return consumer.ready

    return ready
