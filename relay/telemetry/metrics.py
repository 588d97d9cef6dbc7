"""Every metric of the relay, declared once. `deploy/reference/metrics.md` is generated from `ALL`.

The only module that touches prometheus-client. A label's value is never a person, a token or a raw id of a vendor's
document.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import prometheus_client as prometheus

REGISTRY: Final = prometheus.CollectorRegistry()
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Declared(NamedTuple):
    """A metric as the reference prints it."""

    name: str
    labels: Sequence[str]
    words: str


ALL: Final[list[Declared]] = []  # filled by the declarations below, and by nothing else


def _counter(name: str, words: str, labels: Sequence[str] = ()) -> prometheus.Counter:
    ALL.append(Declared(name, labels, words))
    return prometheus.Counter(name, words, labels, registry=REGISTRY)


def _gauge(name: str, words: str, labels: Sequence[str] = ()) -> prometheus.Gauge:
    ALL.append(Declared(name, labels, words))
    return prometheus.Gauge(name, words, labels, registry=REGISTRY)


def _histogram(name: str, words: str, labels: Sequence[str] = ()) -> prometheus.Histogram:
    ALL.append(Declared(name, labels, words))
    return prometheus.Histogram(name, words, labels, registry=REGISTRY, buckets=_BUCKETS)


DELIVERIES: Final = _counter("relay_deliveries_total", "Requests from vendors, by our answer.", ("vendor", "outcome"))
DELIVERY_SECONDS: Final = _histogram("relay_delivery_seconds", "From first byte to our answer.", ("vendor",))
PUBLISH_SECONDS: Final = _histogram("relay_publish_seconds", "Until a delivery's records were durable.")
PUBLISH_BATCH_SIZE: Final = _histogram("relay_publish_batch_size", "Records made durable together.")
CONSUMER_LAG: Final = _gauge("relay_consumer_lag", "Records not yet committed.", ("topic", "partition"))
OLDEST_UNHANDLED_SECONDS: Final = _gauge(
    "relay_oldest_unhandled_seconds", "Age of the oldest event in hand that has no outcome.", ("consumer",)
)
HANDLED: Final = _counter("relay_handled_total", "Events handled, by outcome.", ("consumer", "outcome"))
PARKED: Final = _gauge("relay_parked", "Events that wait, by reason.", ("reason",))
DEAD: Final = _counter("relay_dead_total", "Events that became dead letters, by reason.", ("reason",))
UPSTREAM_CALLS: Final = _counter(
    "relay_upstream_calls_total", "Calls to vendors, by status (or error).", ("vendor", "endpoint", "status")
)
UPSTREAM_SECONDS: Final = _histogram("relay_upstream_seconds", "Duration of a vendor call.", ("vendor", "endpoint"))
BUDGET_REMAINING: Final = _gauge(
    "relay_budget_remaining", "Calls left in a window, as the vendor last said.", ("vendor", "window")
)
TOKEN_EXPIRY_SECONDS: Final = _gauge(
    "relay_token_expiry_seconds", "Seconds until the access token of a grant ends.", ("vendor", "grant")
)
END_TO_END_SECONDS: Final = _histogram(
    "relay_end_to_end_seconds", "From receipt of a delivery to its effect on the other side.", ("flow",)
)
LOOP_LAG_SECONDS: Final = _gauge("relay_loop_lag_seconds", "How late the event loop runs.")


def exposition() -> tuple[bytes, str]:
    """Return the metrics page and its content type."""
    return prometheus.generate_latest(REGISTRY), prometheus.CONTENT_TYPE_LATEST
