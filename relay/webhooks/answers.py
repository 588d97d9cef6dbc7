"""What becomes of a request, and what its vendor is told: a status table per vendor, answers without a body.

Xero: exactly 200 or 401, no body, no cookie (developer.xero.com, "Configuring your server"). HighLevel retries a 429
under its old and its new policy; Xero retries whatever is not 2xx.
"""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from relay.serving import Message, Send

RETRY_AFTER_S: Final = 30


class Outcome(StrEnum):
    """What became of a delivery; the metric's label."""

    ACCEPTED = "accepted"  # durable
    FOREIGN = "foreign"  # durable, but another app's: handled by nobody
    EMPTY = "empty"  # genuine and without events: Xero's intent to receive
    FORGED = "forged"  # unsigned, or signed by none of the keys
    TOO_LARGE = "too_large"  # beyond our limit or the log's
    OVERLOADED = "overloaded"  # too many requests or bytes in flight
    SLOW = "slow"  # the body did not arrive in time
    UNSTORED = "unstored"  # not known to be durable in time
    FAILED = "failed"  # a bug of ours
    GONE = "gone"  # the vendor left before its body was complete: nobody to answer


_COME_AGAIN: Final = (Outcome.OVERLOADED, Outcome.SLOW, Outcome.UNSTORED, Outcome.FAILED)


def _empty(status: HTTPStatus, *headers: tuple[bytes, bytes]) -> Message:
    return {"type": "http.response.start", "status": int(status), "headers": [(b"content-length", b"0"), *headers]}


OK: Final = _empty(HTTPStatus.OK)
NOT_FOUND: Final = _empty(HTTPStatus.NOT_FOUND)
UNREADY: Final = _empty(HTTPStatus.SERVICE_UNAVAILABLE)
_END: Final[Message] = {"type": "http.response.body", "body": b"", "more_body": False}


def method_not_allowed(allowed: str) -> Message:
    """Return the answer to a known route with another method."""
    return _empty(HTTPStatus.METHOD_NOT_ALLOWED, (b"allow", allowed.encode("ascii")))


def answers(overloaded: HTTPStatus) -> Mapping[Outcome, Message]:
    """Return a vendor's table; `overloaded` is the status that makes it come again."""
    come_again = _empty(overloaded, (b"retry-after", b"%d" % RETRY_AFTER_S))
    return {
        **dict.fromkeys((Outcome.ACCEPTED, Outcome.FOREIGN, Outcome.EMPTY), OK),
        **dict.fromkeys(_COME_AGAIN, come_again),
        # a body that trickles would keep its connection busy for ever
        Outcome.SLOW: _empty(overloaded, (b"retry-after", b"%d" % RETRY_AFTER_S), (b"connection", b"close")),
        Outcome.FORGED: _empty(HTTPStatus.UNAUTHORIZED),
        Outcome.TOO_LARGE: _empty(HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    }


async def answer(send: Send, start: Message) -> None:
    """Send a whole answer."""
    await send(start)
    await send(_END)
