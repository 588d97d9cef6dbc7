"""What the simulated Xero answers when it refuses, in Xero's five dialects (check the content type before parsing).

`Invalid` is a rule broken by one element of a request, or by a person in the books. `Refusal` is a whole answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

JSON: Final = "application/json; charset=utf-8"
TEXT: Final = "text/plain; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"

INSTANCE: Final = "0f5a2c1e-6f0b-4c57-9d58-3b7d1e0a9c44"
VALIDATION: Final = 10
QUERY_PARSE: Final = 16
POST_DATA: Final = 17


class Invalid(Exception):
    """One element is refused; `messages` are the words beside it."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


class Refusal(Exception):
    """The answer to a request that is refused as a whole."""

    def __init__(self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body.decode(errors='replace')}")
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = dict(headers or {})


def _exception(number: int, kind: str, message: str, extra: Mapping[str, Any]) -> Refusal:
    content = {"ErrorNumber": number, "Type": kind, "Message": message, **extra}
    return Refusal(400, orjson.dumps(content), JSON)


def validation(elements: bytes) -> Refusal:
    """Return the answer to a request with a bad element; `elements` is the JSON of all of them."""
    extra = {"Elements": orjson.Fragment(elements)}
    return _exception(VALIDATION, "ValidationException", "A validation exception occurred", extra)


def refused(message: str) -> Refusal:
    """Return a validation answer without elements."""
    return _exception(VALIDATION, "ValidationException", message, {})


def query_parse(message: str) -> Refusal:
    """Return the answer to a filter that Xero does not understand."""
    return _exception(QUERY_PARSE, "QueryParseException", message, {})


def bad_json() -> Refusal:
    """Return the answer to a body that is no JSON."""
    return _exception(POST_DATA, "PostDataInvalidException", "JSON for post data was invalid", {})


def not_found() -> Refusal:
    """Return the answer to an id or path that does not exist: not JSON."""
    return Refusal(404, b"The resource you're looking for cannot be found", HTML)


def bad_condition() -> Refusal:
    """Return the answer to a header condition that cannot be read."""
    return Refusal(412, b"The header condition could not be read", TEXT)


def _problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> Refusal:
    problem: dict[str, object] = {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail,
        "Instance": INSTANCE,
        "Extensions": {},
    }
    return Refusal(status, orjson.dumps(problem), JSON, headers)


def unauthorised(detail: str = "AuthenticationUnsuccessful") -> Refusal:
    """Return the answer to a missing, unknown or expired access token."""
    return _problem(401, "Unauthorized", detail)


def scope_missing() -> Refusal:
    """Return the answer to a token that was not granted this; the header is misspelt at Xero too."""
    return _problem(401, "Unauthorized", "AuthorizationUnsuccessful", {"WWW-Authenticate": "insufficent_scope"})


def forbidden() -> Refusal:
    """Return the answer to a missing or unknown tenant, or one that is no longer connected."""
    return _problem(403, "Forbidden", "AuthenticationUnsuccessful")


def throttled(problem: str, headers: Mapping[str, str]) -> Refusal:
    """Return the answer to a call over a limit; which one stands in a header, the body is empty."""
    return Refusal(429, b"", TEXT, {"X-Rate-Limit-Problem": problem, **headers})


def messages(words: Sequence[str]) -> list[dict[str, str]]:
    """Return `ValidationErrors` or `Warnings`."""
    return [{"Message": message} for message in words]
