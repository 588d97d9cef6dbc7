from base64 import b64encode
from typing import Any

import httpx
import pytest

from tests.givens.xero_sandbox import CLIENT_ID, CLIENT_SECRET, World, a_sandbox, a_world

BASIC = "Basic " + b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
WRONG = "Basic " + b64encode(b"app-id:guess").decode()


async def asked(
    form: dict[str, Any], header: str | None = BASIC, path: str = "/connect/token", refresh: str = ""
) -> tuple[int, Any]:
    sandbox = a_sandbox()
    pair = sandbox.tokens.issue("owner", [sandbox.tenant_id], ["offline_access"])
    form = {key: pair.refresh_token if value == "THE TOKEN" else value for key, value in form.items()}
    headers = {"Authorization": header} if header else {}
    transport = httpx.ASGITransport(app=sandbox.identity)
    async with httpx.AsyncClient(transport=transport, base_url="http://identity.test") as http:
        answer = await http.post(path, data=form, headers=headers)
    return answer.status_code, answer.json() if answer.content.startswith(b"{") else answer.text


REFRESH = {"grant_type": "refresh_token", "refresh_token": "THE TOKEN"}


@pytest.mark.parametrize(
    ("form", "header"),
    [
        pytest.param(REFRESH, BASIC, id="the app in the header"),
        pytest.param(REFRESH | {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}, None, id="or in the form"),
    ],
)
async def test_a_refresh_token_brings_new_tokens(form: dict[str, Any], header: str | None) -> None:
    status, content = await asked(form, header)

    assert status == 200
    assert {"access_token", "expires_in", "token_type", "refresh_token", "scope"} == set(content)
    assert (content["token_type"], content["expires_in"]) == ("Bearer", 1800)


@pytest.mark.parametrize(
    ("form", "header", "error"),
    [
        (REFRESH, WRONG, "invalid_client"),
        (REFRESH, None, "invalid_client"),
        (REFRESH, "Basic %%%", "invalid_client"),
        (REFRESH | {"refresh_token": "old"}, BASIC, "invalid_grant"),
        ({"grant_type": "password"}, BASIC, "unsupported_grant_type"),
    ],
)
async def test_the_token_endpoint_says_what_is_wrong(form: dict[str, Any], header: str | None, error: str) -> None:
    assert await asked(form, header) == (400, {"error": error})


async def test_a_grant_can_be_revoked_by_the_app_alone() -> None:
    form = {"token": "THE TOKEN"}

    assert (await asked(form, path="/connect/revocation"))[0] == 200
    assert await asked(form, WRONG, "/connect/revocation") == (400, {"error": "invalid_client"})


async def test_an_unknown_path_is_no_json() -> None:
    assert await asked({}, path="/connect/other") == (404, "The resource you're looking for cannot be found")


async def connections(world: World, method: str = "GET", path: str = "/connections", **query: Any) -> httpx.Response:
    headers = {"Authorization": world.headers["Authorization"]}
    return await world.http.request(method, path, headers=headers, params=query)


async def test_a_user_sees_the_connected_organisations() -> None:
    async with a_world() as world:
        answer = await connections(world)
        (connection,) = answer.json()

        assert (connection["tenantId"], connection["tenantName"]) == (world.tenant_id, "Demo Company (AU)")
        assert connection["tenantType"] == "ORGANISATION"
        assert "x-appminlimit-remaining" in answer.headers
        assert "x-minlimit-remaining" not in answer.headers
        assert (await connections(world, authEventId="other")).json() == []


async def test_a_connection_is_deleted_by_its_own_id() -> None:
    async with a_world() as world:
        (connection,) = (await connections(world)).json()

        by_tenant = await connections(world, "DELETE", f"/connections/{world.tenant_id}")
        by_id = await connections(world, "DELETE", f"/connections/{connection['id']}")
        afterwards = await world.ask("GET", "Organisation")

        assert (by_tenant.status_code, by_id.status_code, afterwards.status_code) == (404, 204, 403)
        assert (await connections(world)).json() == []


async def test_connections_are_for_who_is_known() -> None:
    async with a_world() as world:
        answer = await world.http.get("/connections")

        assert (answer.status_code, answer.json()["Detail"]) == (401, "AuthenticationUnsuccessful")
