"""What Xero's answers mean. Pure.

Xero answers in five dialects (JSON of the accounting API, problem JSON of its front, HTML, plain text, XML): the
content type is looked at before anything is parsed. Sources: OpenAPI 16.1.0; developer.xero.com, "HTTP response codes".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from relay.upstream.call import Reply, Request, lost
from relay.upstream.errors import (
    KeyReused,
    NotFound,
    Refused,
    Throttled,
    Unauthorised,
    Unavailable,
    UpstreamError,
)
from relay.upstream.pacing import Said
from relay.upstream.ports import ElementRefused, Json
from schemas.reasons import Reason

_THROTTLED: Final = {"day": Reason.BUDGET_USED_UP, "appminute": Reason.APP_LIMIT}  # else minute, concurrent


def said(reply: Reply) -> Said:
    """Return what the headers say is left of the minute and the day."""
    return Said(
        window_left=_number(reply, "x-minlimit-remaining"),
        day_left=_number(reply, "x-daylimit-remaining"),
    )


def token_rejected(reply: Reply) -> bool:
    """Return whether a new access token may help: with every 401 but the one for a missing scope, words or none."""
    return reply.status == HTTPStatus.UNAUTHORIZED and not _lacks_scope(reply)


def error_of(request: Request, reply: Reply) -> UpstreamError | None:
    """Return what a whole answer means, None for a good one. Elements refused inside a 200 are `refused`'s matter."""
    if reply.good:
        return None
    if reply.status == HTTPStatus.SERVICE_UNAVAILABLE and "offline" in reply.text.lower():
        return Unavailable(f"{request.endpoint}: {reply.text}")  # the documented text: read, and nothing done
    if reply.undecided:
        return lost(request, f"answered {reply.status}")
    return _BY_STATUS.get(reply.status, _refused)(reply)


def elements(document: Any, name: str) -> Sequence[Json]:
    """Return the elements of an answer, such as its `Invoices`.

    Raises:
        ValueError: there are none by that name.
    """
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(element, dict) for element in found):
        raise ValueError(f"an answer without {name}")
    return found


def refused(element: Json) -> ElementRefused | None:
    """Return why an element of a batch was rejected, None when it stands.

    The id says nothing: Xero gives rejected elements zeros, and at times an id that looks real
    (waynerobinson/xeroizer#380; the payment example of the OpenAPI description).
    """
    wrong = (
        element.get("HasErrors") is True
        or element.get("HasValidationErrors") is True
        or element.get("StatusAttributeString") == "ERROR"
        or bool(element.get("ValidationErrors"))
    )
    if not wrong:
        return None
    return ElementRefused(_unique(_messages(element)) or ("Xero rejected it without saying why",))


def _not_found(reply: Reply) -> NotFound:
    return NotFound(f"Xero knows no such thing: {reply.text[:80]}")


def _forbidden(reply: Reply) -> Unauthorised:
    if "AuthenticationUnsuccessful" in _detail(reply):
        words = "this token reaches no such organisation: it was disconnected in Xero"
        return Unauthorised(words, Reason.ORGANISATION_DISCONNECTED)
    return Unauthorised(f"Xero forbids it: {_detail(reply)}", Reason.SCOPE_MISSING)


def _throttled(reply: Reply) -> Throttled:
    problem = reply.headers.get("x-rate-limit-problem", "").lower()
    reason = _THROTTLED.get(problem, Reason.MINUTE_LIMIT)
    seconds = _number(reply, "retry-after")  # with minute and day alone
    return Throttled(f"Xero's limit is reached: {problem or 'it does not say which'}", seconds, reason)


def _lacks_scope(reply: Reply) -> bool:
    # "insufficent_scope" is Xero's own spelling (XeroAPI/Xero-NetStandard#298)
    asked = reply.headers.get("www-authenticate", "").lower()
    return "AuthorizationUnsuccessful" in _detail(reply) or ("insuffic" in asked and "scope" in asked)


def _unauthorised(reply: Reply) -> Unauthorised:
    if _lacks_scope(reply):
        return Unauthorised("the authorisation lacks a scope", Reason.SCOPE_MISSING)
    return Unauthorised(f"Xero does not take our token: {_detail(reply)}", Reason.AUTHORISATION_EXPIRED)


def _refused(reply: Reply) -> Refused:
    try:
        document = reply.document()
    except ValueError:
        return Refused((reply.text,) if reply.text else (), reply.status)
    if not isinstance(document, dict):
        return Refused((reply.text,), reply.status)
    message = str(document.get("Message") or document.get("Detail") or document.get("Title") or reply.text)
    if "Idempotency Key" in message and "different request" in message:
        return KeyReused((message,), reply.status)
    return Refused(_unique(_messages(document)) or (message,), reply.status)


def _messages(value: Any) -> Iterator[str]:
    """Yield the texts of `ValidationErrors` at any depth: a line's errors stand in the line."""
    if isinstance(value, dict):
        for error in value.get("ValidationErrors") or ():
            if isinstance(error, dict) and error.get("Message"):
                yield str(error["Message"])
        for key, item in value.items():
            if key != "ValidationErrors":
                yield from _messages(item)
    elif isinstance(value, list):
        for item in value:
            yield from _messages(item)


def _unique(messages: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(messages))


def _detail(reply: Reply) -> str:
    try:
        document = reply.document()
    except ValueError:
        return reply.text
    return str(document.get("Detail") or "") if isinstance(document, dict) else ""


def _number(reply: Reply, name: str) -> int | None:
    text = reply.headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None


_BY_STATUS: Final[Mapping[int, Callable[[Reply], UpstreamError]]] = {
    HTTPStatus.UNAUTHORIZED: _unauthorised,
    HTTPStatus.FORBIDDEN: _forbidden,
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.TOO_MANY_REQUESTS: _throttled,
}  # else Xero read it and rejected it
