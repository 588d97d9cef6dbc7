"""HighLevel invoices: read, listed, and payments recorded on them."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from relay.upstream.call import Caller, Request
from relay.upstream.errors import OutcomeUnknown
from relay.upstream.ghl.replies import rows
from relay.upstream.ports import Json
from schemas import ghl, money
from schemas.envelope import iso


class Invoices:
    """`ports.GhlInvoices` of one location."""

    def __init__(self, caller: Caller, location_id: str) -> None:
        self._caller = caller
        self._whose = {"altId": location_id, "altType": "location"}

    async def read(self, invoice_id: str) -> ghl.Invoice:
        """Return one.

        Raises:
            NotFound: no such invoice, or this token may not see it.
        """
        path = f"/invoices/{quote(invoice_id, safe='')}?{urlencode(self._whose)}"
        return await self._caller.call(Request("GET /invoices/{id}", "GET", path), ghl.Invoice.model_validate)

    async def listed(self, *, limit: int, offset: int = 0) -> Sequence[ghl.Invoice]:
        """Return a page of all invoices, newest issue date first."""
        order = {"limit": limit, "offset": offset, "sortField": "issueDate", "sortOrder": "descend"}
        path = f"/invoices/?{urlencode({**self._whose, **order})}"
        return await self._caller.call(Request("GET /invoices", "GET", path), _invoices)

    async def record_payment(
        self,
        invoice_id: str,
        *,
        amount: Decimal,
        mode: str,
        notes: str,
        meta: Json,
        fulfilled_at: datetime,
        full_shape: bool,
    ) -> ghl.Invoice:
        """Record a payment that was made elsewhere; return the invoice as it is then. It fires a webhook back.

        The description marks `card` and `cheque` as required with every mode, which nobody confirms: `full_shape`
        sends them, empty.

        Raises:
            OutcomeUnknown: look for it first, no earlier than a minute later: HighLevel knows no idempotency keys.
        """
        body: dict[str, Any] = {
            **self._whose,
            "mode": mode,
            "amount": amount,
            "notes": notes,
            "meta": dict(meta),
            "fulfilledAt": iso(fulfilled_at),
        }
        if full_shape:
            body |= {"card": {"brand": "other", "last4": ""}, "cheque": {"number": ""}}
        path = f"/invoices/{quote(invoice_id, safe='')}/record-payment"
        request = Request("POST /invoices/{id}/record-payment", "POST", path, money.dumps(body))
        return await self._caller.call(request, _recorded)


def _invoices(document: Any) -> Sequence[ghl.Invoice]:
    return [ghl.Invoice.model_validate(row) for row in rows(document, "invoices")]


def _recorded(document: Any) -> ghl.Invoice:
    if not isinstance(document, dict) or document.get("success") is False:
        raise OutcomeUnknown("HighLevel does not say that the payment was recorded")
    return ghl.Invoice.model_validate(document.get("invoice"))
