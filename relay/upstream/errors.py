"""Everything a vendor's API can do to us; clients raise nothing else. Each leaf has one outcome.

UpstreamError
├── Refused          read and rejected: a person must change something      -> dead
│   └── KeyReused    the key was used for another request                   -> look up, then a new key
├── NotFound         there is no such thing for this token                  -> the handler decides
├── Unauthorised     grant revoked or scope missing: refreshing is no use   -> park the connection
├── Throttled        over a limit; `retry_after` in seconds, None if unsaid -> park the connection
├── Unavailable      nothing was done: offline, 503, connection refused     -> retry
└── OutcomeUnknown   the write may have landed: look before writing again   -> retry
"""

from schemas.reasons import Reason


class UpstreamError(Exception):
    """Root of what a vendor's API can do to us. `reason` is the word for people."""

    reason = Reason.VENDOR_AWAY


class Refused(UpstreamError):
    """Read and rejected; `messages` are the vendor's words."""

    reason = Reason.REFUSED

    def __init__(self, messages: tuple[str, ...], status: int = 400) -> None:
        super().__init__("; ".join(messages) or f"answered {status} without words")
        self.messages = messages
        self.status = status


class KeyReused(Refused):
    """The Idempotency-Key was used for another request within the vendor's window: look up, then use a new key."""


class NotFound(UpstreamError):
    """There is no such thing for this token."""

    reason = Reason.ACCESS_IN_DOUBT


class Unauthorised(UpstreamError):
    """The grant is revoked, or a scope or the organisation is missing."""

    def __init__(self, message: str, reason: Reason = Reason.AUTHORISATION_EXPIRED) -> None:
        super().__init__(message)
        self.reason = reason


class Throttled(UpstreamError):
    """Over a limit."""

    def __init__(self, message: str, retry_after: float | None, reason: Reason = Reason.MINUTE_LIMIT) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.reason = reason


class Unavailable(UpstreamError):
    """Nothing was done."""


class OutcomeUnknown(UpstreamError):
    """The write may have landed."""

    reason = Reason.OUTCOME_UNKNOWN
