"""HighLevel transactions: what was really paid, when, how, and what was refunded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from relay.upstream.call import Caller, Request
from relay.upstream.errors import Unavailable
from relay.upstream.ghl.replies import rows
from schemas import ghl

PAGE: Final = 100
MAX_PAGES: Final = 50


@dataclass(frozen=True, slots=True)
class _Page:
    transactions: Sequence[ghl.Transaction]
    total: int  # of the whole list


class Transactions:
    """`ports.GhlTransactions` of one location."""

    def __init__(self, caller: Caller, location_id: str) -> None:
        self._caller = caller
        self._whose = {"altId": location_id, "altType": "location"}

    async def of_invoice(self, invoice_id: str) -> Sequence[ghl.Transaction]:
        """Return every transaction of an invoice, each once, in HighLevel's order.

        That `entityId` filters by the invoice is not documented. What names another entity is left out here: a filter
        that is not obeyed must not make somebody else's payment ours.

        Raises:
            Unavailable: the list comes to no end.
        """
        found: dict[str, ghl.Transaction] = {}
        offset = 0
        for _ in range(MAX_PAGES):
            page = await self._caller.call(self._page(invoice_id, offset), _read)
            new = [row for row in page.transactions if row.id not in found]
            found |= {row.id: row for row in new}
            offset += len(page.transactions)
            if not new or offset >= page.total:
                return [row for row in found.values() if row.entity_id == invoice_id]
        raise Unavailable(f"more than {MAX_PAGES * PAGE} transactions listed for one invoice")

    def _page(self, invoice_id: str, offset: int) -> Request:
        query = urlencode({**self._whose, "entityId": invoice_id, "limit": PAGE, "offset": offset})
        return Request("GET /payments/transactions", "GET", f"/payments/transactions?{query}")


def _read(document: Any) -> _Page:
    transactions = [ghl.Transaction.model_validate(row) for row in rows(document, "data")]
    return _Page(transactions, int(document["totalCount"]) if "totalCount" in document else PAGE * MAX_PAGES)
