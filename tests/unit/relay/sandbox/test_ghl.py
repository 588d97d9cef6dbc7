from typing import Any

import httpx
import pytest

from relay.sandbox.ghl_access import COMPANY_SCOPES
from tests.givens.ghl_sandbox import CLIENT_ID, CLIENT_SECRET, COMPANY, HighLevel, highlevel

REFRESH = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "grant_type": "refresh_token"}


async def posted(ghl: HighLevel, form: dict[str, str], **more: Any) -> httpx.Response:
    transport = httpx.ASGITransport(ghl.sandbox.api)
    async with httpx.AsyncClient(transport=transport, base_url="http://ghl") as http:
        return await http.post("/oauth/token", data=form, **more)


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"Version": None}, 401, "version header was not found."),
        ({"Version": "2020-01-01"}, 400, "version header is invalid"),
        ({"Authorization": None}, 401, "Invalid token: access token is invalid"),
        ({"Authorization": "Bearer nonsense"}, 401, "Invalid token: access token is invalid"),
    ],
)
async def test_what_every_call_must_bring(headers: dict[str, str | None], status: int, message: str) -> None:
    ghl = highlevel()

    answer = await ghl.ask("GET", "/invoices/x", params=ghl.alt, headers=headers)

    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert answer.json()["traceId"]


@pytest.mark.parametrize("version", ["2021-04-15", "2021-07-28", "2023-02-21", "v3"])
async def test_every_supported_version_is_served(version: str) -> None:
    ghl = highlevel()

    answer = await ghl.ask("GET", f"/invoices/{ghl.invoice()}", params=ghl.alt, headers={"Version": version})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/invoices/x", {"altId": "another", "altType": "location"}, None),
        ("GET", "/payments/transactions", {"altId": "another", "altType": "location"}, None),
        ("POST", "/invoices/x/void", {}, {"altId": "another", "altType": "location"}),
        ("POST", "/contacts/", {}, {"locationId": "another"}),
    ],
)
async def test_another_locations_things_are_forbidden(
    method: str, path: str, query: dict[str, str], body: dict[str, str] | None
) -> None:
    answer = await highlevel().ask(method, path, body, params=query)

    assert (answer.status_code, answer.json()["message"]) == (403, "The token does not have access to this location.")


@pytest.mark.parametrize("missing", ["altId", "altType", "limit", "offset"])
async def test_a_list_wants_its_whole_query(missing: str) -> None:
    ghl = highlevel()
    query = {**ghl.alt, "limit": "10", "offset": "0"}
    del query[missing]

    answer = await ghl.ask("GET", "/invoices/", params=query)

    assert answer.status_code == 422


async def test_a_body_that_is_no_json_is_400_and_one_that_is_no_object_422() -> None:
    ghl = highlevel()

    broken = await ghl.ask("POST", "/contacts/", headers={"Content-Type": "application/json"})
    listed = await ghl.ask("POST", "/contacts/", [])

    assert (broken.status_code, listed.status_code) == (422, 422)


async def test_every_answer_tells_where_the_limits_stand_and_429_no_retry_after() -> None:
    ghl = highlevel(burst=1)
    path = f"/invoices/{ghl.invoice()}"

    good = await ghl.ask("GET", path, params=ghl.alt)
    refused = await ghl.ask("GET", path, params=ghl.alt)

    assert (good.status_code, good.headers["X-RateLimit-Remaining"]) == (200, "0")
    assert (refused.status_code, refused.headers["X-RateLimit-Daily-Remaining"]) == (429, "199999")
    assert "retry-after" not in refused.headers
    assert refused.json()["traceId"]


async def test_a_refresh_rotates_over_http() -> None:
    ghl = highlevel()
    token = ghl.sandbox.access.issue(COMPANY, ghl.location.id)

    first = await posted(ghl, REFRESH | {"refresh_token": token.refresh_token})
    second = await posted(ghl, REFRESH | {"refresh_token": token.refresh_token})

    assert first.json()["locationId"] == ghl.location.id
    assert first.json()["refresh_token"] != token.refresh_token
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")


async def test_version_3_of_the_token_endpoint_speaks_camel_case() -> None:
    ghl = highlevel()
    token = ghl.sandbox.access.issue(COMPANY, ghl.location.id)
    form = {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, "grantType": "refresh_token"}

    answer = await posted(ghl, form | {"refreshToken": token.refresh_token}, headers={"Version": "v3"})

    assert {"accessToken", "refreshToken", "expiresIn"} <= answer.json().keys()


@pytest.mark.parametrize(
    ("company", "status"), [pytest.param(COMPANY, 200, id="its own"), pytest.param("another", 400, id="another's")]
)
async def test_an_agency_exchanges_its_token_for_a_locations(company: str, status: int) -> None:
    ghl = highlevel()
    agency = ghl.sandbox.access.issue(COMPANY, None, COMPANY_SCOPES)

    answer = await ghl.ask(
        "POST",
        "/oauth/locationToken",
        {"companyId": company, "locationId": ghl.location.id},
        headers={"Authorization": f"Bearer {agency.access_token}", "Content-Type": "application/json"},
    )

    assert answer.status_code == status


async def test_calls_are_kept_for_judging_without_secrets() -> None:
    ghl = highlevel()
    await ghl.ask("POST", "/contacts/", {"locationId": ghl.location.id})
    await posted(ghl, REFRESH | {"refresh_token": "x"})

    first, second = ghl.sandbox.calls

    assert (first.method, first.path, first.status, first.resource) == ("POST", "/contacts/", 201, ghl.location.id)
    assert b"locationId" in first.request_body
    assert (second.path, second.status, second.request_body) == ("/oauth/token", 400, b"")
