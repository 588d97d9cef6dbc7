"""Many rings, one bulk read: an event of Xero says only that something changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consumers.payment_sync.targets import Target
from consumers.payments.perform import SeenInXero
from relay.clock import Clock
from relay.store.ledger import Ledger
from relay.upstream.ports import Vendors


@dataclass(frozen=True, slots=True)
class Doorbells:
    """Reads the invoices behind the rings of one call."""

    vendors: Vendors
    ledger: Ledger
    clock: Clock

    async def answer(self, targets: Sequence[Target]) -> Mapping[str, SeenInXero]:
        """Return what Xero holds, by link id: one read for each organisation. What Xero does not know is absent.

        The ledger is read first: whoever uses the answer under the link's lease can tell whether it is still true.

        Raises:
            UpstreamError: what a vendor's API can do to us.
        """
        seen: dict[str, SeenInXero] = {}
        by_grant: dict[tuple[str, str], dict[str, Target]] = {}
        for target in targets:
            connection = target.connection
            grant = by_grant.setdefault((connection.tenant_id, connection.xero_grant_id), {})
            grant[target.link.xero_invoice_id or ""] = target
        for (tenant_id, grant_id), rung in by_grant.items():
            ledgers = {target.link.id: await self.ledger.read(target.link.id) for target in rung.values()}
            began = self.clock.now()
            client = self.vendors.xero(tenant_id=tenant_id, grant_id=grant_id)
            for invoice in await client.invoices.read(list(rung)):
                if rang := rung.get(invoice.invoice_id):
                    seen[rang.link.id] = SeenInXero(invoice, began, ledgers[rang.link.id])
        return seen
