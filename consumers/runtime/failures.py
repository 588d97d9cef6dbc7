"""What a vendor's error means for a subject. Pure: one place, so that both directions wait and give up alike."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from consumers.runtime.outcome import Dead, Outcome, Park, Retry, Scope
from relay.upstream.errors import (
    NotFound,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unauthorised,
    Unavailable,
    UpstreamError,
)
from schemas.reasons import Reason

IN_PLACE_TRIES: Final = 5  # then a vendor that is away parks the connection
RECHECK: Final = timedelta(minutes=15)  # of what a person must mend: mending it also frees it at once
AWAY_LONGEST: Final = timedelta(minutes=15)
THROTTLED_FIRST_S: Final = 5.0  # where a limit says no time: the concurrent and the app's one
THROTTLED_LONGEST_S: Final = 300.0
BUSY_S: Final = 0.2
BUSY_LONGEST_S: Final = 2.0
UNKNOWN_S: Final = 2.0
UNKNOWN_LONGEST_S: Final = 30.0
_LONGEST_WORDS: Final = 1000

# Xero has no codes: its words, all of a group in one message, letter case ignored. The first group that fits.
# Sources: developer.xero.com "Invoices"; help pages; texts quoted by integrators
_KNOWN: Final = (
    (("lock date",), Reason.PERIOD_LOCKED),
    (("limit of invoices you can approve",), Reason.APPROVAL_LIMIT),
    (("invoice #", "unique"), Reason.NUMBER_TAKEN),
    (("invoice number", "unique"), Reason.NUMBER_TAKEN),
    (("contact name", "already assigned"), Reason.CONTACT_NAME_TAKEN),
    (("contact", "archived"), Reason.CONTACT_ARCHIVED),
    (("not subscribed to currency",), Reason.CURRENCY_NOT_SUBSCRIBED),
    (("taxtype", "cannot be used with account"), Reason.TAX_ACCOUNT_MISMATCH),
    (("taxtype",), Reason.TAX_NOT_MAPPED),
    (("tax type",), Reason.TAX_NOT_MAPPED),
    (("payment or credit note",), Reason.PAID_CANNOT_CHANGE),
    (("payment amount exceeds",), Reason.PAYMENT_TOO_LARGE),
    (("account code",), Reason.ACCOUNT_UNUSABLE),
    (("account must be valid",), Reason.ACCOUNT_UNUSABLE),
)


def reason_of(messages: Sequence[str]) -> Reason:
    """Return the word for what Xero refused; `refused` for words nobody has met yet."""
    lowered = [message.casefold() for message in messages]
    for words, reason in _KNOWN:
        if any(all(word in message for word in words) for message in lowered):
            return reason
    return Reason.REFUSED


def refused(messages: Sequence[str], link: str | None = None) -> Dead:
    """Return the dead letter of a refusal: the vendor's words tell the person what to mend."""
    return Dead(reason_of(messages), "; ".join(messages)[:_LONGEST_WORDS], link)


def busy(attempts: int) -> timedelta:
    """Return how soon to ask again for a lease that is taken: mostly by a call or two, rarely by a dead process."""
    return timedelta(seconds=min(BUSY_LONGEST_S, BUSY_S * 2**attempts))


def outcome_of(error: UpstreamError, now: datetime, attempts: int, link: str | None = None) -> Outcome:
    """Return what becomes of a subject whose handling met that error; `attempts` counts the tries before this one.

    What concerns the whole connection parks the whole connection: its other events would meet the same.
    """
    words = str(error)[:_LONGEST_WORDS]
    match error:
        case Refused():
            return refused(error.messages or (words,), link)
        case NotFound():
            return Park(now + RECHECK, error.reason, words)
        case Unauthorised():
            return Park(now + RECHECK, error.reason, words, Scope.CONNECTION)
        case Throttled():
            seconds = _grown(THROTTLED_FIRST_S, attempts, THROTTLED_LONGEST_S)
            wait = seconds if error.retry_after is None else max(1.0, error.retry_after)
            return Park(now + timedelta(seconds=wait), error.reason, words, Scope.CONNECTION)
        case OutcomeUnknown():
            # no longer than this: within five minutes the identical request still brings the first answer
            seconds = _grown(UNKNOWN_S, attempts, UNKNOWN_LONGEST_S)
            return Retry(timedelta(seconds=seconds), error.reason, words)
        case Unavailable() | UpstreamError():
            return _away(error, now, attempts, words)


def _away(error: UpstreamError, now: datetime, attempts: int, words: str) -> Outcome:
    if attempts < IN_PLACE_TRIES:
        return Retry(timedelta(seconds=_grown(1.0, attempts, 8.0)), error.reason, words)
    wait = timedelta(seconds=_grown(30.0, attempts - IN_PLACE_TRIES, AWAY_LONGEST.total_seconds()))
    return Park(now + wait, error.reason, words, Scope.CONNECTION)


def _grown(first: float, attempts: int, longest: float) -> float:
    return min(longest, first * 2.0 ** min(attempts, 20))
