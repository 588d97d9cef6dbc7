"""The steps of the one decision, performed on either vendor: read, decide, write, until nothing is left.

Called by payment-sync and by invoice-push, for one link at a time under the lease `link:<connection>:<invoice>`. It
holds no rule of the business: those stand in `decision.py`. A run that dies anywhere is taken up by the next one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from consumers.payments.actions import Action, DeadLetter, Read, Side, Wait
from consumers.payments.conclusion import conclude
from consumers.payments.run import Display, Run
from consumers.payments.sides import Sides
from consumers.payments.writing import Writing
from consumers.runtime.failures import busy, outcome_of
from consumers.runtime.outcome import Dead, Done, Outcome, Park, Retry, Skipped
from relay.clock import Clock
from relay.store.connections import Connection, Connections
from relay.store.errors import LeaseTaken
from relay.store.leases import Leases
from relay.store.ledger import Ledger, LedgerRow, Origin, State
from relay.store.links import InvoiceLink, InvoiceLinks
from relay.store.writes import Writes
from relay.upstream.errors import UpstreamError
from relay.upstream.ports import Vendors
from schemas import ghl, xero
from schemas.reasons import Reason

LOOK_AFTER: Final = timedelta(minutes=1)  # a write without an answer may still land in HighLevel
LEASE_TTL_S: Final = 12.0  # renewed while held; so long a dead process keeps others out
LEASE_WAIT_S: Final = 5.0
MAX_ROUNDS: Final = 12
MOST_READS: Final = 2  # of a side that is not listed in full, before it is left for a while
UNCLEAR_AFTER: Final = 3  # attempts
_AGAIN: Final = timedelta(seconds=20)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SeenInXero:
    """A Xero invoice that was read before the lease was taken, and the ledger as it was before that read began."""

    invoice: xero.Invoice
    read_at: datetime
    ledger: Sequence[LedgerRow]


class Payments:
    """Keeps the money of a link in step, in both directions."""

    def __init__(
        self,
        *,
        vendors: Vendors,
        connections: Connections,
        links: InvoiceLinks,
        ledger: Ledger,
        writes: Writes,
        leases: Leases,
        display: Display,
        clock: Clock,
    ) -> None:
        self._vendors = vendors
        self._connections = connections
        self._links = links
        self._ledger = ledger
        self._writes = writes
        self._leases = leases
        self._display = display
        self._clock = clock

    async def settle(
        self,
        connection: Connection,
        link: InvoiceLink,
        *,
        seen: SeenInXero | None = None,
        look_at: Collection[Side] = (),
        attempts: int = 0,
    ) -> Outcome:
        """Take the link's lease, then as `settle_held`. `seen` is used if nothing happened to the ledger since."""
        name = f"link:{connection.id}:{link.ghl_invoice_id}"
        try:
            async with self._leases.held(name, ttl_s=LEASE_TTL_S, wait_s=LEASE_WAIT_S):
                fresh = seen if seen and await self._still_true(link.id, seen) else None
                return await self.settle_held(
                    connection,
                    link.id,
                    xero_invoice=fresh.invoice if fresh else None,
                    xero_read_at=fresh.read_at if fresh else None,
                    look_at=look_at,
                    attempts=attempts,
                )
        except LeaseTaken:
            return Retry(busy(attempts), Reason.QUEUED_BEHIND, "the other side of this invoice is being handled")

    async def settle_held(
        self,
        connection: Connection,
        link_id: str,
        *,
        xero_invoice: xero.Invoice | None = None,
        xero_read_at: datetime | None = None,
        ghl_invoice: ghl.Invoice | None = None,
        look_at: Collection[Side] = (),
        attempts: int = 0,
    ) -> Outcome:
        """Bring payments and status of a link in step; the caller holds its lease, and has saved its link.

        What the caller read or was answered under the lease may be handed in, and is not read again; a side that
        nothing needs is not read at all, unless `look_at` names it. The link is read from the store and saved: a copy
        held before is stale. Takes as long as its calls, each of which has a deadline. `attempts`: earlier tries of
        the event.
        """
        link = await self._links.get(link_id)
        if link is None or link.xero_invoice_id is None:
            return Skipped(Reason.NOT_OURS, "not linked to an invoice in Xero", link_id)
        run = await self._run(connection, link, attempts)
        run.sides.xero, run.sides.xero_read_at = xero_invoice, xero_read_at
        try:
            await run.sides.prepare(ghl_invoice, look_at)
            outcome = await self._settled(run)
        except LeaseTaken:
            outcome = Retry(busy(attempts), Reason.QUEUED_BEHIND, "another invoice of the contact is being shown")
        except UpstreamError as error:
            waits = self._too_early(await self._ledger.read(link_id))
            outcome = waits or outcome_of(error, self._clock.now(), attempts, link_id)
        await self._remember(run, outcome)
        return outcome

    async def _run(self, connection: Connection, link: InvoiceLink, attempts: int) -> Run:
        _, settings = await self._connections.settings(connection.id)
        books = self._vendors.xero(tenant_id=connection.tenant_id, grant_id=connection.xero_grant_id)
        crm = self._vendors.ghl(location_id=connection.location_id, grant_id=connection.ghl_grant_id)
        return Run(
            connection=connection,
            settings=settings,
            link=link,
            sides=Sides(link, books, crm, self._clock),
            writing=Writing(link, settings, self._ledger, self._writes, self._clock),
            display=self._display,
            attempts=attempts,
        )

    async def _still_true(self, link_id: str, seen: SeenInXero) -> bool:
        rows = await self._ledger.read(link_id)
        return list(rows) == list(seen.ledger) and not any(row.state is State.INTENDED for row in rows)

    async def _settled(self, run: Run) -> Outcome:
        for _ in range(MAX_ROUNDS):
            rows = await self._ledger.read(run.link.id)
            if waits := self._too_early(rows):
                return waits
            outcome = await self._resent(run, rows) or await self._round(run, await self._ledger.read(run.link.id))
            if outcome is not None:
                return outcome
        log.warning("link.unsettled", link=run.link.id, rounds=MAX_ROUNDS)
        return Retry(_AGAIN, Reason.OUTCOME_UNKNOWN, f"not settled after {MAX_ROUNDS} rounds")

    async def _round(self, run: Run, rows: Sequence[LedgerRow]) -> Outcome | None:
        """Decide once and perform; return what the link comes to, None when it must be asked again."""
        decision = run.decide(rows)
        if unread := [action.side for action in decision.actions if isinstance(action, Read)]:
            if any(run.sides.reads[side] >= MOST_READS for side in unread):
                return _unclear(run)
            for side in unread:
                await run.sides.read(side)
            return None
        if all(isinstance(action, DeadLetter | Wait) for action in decision.actions):
            return _concluded(run, decision.actions)
        refused = await run.perform(decision, rows)
        return _concluded(run, refused) if refused else None

    async def _resent(self, run: Run, rows: Sequence[LedgerRow]) -> Outcome | None:
        """Send a write to Xero again whose answer is missing, while its key still brings the first answer."""
        if not any(row.origin is Origin.GHL and row.state is State.INTENDED for row in rows):
            return None
        refused = await run.writing.resend(run.sides.xero_client)
        if refused is None:
            return None
        await run.sides.written(Side.XERO)
        return _concluded(run, refused) if refused else None

    def _too_early(self, rows: Sequence[LedgerRow]) -> Park | None:
        """Return a park while a write to HighLevel without an answer may still land."""
        sent = [
            row.intended_at
            for row in rows
            if row.origin is Origin.XERO and row.state is State.INTENDED and row.intended_at is not None
        ]
        if not sent or max(sent) + LOOK_AFTER <= self._clock.now():
            return None
        detail = "a payment may have been recorded: looking a minute after the try"
        return Park(max(sent) + LOOK_AFTER, Reason.OUTCOME_UNKNOWN, detail)

    async def _remember(self, run: Run, outcome: Outcome) -> None:
        """Save what was read. The marks of freshness move only when nothing is left to do."""
        invoice, crm = run.sides.xero, run.sides.ghl.invoice if run.sides.ghl else None
        link = replace(run.link, ghl_status=crm.status) if crm else run.link
        if invoice:
            link = replace(
                link,
                xero_status=invoice.status,
                total=invoice.total,
                amount_paid=invoice.amount_paid,
                amount_credited=invoice.amount_credited,
                currency=invoice.currency or link.currency,
            )
        if invoice and _in_step(outcome):
            link = replace(
                link,
                xero_updated_at=invoice.updated_at or link.xero_updated_at,
                xero_read_at=run.sides.xero_read_at or link.xero_read_at,
            )
        if link != run.link:
            await self._links.save(link)


def _in_step(outcome: Outcome) -> bool:
    return isinstance(outcome, Done) or (isinstance(outcome, Skipped) and outcome.reason is Reason.ALREADY_IN_STEP)


def _concluded(run: Run, left: Sequence[Action]) -> Outcome:
    return conclude(run.link.id, run.done, left, run.shown, run.remarks)


def _unclear(run: Run) -> Outcome:
    """Return what becomes of a link one side of which cannot be read in full."""
    detail = "more is paid than the vendor lists: look at both sides"
    if run.attempts >= UNCLEAR_AFTER:
        return Dead(Reason.PAYMENT_UNCLEAR, detail, run.link.id)
    return Retry(_AGAIN, Reason.PAYMENT_UNCLEAR, detail)
