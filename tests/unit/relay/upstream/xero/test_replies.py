import json
from pathlib import Path

import httpx
import pytest

from relay.upstream.call import Reply, Request
from relay.upstream.errors import (
    KeyReused,
    NotFound,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unauthorised,
    Unavailable,
    UpstreamError,
)
from relay.upstream.pacing import Said
from relay.upstream.ports import ElementRefused
from relay.upstream.xero.replies import elements, error_of, refused, said, token_rejected
from schemas.reasons import Reason
from tests.givens.upstream import reply, text
from tests.vendor_material import vendor_files

READ = Request("GET /Invoices", "GET", "/Invoices")
WRITE = Request("PUT /Invoices", "PUT", "/Invoices", b"{}")

# file: status and content type as its README tells, then what a read and a write make of it
KIND = "application/json"
VENDOR_ANSWERS: dict[str, tuple[int, str, type[UpstreamError] | None, type[UpstreamError] | None]] = {
    "200-allocation.json": (200, KIND, None, None),
    "200-invoices-ok.json": (200, KIND, None, None),
    "200-summarizeErrors-false-invoice-with-error.json": (200, KIND, None, None),
    "200-summarizeErrors-false-payment-with-error.json": (200, KIND, None, None),
    "400-idempotency-key-reused.UNCONFIRMED-envelope.json": (400, KIND, KeyReused, KeyReused),
    "400-post-data-invalid.UNCONFIRMED.json": (400, KIND, Refused, Refused),
    "400-query-parse.UNCONFIRMED.json": (400, KIND, Refused, Refused),
    "400-validation-account.json": (400, KIND, Refused, Refused),
    "400-validation-contact-name-not-unique.json": (400, KIND, Refused, Refused),
    "400-validation-invoice-number.json": (400, KIND, Refused, Refused),
    "401-authentication-unsuccessful.json": (401, KIND, Unauthorised, Unauthorised),
    "401-authorization-unsuccessful-missing-scope.json": (401, KIND, Unauthorised, Unauthorised),
    "401-token-expired.json": (401, KIND, Unauthorised, Unauthorised),
    "403-authentication-unsuccessful-tenant-not-connected.json": (403, KIND, Unauthorised, Unauthorised),
    "404.txt": (404, "text/html", NotFound, NotFound),
    "500.UNCONFIRMED.txt": (500, "text/plain", Unavailable, OutcomeUnknown),
    "503-maintenance.UNCONFIRMED.txt": (503, "text/plain", Unavailable, Unavailable),
    "503-organisation-offline.txt": (503, "text/plain", Unavailable, Unavailable),
}
MESSAGES = {
    "400-post-data-invalid.UNCONFIRMED.json": ("JSON for post data was invalid",),
    "400-query-parse.UNCONFIRMED.json": ("No property or field 'Foo' exists in type 'Invoice'",),
    "400-validation-account.json": ("Please enter a unique Name.",),
    "400-validation-contact-name-not-unique.json": (
        (
            "The contact name Buzz Lightyear is already assigned to another contact. "
            "The contact name must be unique across all active contacts."
        ),
    ),
    "400-validation-invoice-number.json": ("Invoice # must be unique.",),
}
REASONS = {
    "401-authentication-unsuccessful.json": (Reason.AUTHORISATION_EXPIRED, True),
    "401-authorization-unsuccessful-missing-scope.json": (Reason.SCOPE_MISSING, False),
    "401-token-expired.json": (Reason.AUTHORISATION_EXPIRED, True),
    "403-authentication-unsuccessful-tenant-not-connected.json": (Reason.ORGANISATION_DISCONNECTED, False),
}
LIMITS = {
    "429-concurrent.headers.json": (None, Reason.MINUTE_LIMIT, Said()),
    "429-day.headers.json": (66975, Reason.BUDGET_USED_UP, Said(day_left=0)),
    "429-minute.headers.json": (22, Reason.MINUTE_LIMIT, Said(window_left=0, day_left=4539)),
}
BODIES = [
    path
    for pattern in ("[2-5]*.json", "[2-5]*.txt")
    for path in vendor_files("payloads/xero-errors", pattern)
    if not path.name.endswith(".headers.json")
]


def answered(path: Path) -> Reply:
    status, kind, _, _ = VENDOR_ANSWERS[path.name]
    return Reply(status, {"content-type": kind}, path.read_bytes())


def named(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", BODIES, ids=named)
def test_each_answer_of_xero_has_its_meaning(path: Path) -> None:
    _, _, of_a_read, of_a_write = VENDOR_ANSWERS[path.name]

    read, write = error_of(READ, answered(path)), error_of(WRITE, answered(path))

    assert type(read) is (of_a_read or type(None))
    assert type(write) is (of_a_write or type(None))


@pytest.mark.parametrize("path", [path for path in BODIES if path.name in MESSAGES], ids=named)
def test_a_refusal_holds_xeros_words_for_each_element(path: Path) -> None:
    error = error_of(WRITE, answered(path))

    assert isinstance(error, Refused)
    assert error.messages == MESSAGES[path.name]


@pytest.mark.parametrize("path", [path for path in BODIES if path.name in REASONS], ids=named)
def test_a_missing_permission_says_which_and_whether_a_new_token_may_help(path: Path) -> None:
    reason, new_token_may_help = REASONS[path.name]

    error = error_of(READ, answered(path))

    assert error is not None
    assert (error.reason, token_rejected(answered(path))) == (reason, new_token_may_help)


@pytest.mark.parametrize(
    ("headers", "body", "may_help"),
    [
        pytest.param({}, b"", True, id="without a word"),
        pytest.param({"content-type": "text/html"}, b"<html>Unauthorized</html>", True, id="in another dialect"),
        pytest.param({"www-authenticate": 'Bearer error="insufficent_scope"'}, b"", False, id="for a scope"),
    ],
)
def test_any_401_but_for_a_scope_may_be_helped_by_a_new_token(headers, body, may_help) -> None:
    assert token_rejected(Reply(401, headers, body)) is may_help


@pytest.mark.parametrize("path", vendor_files("payloads/xero-errors", "429-*.headers.json"), ids=named)
def test_a_limit_says_which_and_for_how_long(path: Path) -> None:
    seconds, reason, numbers = LIMITS[path.name]
    limited = json.loads(path.read_bytes())

    answer = Reply(limited["status"], limited["headers"], b"")
    error = error_of(WRITE, answer)

    assert isinstance(error, Throttled)
    assert (error.retry_after, error.reason, said(answer)) == (seconds, reason, numbers)


@pytest.mark.parametrize(
    ("name", "key", "messages"),
    [
        ("200-invoices-ok.json", "Invoices", [None]),
        ("200-summarizeErrors-false-invoice-with-error.json", "Invoices", [("Invoice # must be unique.",)]),
        (
            "200-summarizeErrors-false-payment-with-error.json",
            "Payments",
            [("Payment amount exceeds the amount outstanding on this document",)],
        ),
    ],
)
@pytest.mark.usefixtures("vendor_material")
def test_an_element_is_judged_by_its_errors_not_by_its_id(
    name: str, key: str, messages: list[tuple[str, ...] | None]
) -> None:
    path = next(path for path in BODIES if path.name == name)

    found = [refused(element) for element in elements(answered(path).document(), key)]

    assert found == [ElementRefused(words) if words else None for words in messages]


@pytest.mark.usefixtures("vendor_material")
def test_every_file_of_the_vendors_answers_has_its_case() -> None:
    limits = {path.name for path in vendor_files("payloads/xero-errors", "429-*.headers.json")}

    assert {path.name for path in BODIES} == VENDOR_ANSWERS.keys()
    assert limits == LIMITS.keys()


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        pytest.param(reply({}, 429, x_rate_limit_problem="appminute"), Throttled, Reason.APP_LIMIT, id="the app's"),
        pytest.param(reply({}, 429), Throttled, Reason.MINUTE_LIMIT, id="no word which limit"),
        pytest.param(
            Reply(401, {"www-authenticate": "insufficent_scope"}, b""), Unauthorised, Reason.SCOPE_MISSING, id="sic"
        ),
        pytest.param(reply({"Detail": "Forbidden"}, 403), Unauthorised, Reason.SCOPE_MISSING, id="forbidden"),
        pytest.param(Reply.of(text("gone", 410)), Refused, Reason.REFUSED, id="another 4xx in plain text"),
        pytest.param(reply(["odd"], 400), Refused, Reason.REFUSED, id="a list"),
        pytest.param(Reply(302, {}, b""), OutcomeUnknown, Reason.OUTCOME_UNKNOWN, id="a redirect is not followed"),
        pytest.param(Reply.of(text("", 503)), OutcomeUnknown, Reason.OUTCOME_UNKNOWN, id="a 503 of who knows whom"),
        pytest.param(Reply.of(text("", 504)), OutcomeUnknown, Reason.OUTCOME_UNKNOWN, id="gateway timeout"),
        pytest.param(Reply.of(text("", 408)), OutcomeUnknown, Reason.OUTCOME_UNKNOWN, id="request timeout"),
    ],
)
def test_answers_that_no_page_describes_are_read_with_care(
    answer: Reply, error: type[UpstreamError], reason: Reason
) -> None:
    found = error_of(WRITE, answer)

    assert found is not None
    assert (type(found), found.reason) == (error, reason)


@pytest.mark.parametrize(
    ("element", "messages"),
    [
        ({"StatusAttributeString": "OK", "HasErrors": False, "ValidationErrors": []}, None),
        ({"StatusAttributeString": "WARNING", "Warnings": [{"Message": "odd rate"}]}, None),
        ({"Contact": {"HasValidationErrors": False}, "InvoiceID": "00000000-0000-0000-0000-000000000000"}, None),
        ({"StatusAttributeString": "ERROR"}, ("Xero rejected it without saying why",)),
        ({"HasValidationErrors": True}, ("Xero rejected it without saying why",)),
        (
            {"HasErrors": True, "ValidationErrors": [{"Message": "a"}], "LineItems": [{"ValidationErrors": [
                {"Message": "b"}, {"Message": "a"}]}]},
            ("a", "b"),
        ),
    ],
    ids=["good", "warned", "zeros", "wordless", "wordless too", "a line's words too, each once"],
)  # fmt: skip
def test_an_element_stands_or_is_refused_with_words(element: dict[str, object], messages: tuple[str, ...]) -> None:
    assert refused(element) == (ElementRefused(messages) if messages else None)


@pytest.mark.parametrize("document", [[], {}, {"Invoices": {}}, {"Invoices": ["text"]}, "text"])
def test_an_answer_without_its_elements_is_none(document: object) -> None:
    with pytest.raises(ValueError, match="without Invoices"):
        elements(document, "Invoices")


@pytest.mark.parametrize("number", ["", "-1", "many", "²"])
def test_a_number_that_is_none_is_not_believed(number: str) -> None:
    assert said(Reply.of(httpx.Response(200))) == Said()
    assert said(Reply(200, {"x-minlimit-remaining": number}, b"")) == Said()
