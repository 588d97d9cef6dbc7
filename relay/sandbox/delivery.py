"""One webhook on its way: what is sent, where to, how often it was tried, and how each vendor tries again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

MINUTE_S: Final = 60.0


class Vendor(StrEnum):
    """Who sends."""

    GHL = "ghl"
    XERO = "xero"


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"  # not tried yet, or between two attempts
    HELD = "held"  # a person holds it back
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"  # the vendor will not try again by itself
    LOST = "lost"  # never tried: no address, too many waiting, or the sandbox closed


@dataclass(frozen=True, slots=True)
class Parcel:
    """A signed request body, as it goes over the wire."""

    event: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST. `status` is None where no answer came; `error` says why it did not count."""

    at: datetime
    status: int | None
    duration_ms: float
    error: str | None = None


@dataclass(slots=True)
class Delivery:
    """One parcel and its attempts. `repeats` names the delivery whose bytes it sends again."""

    id: str
    vendor: Vendor
    parcel: Parcel
    made: datetime
    state: State = State.WAITING
    repeats: str | None = None
    forged: bool = False
    attempts: list[Attempt] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """Return the delivery for people, without its body."""
        return {
            "id": self.id,
            "vendor": self.vendor.value,
            "event": self.parcel.event,
            "made": self.made,
            "state": self.state.value,
            "repeats": self.repeats,
            "forged": self.forged,
            "bytes": len(self.parcel.body),
            "attempts": self.attempts,
        }


@dataclass(slots=True)
class Targets:
    """Where webhooks go. None: the app has no subscription there, and its events are lost."""

    ghl: str | None = None
    xero: str | None = None
    ghl_url_per_event: bool = True  # `/InvoicePaid` behind the address, as one URL per event in the marketplace

    def url(self, vendor: Vendor, event: str) -> str | None:
        """Return the address for an event; app events (INSTALL, UNINSTALL) go to the default address."""
        if vendor is Vendor.XERO or self.ghl is None:
            return self.xero if vendor is Vendor.XERO else None
        return f"{self.ghl.rstrip('/')}/{event}" if self.ghl_url_per_event and not event.isupper() else self.ghl


@dataclass(slots=True)
class Mischief:
    """What a network and a vendor may do to deliveries on a bad day."""

    duplicates: int = 0  # every delivery comes this often again
    delay_s: float = 0.0  # before the first attempt
    jitter_s: float = 0.0  # up to that much more, each its own: deliveries overtake each other
    held: bool = False  # nothing leaves until released


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When an attempt is repeated, and after which pauses; `jitter` is a share of the pause."""

    pauses_s: tuple[float, ...]
    again: Callable[[int | None], bool]  # by the answer's status; None: no answer
    jitter: float = 0.0


class GhlRetries(StrEnum):
    """HighLevel's two policies, facts 2.1."""

    NEW = "new"  # any non-2xx, timeouts, connection failures; up to 12 retries, base and window undocumented
    OLD = "old"  # 429 only; 6 retries, 10 minutes apart


GHL_RETRIES: Final = {
    GhlRetries.NEW: RetryPolicy(
        tuple(min(10.0 * 2**turn, 10 * MINUTE_S) for turn in range(12)), lambda _status: True, jitter=0.5
    ),
    GhlRetries.OLD: RetryPolicy(
        (10 * MINUTE_S,) * 6, lambda status: status == HTTPStatus.TOO_MANY_REQUESTS, jitter=0.1
    ),
}
# once at once, then every 15 minutes up to a day: Xero, guides/webhooks/overview
XERO_RETRIES: Final = RetryPolicy((0.0, *(15 * MINUTE_S,) * 96), lambda _status: True)
