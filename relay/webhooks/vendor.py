"""What the receiver knows of a vendor: one frozen object. A third vendor is a module that builds one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from relay.webhooks.answers import Outcome
from schemas.envelope import Event

Headers = Mapping[bytes, bytes]  # names in lower case; a name sent twice holds both values, joined by ", "


@dataclass(frozen=True, slots=True)
class Delivery:
    """One genuine request of a vendor."""

    id: str  # sha256 of the body
    body: bytes
    event: str  # what the URL says after the vendor's name; empty without
    received_at: datetime
    traceparent: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What a delivery holds, and what to count it as once it is durable."""

    events: Sequence[Event]
    outcome: Outcome = Outcome.ACCEPTED


@dataclass(frozen=True, slots=True)
class Vendor:
    """A sender of webhooks, at `/webhooks/{name}`."""

    name: str
    genuine: Callable[[Headers, bytes], bool]  # over the raw body, before anything is parsed
    split: Callable[[Delivery], Contents]  # never raises: what does not parse goes to `*.other`
    overloaded: HTTPStatus  # the answer that makes this vendor come again
    event_in_url: bool = False  # whether `/webhooks/{name}/{event}` is a route too
