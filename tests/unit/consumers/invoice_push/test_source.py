from typing import Any

import pytest

from consumers.invoice_push.source import read_source
from consumers.runtime.handler import QueuedEvent, Subject
from relay.clock import FakeClock
from relay.upstream.errors import NotFound, Unauthorised
from relay.upstream.ports import GhlClient
from tests.givens.invoice_push import an_event
from tests.givens.mapping import an_invoice, an_item


class Invoices:
    """HighLevel's invoices: some, or none that this token may see."""

    def __init__(self, *known: Any, lists: bool = True) -> None:
        self.known = {invoice.id: invoice for invoice in known}
        self.lists = lists

    async def read(self, invoice_id: str) -> Any:
        if invoice_id not in self.known:
            raise NotFound("no such invoice")
        return self.known[invoice_id]

    async def listed(self, *, limit: int, offset: int = 0) -> list[Any]:
        if not self.lists:
            raise Unauthorised("no permission")
        return []


def asked(invoices: Invoices, kind: str) -> Any:
    nothing: Any = None
    clock = FakeClock()
    event = an_event("invoice-1", kind, "location-1", clock.now())
    subject = Subject("invoice-1", None, (QueuedEvent(event, event.topic, 0, 0),))
    clients: Any = GhlClient(invoices=invoices, transactions=nothing, contacts=nothing)  # type: ignore[arg-type]
    return read_source(clients, subject, clock)


async def test_what_is_there_is_read_whatever_the_event_says() -> None:
    invoice = an_invoice(an_item(), total=100)

    source = await asked(Invoices(invoice), "InvoiceDelete")

    assert (source.invoice, source.read_at) == (invoice, FakeClock().now())


@pytest.mark.parametrize(
    ("kind", "lists"), [("InvoiceDelete", False), ("InvoiceUpdate", True)], ids=["it was announced", "a list answers"]
)
async def test_what_is_gone_is_deleted(kind: str, lists: bool) -> None:
    source = await asked(Invoices(lists=lists), kind)

    assert (source.invoice.id, source.invoice.status) == ("invoice-1", "delete")


async def test_what_cannot_be_seen_is_not_deleted() -> None:
    with pytest.raises(Unauthorised):
        await asked(Invoices(lists=False), "InvoiceUpdate")
