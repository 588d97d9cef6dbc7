"""Topic names, their replay lanes and dead-letter topics, and what each must be configured to.

ghl.invoices ghl.contacts ghl.apps ghl.other   xero.invoices xero.payments xero.contacts xero.other
<topic>.replay   the same records again, lower priority, same consumers
<topic>.dlq      what only a person can free
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

GHL_INVOICES: Final = "ghl.invoices"
GHL_CONTACTS: Final = "ghl.contacts"
GHL_APPS: Final = "ghl.apps"
GHL_OTHER: Final = "ghl.other"
XERO_INVOICES: Final = "xero.invoices"
XERO_PAYMENTS: Final = "xero.payments"
XERO_CONTACTS: Final = "xero.contacts"
XERO_OTHER: Final = "xero.other"

LIVE: Final = (
    GHL_INVOICES,
    GHL_CONTACTS,
    GHL_APPS,
    GHL_OTHER,
    XERO_INVOICES,
    XERO_PAYMENTS,
    XERO_CONTACTS,
    XERO_OTHER,
)


def live_of(topic: str) -> str:
    """Return the live topic behind a replay or dead-letter topic; a live topic itself."""
    return topic.removesuffix(".replay").removesuffix(".dlq")


def replay_of(topic: str) -> str:
    """Return the replay lane of a topic."""
    return f"{live_of(topic)}.replay"


def dlq_of(topic: str) -> str:
    """Return the dead-letter topic of a topic."""
    return f"{live_of(topic)}.dlq"


ALL: Final = (*LIVE, *(replay_of(topic) for topic in LIVE), *(dlq_of(topic) for topic in LIVE))


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What a topic must be: nothing relies on the broker's auto-creation or defaults."""

    name: str
    partitions: int
    replication_factor: int
    retention: timedelta
    min_insync_replicas: int
    max_message_bytes: int


def specs(*, partitions: int, replication_factor: int, retention_days: int, max_body_bytes: int) -> Sequence[TopicSpec]:
    """Return the wanted state of every topic of an installation.

    `max.message.bytes` counts a whole batch, so it is twice the largest body.
    """
    return [
        TopicSpec(
            name=name,
            partitions=partitions,
            replication_factor=replication_factor,
            retention=timedelta(days=retention_days),
            min_insync_replicas=max(1, replication_factor - 1),
            max_message_bytes=2 * max_body_bytes,
        )
        for name in ALL
    ]
