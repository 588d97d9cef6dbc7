"""Whether an event can tell us anything new, without asking a vendor (design: a duplicate costs no call). Pure."""

from datetime import timedelta
from typing import Final

from consumers.runtime.handler import QueuedEvent
from relay.store.links import InvoiceLink, LinkState

MARGIN: Final = timedelta(seconds=2)  # clocks differ, and HighLevel reads from replicas


def in_step(queued: QueuedEvent, link: InvoiceLink | None) -> bool:
    """Say whether we have read the invoice, and done what followed, since this event was received."""
    if queued.forced or link is None or link.state is not LinkState.LINKED or link.ghl_read_at is None:
        return False
    return queued.event.received_at < link.ghl_read_at - MARGIN
