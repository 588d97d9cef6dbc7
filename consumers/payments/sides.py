"""Both sides of one link, as they were read last while it is settled."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from consumers.payments.actions import GhlSide, Side
from relay.clock import Clock
from relay.store.links import InvoiceLink
from relay.upstream.errors import NotFound, Unauthorised
from relay.upstream.ports import GhlClient, XeroClient
from schemas.ghl import Invoice as GhlInvoice
from schemas.reasons import Reason
from schemas.xero import Invoice as XeroInvoice

_UNREADABLE = frozenset({Reason.SCOPE_MISSING, Reason.PERMISSION_MISSING})
_GONE = {"status": "deleted", "total": 0}


@dataclass(slots=True)
class Sides:
    """Reads a side when it is asked for. `reads` counts how often a side was read since it was last written to."""

    link: InvoiceLink
    xero_client: XeroClient
    ghl_client: GhlClient
    clock: Clock
    xero: XeroInvoice | None = None
    ghl: GhlSide | None = None
    xero_read_at: datetime | None = None  # when the last complete read began
    reads: dict[Side, int] = field(default_factory=lambda: {Side.XERO: 0, Side.GHL: 0})

    async def read(self, side: Side) -> None:
        """Read a side anew.

        Raises:
            NotFound: Xero does not know the linked invoice, or HighLevel neither it nor any other: access is in doubt.
            UpstreamError: what a vendor's API can do to us.
        """
        self.reads[side] += 1
        if side is Side.XERO:
            await self._read_xero()
        else:
            self.ghl = await self._ghl_side(await self._ghl_invoice())

    async def written(self, side: Side) -> None:
        """Read a side after we wrote to it: its echo then costs nothing, and its new ids are known."""
        self.reads[side] = 0
        await self.read(side)

    async def prepare(self, crm_invoice: GhlInvoice | None, look_at: Collection[Side]) -> None:
        """Take an invoice that the caller has just read, its transactions are read here; read what must be looked at.

        Raises what `read` raises.
        """
        if crm_invoice is not None:
            self.reads[Side.GHL] += 1
            self.ghl = await self._ghl_side(crm_invoice)
        held = {Side.XERO: self.xero, Side.GHL: self.ghl}
        for side in look_at:
            if held[side] is None:
                await self.read(side)

    async def _read_xero(self) -> None:
        began = self.clock.now()
        found = await self.xero_client.invoices.read([self.link.xero_invoice_id or ""])
        if not found:
            raise NotFound(f"Xero knows no invoice {self.link.xero_invoice_id}")
        self.xero, self.xero_read_at = found[0], began

    async def _ghl_invoice(self) -> GhlInvoice:
        """Return the invoice; one that is gone, while others can be seen, as deleted."""
        try:
            return await self.ghl_client.invoices.read(self.link.ghl_invoice_id)
        except NotFound:
            if not await self.ghl_client.invoices.listed(limit=1):
                raise
            gone: Mapping[str, object] = {**_GONE, "_id": self.link.ghl_invoice_id}
            return GhlInvoice.model_validate(gone)

    async def _ghl_side(self, invoice: GhlInvoice) -> GhlSide:
        """Return the invoice with its transactions, read after it: a payment in between is then listed, not missed."""
        try:
            listed = await self.ghl_client.transactions.of_invoice(invoice.id)
        except Unauthorised as error:
            if error.reason not in _UNREADABLE:
                raise
            return GhlSide(invoice, None)
        return GhlSide(invoice, tuple(listed))
