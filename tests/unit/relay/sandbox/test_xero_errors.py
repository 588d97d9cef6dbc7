import json
from pathlib import Path
from typing import Any

import pytest

from relay.sandbox import xero_errors as errors


def content(refusal: errors.Refusal) -> Any:
    return json.loads(refusal.body)


@pytest.mark.parametrize(
    ("refusal", "number", "kind"),
    [
        (errors.validation(b'[{"ValidationErrors":[]}]'), 10, "ValidationException"),
        (errors.query_parse("no such field"), 16, "QueryParseException"),
        (errors.bad_json(), 17, "PostDataInvalidException"),
    ],
)
def test_a_400_names_its_exception(refusal: errors.Refusal, number: int, kind: str) -> None:
    assert refusal.status == 400
    assert (content(refusal)["ErrorNumber"], content(refusal)["Type"]) == (number, kind)


def test_a_missing_scope_is_told_in_a_misspelt_header() -> None:
    refusal = errors.scope_missing()

    assert refusal.headers == {"WWW-Authenticate": "insufficent_scope"}
    assert content(refusal)["Detail"] == "AuthorizationUnsuccessful"


@pytest.mark.parametrize(
    ("refusal", "kind"), [(errors.not_found(), "text/html"), (errors.bad_condition(), "text/plain")]
)
def test_not_every_answer_is_json(refusal: errors.Refusal, kind: str) -> None:
    assert refusal.content_type.startswith(kind)


def test_a_throttled_call_is_told_why_in_a_header() -> None:
    refusal = errors.throttled("minute", {"Retry-After": "22"})

    assert (refusal.status, refusal.headers) == (429, {"X-Rate-Limit-Problem": "minute", "Retry-After": "22"})


def test_several_messages_read_as_one_sentence() -> None:
    assert str(errors.Invalid("One.", "Two.")) == "One.; Two."
    assert errors.messages(["One."]) == [{"Message": "One."}]


SAMPLES = {
    "400-idempotency-key-reused": errors.refused("Idempotency Key: KEY_VALUE is used with a different request."),
    "400-post-data-invalid": errors.bad_json(),
    "401-authentication-unsuccessful": errors.unauthorised(),
    "401-authorization-unsuccessful-missing-scope": errors.scope_missing(),
    "401-token-expired": errors.unauthorised("TokenExpired: token expired at 08/12/2022 07:00:40"),
    "403-authentication-unsuccessful-tenant-not-connected": errors.forbidden(),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_errors_read_as_the_ones_seen(name: str, vendor_material: Path) -> None:
    (path,) = (vendor_material / "payloads" / "xero-errors").glob(f"{name}*.json")
    seen = json.loads(path.read_text(encoding="utf-8"))

    mine = content(SAMPLES[name])

    assert mine | {"Instance": seen.get("Instance")} == seen | {"Instance": seen.get("Instance")}
