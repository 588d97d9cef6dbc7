"""What HighLevel's answers mean. Pure.

Its errors are `{statusCode, message, traceId}`; `message` is a text or a list of texts. It documents no code that
says "not done", so every 5xx of a write is an unknown outcome.
"""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from relay.upstream.call import Reply, Request, lost
from relay.upstream.errors import NotFound, Refused, Throttled, Unauthorised, UpstreamError
from relay.upstream.pacing import Said
from schemas.reasons import Reason

# its descriptions know no 404: a read of what is not there may be answered with these, and one of these phrases
_NOT_HERE: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
_MISSING: Final = ("not found", "unable to find", "could not find", "does not exist", "no such")


def said(reply: Reply) -> Said:
    """Return what the headers say is left of the burst (100 in 10 s, as a rule) and the day."""
    interval = _number(reply, "x-ratelimit-interval-milliseconds")
    return Said(
        window_left=_number(reply, "x-ratelimit-remaining"),
        window_s=interval / 1000 if interval else None,
        day_left=_number(reply, "x-ratelimit-daily-remaining"),
    )


def token_rejected(reply: Reply) -> bool:
    """Return whether a new access token may help: a 401 that names neither scope nor header."""
    words = _words(reply)
    return reply.status == HTTPStatus.UNAUTHORIZED and "scope" not in words and "version header" not in words


def error_of(request: Request, reply: Reply) -> UpstreamError | None:
    """Return what an answer means, None for a good one."""
    if reply.good:
        return None
    if reply.undecided:
        return lost(request, f"answered {reply.status}")
    if "version header" in _words(reply):  # a setting of ours: everything waits until it is mended
        return Unauthorised("HighLevel does not take RELAY_GHL_API_VERSION", Reason.ACCESS_IN_DOUBT)
    says_missing = reply.status in _NOT_HERE and any(phrase in _words(reply) for phrase in _MISSING)
    if says_missing and not request.writes:
        return NotFound(f"{request.endpoint}: HighLevel knows no such thing")
    return _BY_STATUS.get(reply.status, _refused)(reply)


def rows(document: Any, name: str) -> Sequence[Any]:
    """Return the rows of a list.

    Raises:
        ValueError: there is no list by that name.
    """
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise ValueError(f"an answer without {name}")  # noqa: TRY004 - a wrong answer, not a wrong argument
    return found


def _throttled(reply: Reply) -> Throttled:
    seconds = _number(reply, "retry-after")  # not documented: obeyed where it comes
    if _number(reply, "x-ratelimit-daily-remaining") == 0:
        return Throttled("HighLevel's limit of the day is reached", seconds, Reason.BUDGET_USED_UP)
    interval = _number(reply, "x-ratelimit-interval-milliseconds")
    if seconds is None and interval:
        seconds = -(-interval // 1000)
    return Throttled("HighLevel's burst limit is reached", seconds, Reason.MINUTE_LIMIT)


def _refused(reply: Reply) -> Refused:
    return Refused(_messages(reply), reply.status)


def _not_found(_: Reply) -> NotFound:
    return NotFound("HighLevel knows no such thing")


def _unauthorised(reply: Reply) -> Unauthorised:
    words = _words(reply)
    if "scope" in words:
        return Unauthorised("the authorisation lacks a scope", Reason.SCOPE_MISSING)
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return Unauthorised("HighLevel does not take our token", Reason.AUTHORISATION_EXPIRED)
    return Unauthorised(f"HighLevel forbids it to this token: {words}", Reason.ACCESS_IN_DOUBT)


def _messages(reply: Reply) -> tuple[str, ...]:
    try:
        document: Any = reply.document()
    except ValueError:
        return (reply.text,) if reply.text else ()
    message = document.get("message") or document.get("error") if isinstance(document, dict) else None
    if isinstance(message, list):
        return tuple(str(part) for part in message)
    return (str(message),) if message else (reply.text,)


def _words(reply: Reply) -> str:
    return " ".join(_messages(reply)).lower()


def _number(reply: Reply, name: str) -> int | None:
    text = reply.headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None


_BY_STATUS: Final[Mapping[int, Callable[[Reply], UpstreamError]]] = {
    HTTPStatus.UNAUTHORIZED: _unauthorised,
    HTTPStatus.FORBIDDEN: _unauthorised,
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.TOO_MANY_REQUESTS: _throttled,
}  # else HighLevel read it and rejected it
