"""Whether an event tells anything that our last complete read does not hold already. Pure; costs no call."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from consumers.runtime.handler import QueuedEvent
from relay.store.links import InvoiceLink
from schemas.envelope import Event

MARGIN: Final = timedelta(seconds=2)  # clocks and replicas: what came in just before a read may be missing from it


def known(events: Sequence[QueuedEvent], link: InvoiceLink) -> bool:
    """Whether every event is older than what we hold of the link. One that a person forced never is."""
    return all(not queued.forced and _holds(link, queued.event) for queued in events)


def _holds(link: InvoiceLink, event: Event) -> bool:
    """Xero's own time is compared with Xero's own; what it said no time of, only by when it came in."""
    said = event.time if event.time != event.received_at else None
    if said and link.xero_updated_at and said <= link.xero_updated_at:
        return True
    return link.xero_read_at is not None and event.received_at + MARGIN < link.xero_read_at
