"""Xero payments: they are created or deleted, never changed."""

from collections.abc import Sequence
from typing import Any

from relay.upstream.call import Caller, Request
from relay.upstream.errors import NotFound
from relay.upstream.ports import ElementRefused, Json
from relay.upstream.xero.bulk import batch, encoded, per_element
from relay.upstream.xero.replies import elements
from schemas import xero


def create_request(payments: Sequence[Json], key: str) -> Request:
    """Return the request that creates them: PUT takes a batch, POST a single one."""
    return Request("PUT /Payments", "PUT", "/Payments?summarizeErrors=false", batch("Payments", payments), key)


class Payments:
    """`ports.XeroPayments` of one tenant."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def read(self, payment_id: str) -> xero.Payment:
        """Return one with the invoice it pays, a deleted one too.

        Raises:
            NotFound: no such payment.
        """
        request = Request("GET /Payments/{id}", "GET", f"/Payments/{encoded(payment_id)}")
        found = await self._caller.call(request, _payments)
        if not found:
            raise NotFound("GET /Payments/{id}: Xero knows no such payment")
        return found[0]

    async def create(self, payments: Sequence[Json], *, key: str) -> Sequence[xero.Payment | ElementRefused]:
        """Create up to 50; `create_request` is what goes out."""
        if not payments:
            return []
        read = per_element("Payments", payments, _payment, _invoice_id)
        return await self._caller.call(create_request(payments, key), read)


def _payments(document: Any) -> Sequence[xero.Payment]:
    return [_payment(element) for element in elements(document, "Payments")]


def _payment(element: Json) -> xero.Payment:
    return xero.Payment.model_validate({**element, "invoice_id": _invoice_id(element)})


def _invoice_id(element: Json) -> str | None:
    return (element.get("Invoice") or {}).get("InvoiceID")
