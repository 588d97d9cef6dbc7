"""payment-sync: what changed in Xero shows in the CRM. The handler of `xero.invoices` and `xero.payments`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consumers.payment_sync.doorbells import Doorbells
from consumers.payment_sync.freshness import known
from consumers.payment_sync.targets import Target, Targets
from consumers.payments.actions import Side
from consumers.payments.perform import Payments
from consumers.runtime.failures import outcome_of
from consumers.runtime.handler import Subject
from consumers.runtime.outcome import Outcome, Skipped
from relay.clock import Clock
from relay.store.connections import Connection, Connections
from relay.store.ledger import Ledger
from relay.store.links import InvoiceLinks
from relay.upstream.errors import UpstreamError
from relay.upstream.ports import Vendors
from schemas.envelope import Event
from schemas.reasons import Reason
from schemas.topics import XERO_INVOICES, XERO_PAYMENTS

AT_ONCE: Final = 4  # links of one call that are settled at the same time


@dataclass(frozen=True, slots=True)
class Ring:
    """A link and the subjects that rang for it."""

    target: Target
    subjects: Sequence[Subject]

    @property
    def attempts(self) -> int:
        """Return how often the newest of its events were tried."""
        return max(subject.newest.attempts for subject in self.subjects)

    @property
    def forced(self) -> bool:
        """Whether a person asked: then both sides are looked at."""
        return any(queued.forced for subject in self.subjects for queued in subject.events)


class PaymentSync:
    """The consumer from Xero to HighLevel. An event is a doorbell: the truth is what is read then."""

    name = "payment-sync"
    topics: Sequence[str] = (XERO_INVOICES, XERO_PAYMENTS)
    max_subjects = 40  # ids that one read of Xero takes
    max_calls_per_lane = 2
    needs_connection = False  # most of what Xero reports is no invoice of ours: skipped here, for free

    def __init__(
        self,
        *,
        vendors: Vendors,
        connections: Connections,
        links: InvoiceLinks,
        ledger: Ledger,
        payments: Payments,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._payments = payments
        self._clock = clock
        self._targets = Targets(vendors, connections, links, ledger, clock)
        self._doorbells = Doorbells(vendors, ledger, clock)

    def subject_of(self, event: Event) -> str:
        """Return the id of the invoice, payment or credit."""
        return event.subject

    async def connection_of(self, event: Event) -> Connection | None:
        """Return the connection of the link that an event concerns, None where the store knows none."""
        link = await self._targets.known(event)
        return await self._connections.get(link.connection_id) if link else None

    async def handle(self, batch: Sequence[Subject]) -> Sequence[Outcome]:
        """Bring the HighLevel side of every invoice that rang in step; return one outcome per subject."""
        outcomes: dict[int, Outcome] = {}
        rung: dict[str, list[int]] = {}  # link id -> subjects: an invoice and its payments often ring together
        targets: dict[str, Target] = {}
        for index, found in enumerate(await self._targets.find(batch)):
            if not isinstance(found, Target):
                outcomes[index] = found
            elif known(batch[index].events, found.link):
                outcomes[index] = Skipped(Reason.ALREADY_IN_STEP, link=found.link.id)
            else:
                targets[found.link.id] = found
                rung.setdefault(found.link.id, []).append(index)
        rings = [Ring(target, tuple(batch[index] for index in rung[link_id])) for link_id, target in targets.items()]
        for ring, outcome in zip(rings, await self._settled(rings), strict=True):
            outcomes |= dict.fromkeys(rung[ring.target.link.id], outcome)
        return [outcomes[index] for index in range(len(batch))]

    async def _settled(self, rings: Sequence[Ring]) -> Sequence[Outcome]:
        if not rings:
            return []
        try:
            seen = await self._doorbells.answer([ring.target for ring in rings])
        except UpstreamError as error:
            now = self._clock.now()
            return [outcome_of(error, now, ring.attempts, ring.target.link.id) for ring in rings]
        room = asyncio.Semaphore(AT_ONCE)

        async def settled(ring: Ring) -> Outcome:
            link = ring.target.link
            async with room:
                return await self._payments.settle(
                    ring.target.connection,
                    link,
                    seen=seen.get(link.id),
                    look_at=tuple(Side) if ring.forced else (),
                    attempts=ring.attempts,
                )

        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(settled(ring)) for ring in rings]
        return [task.result() for task in running]
