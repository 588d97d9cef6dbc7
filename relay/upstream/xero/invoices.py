"""Xero invoices: read in blocks, written in batches."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from relay.upstream.call import Caller, Request
from relay.upstream.ports import ElementRefused, Json
from relay.upstream.xero.bulk import PAGE, all_pages, batch, blocks, encoded, per_element
from relay.upstream.xero.replies import elements
from schemas import xero

_WRITE: Final = "/Invoices?summarizeErrors=false&unitdp=4"


def create_request(documents: Sequence[Json], key: str) -> Request:
    """Return the request that creates: PUT, which never overwrites a number that exists, as POST would."""
    return Request("PUT /Invoices", "PUT", _WRITE, batch("Invoices", documents), key)


def update_request(documents: Sequence[Json], key: str) -> Request:
    """Return the request that changes documents, each named by its InvoiceID.

    Raises:
        ValueError: one has none: POST would create it, or overwrite the one of its number.
    """
    if not all(document.get("InvoiceID") for document in documents):
        raise ValueError("an update without InvoiceID")
    return Request("POST /Invoices", "POST", _WRITE, batch("Invoices", documents), key)


class Invoices:
    """`ports.XeroInvoices` of one tenant."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def read(self, ids: Sequence[str]) -> Sequence[xero.Invoice]:
        """Return those that exist, with lines and payments. Paged on purpose: unpaged answers lack the lines."""
        found: list[xero.Invoice] = []
        for block in blocks(ids):
            found += await self._caller.call(_page(f"IDs={encoded(*block)}", 1), _invoices)
        return found

    async def by_numbers(self, numbers: Sequence[str]) -> Sequence[xero.Invoice]:
        """Return the sales invoices with these numbers, with lines, whatever their status.

        Bills are left out: their numbers are somebody else's, and need not be unique.
        """
        queries = [f"InvoiceNumbers={encoded(*block)}" for block in blocks(n for n in numbers if "," not in n)]
        queries += [  # a comma parts the numbers of a list
            "where=" + encoded(f'InvoiceNumber=="{number}"') for number in dict.fromkeys(numbers) if "," in number
        ]
        found: list[xero.Invoice] = []
        for query in queries:
            found += await all_pages(self._caller, partial(_page, query), _invoices)
        return [invoice for invoice in found if invoice.type == "ACCREC"]

    async def create(self, documents: Sequence[Json], *, key: str) -> Sequence[xero.Invoice | ElementRefused]:
        """Create up to 50; `create_request` is what goes out."""
        return await self._write(create_request(documents, key), documents, "InvoiceNumber") if documents else []

    async def update(self, documents: Sequence[Json], *, key: str) -> Sequence[xero.Invoice | ElementRefused]:
        """Change up to 50; `update_request` is what goes out."""
        return await self._write(update_request(documents, key), documents, "InvoiceID") if documents else []

    async def _write(
        self, request: Request, documents: Sequence[Json], identity: str
    ) -> Sequence[xero.Invoice | ElementRefused]:
        read = per_element("Invoices", documents, _invoice, lambda element: element.get(identity))
        return await self._caller.call(request, read)


def _page(query: str, page: int) -> Request:
    return Request("GET /Invoices", "GET", f"/Invoices?{query}&page={page}&pageSize={PAGE}&unitdp=4")


def _invoices(document: Any) -> Sequence[xero.Invoice]:
    return [_invoice(element) for element in elements(document, "Invoices")]


def _invoice(element: Json) -> xero.Invoice:
    return xero.read_invoice(dict(element))
