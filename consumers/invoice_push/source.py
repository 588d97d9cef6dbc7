"""The HighLevel invoice behind an event: read again, because a webhook is a doorbell (mapping.md 2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from consumers.runtime.handler import Subject
from relay.clock import Clock
from relay.upstream.errors import NotFound
from relay.upstream.ports import GhlClient
from schemas import ghl

DELETE: Final = "com.gohighlevel.InvoiceDelete"


@dataclass(frozen=True, slots=True)
class Source:
    """The invoice as it is now, and when the reading began. Status `delete`: it is gone."""

    invoice: ghl.Invoice
    read_at: datetime


async def read_source(client: GhlClient, subject: Subject, clock: Clock) -> Source:
    """Read an invoice; one that is not there any more comes back as deleted, without lines or money.

    Not there means deleted only after a deletion was announced, or when the same token still gets a list: a lost
    permission must not void live invoices.

    Raises:
        NotFound: the access is in doubt.
        UpstreamError: as the client.
    """
    began = clock.now()
    try:
        return Source(await client.invoices.read(subject.id), began)
    except NotFound:
        if not any(queued.event.type == DELETE for queued in subject.events):
            await client.invoices.listed(limit=1)
        return Source(ghl.Invoice.model_validate({"_id": subject.id, "status": "delete", "total": 0}), began)
