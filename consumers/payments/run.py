"""One link while it is settled: what was read, what was done, and how one round of steps is performed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from consumers.payments.actions import (
    Action,
    DeadLetter,
    Decision,
    Note,
    PayInXero,
    RecordInGhl,
    Refund,
    Repeat,
    Reuse,
    Reverse,
    ShowStatus,
    Side,
    Telling,
    Wait,
)
from consumers.payments.book import Book
from consumers.payments.decision import decide
from consumers.payments.sides import Sides
from consumers.payments.telling import tell
from consumers.payments.writing import Writing
from relay.store.connections import Connection
from relay.store.ledger import LedgerRow, Origin, State
from relay.store.links import InvoiceLink
from schemas.connection_settings import ConnectionSettings, Status

log = structlog.get_logger()


class Display(Protocol):
    """Shows the status of an invoice in the CRM."""

    async def show(
        self, connection: Connection, settings: ConnectionSettings, link: InvoiceLink, status: Status
    ) -> Sequence[str]:
        """Show it, then keep it on the link in the store; return remarks for the outcome: what could not be shown.

        Called under the link's lease; doing it again is harmless.

        Raises:
            LeaseTaken: another invoice of the contact is being shown; ask again.
            UpstreamError: what a vendor's API can do to us.
        """


@dataclass(slots=True)
class Run:
    """One link on its way to being in step; its lease is held all the while."""

    connection: Connection
    settings: ConnectionSettings
    link: InvoiceLink
    sides: Sides
    writing: Writing
    display: Display
    attempts: int
    done: list[Action] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    shown: Status | None = None

    def decide(self, ledger: Sequence[LedgerRow]) -> Decision:
        """Return the next steps, by what was read so far."""
        now = self.sides.clock.now()
        today: date = now.astimezone(ZoneInfo(self.settings.timezone)).date()
        return decide(ledger, self.sides.xero, self.sides.ghl, self.settings, self.link.shown_status, today)

    async def perform(self, decision: Decision, before: Sequence[LedgerRow]) -> Sequence[DeadLetter]:
        """Perform one round; return what Xero refused.

        People are told before the ledger says so: a run that dies in between finds its note, and does not lose it.

        Raises:
            UpstreamError: the round ends here; the ledger says how far it came.
        """
        for action in decision.actions:
            if isinstance(action, Note | Reverse | Refund):
                await self._tell(action, decision)
        await self._save_uncalled(decision, before)
        refused = await self._call(decision)
        self.done += [action for action in decision.actions if not isinstance(action, DeadLetter | Wait | ShowStatus)]
        for action in decision.actions:
            if isinstance(action, ShowStatus) and not refused:
                await self._show(action.status)
        return refused

    async def _call(self, decision: Decision) -> Sequence[DeadLetter]:
        calls = [action.call if isinstance(action, Repeat) else action for action in decision.actions]
        payments = [call for call in calls if isinstance(call, PayInXero)]
        records = [call for call in calls if isinstance(call, RecordInGhl)]
        refused: Sequence[DeadLetter] = []
        if payments:
            rows = [decision.row(Origin.GHL, payment.external_id) for payment in payments]
            refused = await self.writing.pay(self.sides.xero_client, payments, rows)
            await self.sides.written(Side.XERO)
        for record in records:
            row = decision.row(Origin.XERO, record.external_id)
            await self.writing.record(self.sides.ghl_client, record, row)
        if records:
            await self.sides.written(Side.GHL)
        return refused

    async def _tell(self, telling: Telling, decision: Decision) -> None:
        contact_id = self.link.ghl_contact_id or (self.sides.ghl.invoice.contact.id if self.sides.ghl else "")
        if not contact_id:
            log.warning("note.without_contact", link=self.link.id)
            return
        row = Book(decision.ledger).row_of_transaction(telling.external_id) if isinstance(telling, Refund) else None
        if row is None:
            origin = telling.origin if isinstance(telling, Reverse) else Origin.XERO
            row = decision.row(origin, telling.external_id)
        await tell(self.sides.ghl_client.contacts, contact_id, self.link, telling, row)

    async def _save_uncalled(self, decision: Decision, before: Sequence[LedgerRow]) -> None:
        """Save what changes without a call, in one transaction with the rows that take over money of other rows.

        Those among them that still need a call are intended, not sent: so nothing taken over is lost or taken twice.
        """
        reused = {action.external_id for action in decision.actions if isinstance(action, Reuse)}
        calls = {
            (Origin.XERO if isinstance(action, RecordInGhl) else Origin.GHL, action.external_id): action.amount
            for action in decision.actions
            if isinstance(action, RecordInGhl | PayInXero)
        }
        rows = []
        for row in decision.ledger:
            planned = calls.get((row.origin, row.external_id))
            if planned is None:
                rows += [row] if row not in before else []
            elif row.external_id in reused:
                rows.append(replace(row, state=State.INTENDED, twin=None, planned=planned, intended_at=None))
        await self.writing.save(rows)

    async def _show(self, status: Status) -> None:
        self.remarks += await self.display.show(self.connection, self.settings, self.link, status)
        self.shown = status
        self.link = replace(self.link, shown_status=status)  # as the display has stored it
