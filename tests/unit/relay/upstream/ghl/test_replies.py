import httpx
import pytest

from relay.upstream.call import Reply, Request
from relay.upstream.errors import (
    NotFound,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unauthorised,
    Unavailable,
    UpstreamError,
)
from relay.upstream.ghl.replies import error_of, rows, said, token_rejected
from relay.upstream.pacing import Said
from schemas.reasons import Reason
from tests.givens.upstream import reply, text

READ = Request("GET /invoices/{id}", "GET", "/invoices/1")
WRITE = Request("POST /invoices/{id}/record-payment", "POST", "/invoices/1/record-payment", b"{}")


def worded(status: int, message: object, **headers: str) -> Reply:
    return reply({"statusCode": status, "message": message, "traceId": "t"}, status, **headers)


@pytest.mark.parametrize(
    ("answer", "of_a_read", "of_a_write"),
    [
        pytest.param(reply({}, 200), None, None, id="done"),
        pytest.param(reply({}, 201), None, None, id="made"),
        pytest.param(worded(400, "amount must be a number"), Refused, Refused, id="refused"),
        pytest.param(worded(422, ["a", "b"]), Refused, Refused, id="refused with a list"),
        pytest.param(worded(400, "Contact not found"), NotFound, Refused, id="not found, said with a 400"),
        pytest.param(worded(400, "Unable to find an invoice"), NotFound, Refused, id="unable to find"),
        pytest.param(worded(404, "Not Found"), NotFound, NotFound, id="not found"),
        pytest.param(worded(401, "Invalid JWT"), Unauthorised, Unauthorised, id="token"),
        pytest.param(worded(429, "Too Many Requests"), Throttled, Throttled, id="over a limit"),
        pytest.param(worded(500, "Internal"), Unavailable, OutcomeUnknown, id="500"),
        pytest.param(Reply.of(text("offline", 503)), Unavailable, OutcomeUnknown, id="no 503 says: nothing was done"),
        pytest.param(Reply.of(httpx.Response(302)), Unavailable, OutcomeUnknown, id="a redirect is not followed"),
    ],
)
def test_each_answer_has_its_meaning(
    answer: Reply, of_a_read: type[UpstreamError] | None, of_a_write: type[UpstreamError] | None
) -> None:
    read, write = error_of(READ, answer), error_of(WRITE, answer)

    assert type(read) is (of_a_read or type(None))
    assert type(write) is (of_a_write or type(None))


@pytest.mark.parametrize(
    ("answer", "reason", "new_token_may_help"),
    [
        (worded(401, "Invalid JWT"), Reason.AUTHORISATION_EXPIRED, True),
        (worded(401, "The token is not authorized for this scope."), Reason.SCOPE_MISSING, False),
        (worded(403, "The token is not authorized for this scope."), Reason.SCOPE_MISSING, False),
        (worded(403, "The token does not have access to this location"), Reason.ACCESS_IN_DOUBT, False),
        (worded(401, "version header was not found."), Reason.ACCESS_IN_DOUBT, False),
        (worded(400, "version header is invalid"), Reason.ACCESS_IN_DOUBT, False),
    ],
    ids=["token", "scope with a 401", "scope with a 403", "another location's", "our setting", "our setting, 400"],
)
def test_a_missing_permission_says_which_and_whether_a_new_token_may_help(
    answer: Reply, reason: Reason, new_token_may_help: bool
) -> None:
    error = error_of(READ, answer)

    assert isinstance(error, Unauthorised)
    assert (error.reason, token_rejected(answer)) == (reason, new_token_may_help)


@pytest.mark.parametrize(
    ("headers", "seconds", "reason"),
    [
        ({"x_ratelimit_daily_remaining": "0"}, None, Reason.BUDGET_USED_UP),
        ({"x_ratelimit_interval_milliseconds": "10000"}, 10, Reason.MINUTE_LIMIT),
        ({"x_ratelimit_interval_milliseconds": "10000", "retry_after": "3"}, 3, Reason.MINUTE_LIMIT),
        ({}, None, Reason.MINUTE_LIMIT),
    ],
    ids=["the day's", "the burst's", "with Retry-After", "no word"],
)
def test_a_limit_says_which_and_for_how_long(headers: dict[str, str], seconds: int | None, reason: Reason) -> None:
    error = error_of(WRITE, worded(429, "Too Many Requests", **headers))

    assert isinstance(error, Throttled)
    assert (error.retry_after, error.reason) == (seconds, reason)


@pytest.mark.parametrize(
    ("document", "messages"),
    [
        ({"message": "one"}, ("one",)),
        ({"message": ["one", "two"]}, ("one", "two")),
        ({"error": "Unprocessable"}, ("Unprocessable",)),
        (["odd"], ('["odd"]',)),
    ],
)
def test_a_refusal_holds_highlevels_words(document: object, messages: tuple[str, ...]) -> None:
    error = error_of(WRITE, reply(document, 422))

    assert isinstance(error, Refused)
    assert (error.messages, error.status) == (messages, 422)


def test_the_headers_say_what_is_left() -> None:
    answer = reply(
        {},
        x_ratelimit_remaining="97",
        x_ratelimit_interval_milliseconds="10000",
        x_ratelimit_daily_remaining="199999",
    )

    assert said(answer) == Said(window_left=97, window_s=10.0, day_left=199999)
    assert said(reply({})) == Said()


@pytest.mark.parametrize("document", [[], {}, {"data": {}}, "text"])
def test_an_answer_without_its_rows_is_none(document: object) -> None:
    with pytest.raises(ValueError, match="without data"):
        rows(document, "data")
