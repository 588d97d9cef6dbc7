import asyncio
import base64
from pathlib import Path

import httpx
import pytest

from relay.upstream.call import MAY_HAVE_LANDED, NOTHING_SENT, Reply
from relay.upstream.errors import Throttled, Unauthorised, Unavailable
from relay.upstream.ghl import client as ghl
from relay.upstream.token_endpoint import AnswerLost, InvalidGrant, TokenEndpoint, given
from relay.upstream.xero import client as xero
from tests.givens.upstream import Handler, Script, TokenVendor, answer, http, raised, reply, text
from tests.givens.upstream_settings import upstream_settings
from tests.vendor_material import vendor_files


def endpoint(handler: Handler, deadline_s: float = 5.0) -> TokenEndpoint:
    return TokenEndpoint("xero", http(handler), "https://x/token", {}, None, previous_works=True, deadline_s=deadline_s)


async def test_xero_is_asked_with_basic_credentials() -> None:
    vendor = TokenVendor()

    tokens = await xero.token_endpoint(upstream_settings(), http(vendor)).refresh("refresh-0")

    sent = vendor.requests[0]
    assert str(sent.url) == "https://identity.xero.com/connect/token"
    assert sent.headers["authorization"] == "Basic " + base64.b64encode(b"xero-client:xero-secret").decode()
    assert vendor.questions == [{"grant_type": "refresh_token", "refresh_token": "refresh-0"}]
    assert (tokens.access_token, tokens.refresh_token, tokens.expires_in_s) == ("access-1", "refresh-1", 1800)


async def test_highlevel_is_asked_with_everything_in_the_form_and_no_version() -> None:
    vendor = TokenVendor()

    await ghl.token_endpoint(upstream_settings(), http(vendor)).refresh("refresh-0")

    assert str(vendor.requests[0].url) == "https://services.leadconnectorhq.com/oauth/token"
    assert "version" not in vendor.requests[0].headers
    assert vendor.questions == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "refresh-0",
            "client_id": "app-client",
            "client_secret": "ghl-secret",
            "user_type": "Location",
        }
    ]


async def test_without_client_credentials_nobody_is_asked() -> None:
    vendor = TokenVendor()
    unset = upstream_settings(xero_client_secret=None)

    with pytest.raises(Unauthorised, match="relay settings"):
        await xero.token_endpoint(unset, http(vendor)).refresh("refresh-0")

    assert vendor.questions == []


@pytest.mark.parametrize("kind", NOTHING_SENT)
async def test_who_was_not_reached_rotated_nothing(kind: type[Exception]) -> None:
    with pytest.raises(Unavailable):
        await endpoint(Script(raised(kind))).refresh("refresh-0")


@pytest.mark.parametrize("kind", MAY_HAVE_LANDED)
async def test_who_was_reached_may_have_rotated(kind: type[Exception]) -> None:
    with pytest.raises(AnswerLost):
        await endpoint(Script(raised(kind))).refresh("refresh-0")


async def test_a_silent_vendor_may_have_rotated() -> None:
    async def silent(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(AnswerLost):
        await endpoint(silent, deadline_s=0.01).refresh("refresh-0")


@pytest.mark.parametrize(
    ("response", "error"),
    [
        pytest.param(text("bad gateway", 502), AnswerLost, id="5xx"),
        pytest.param(text("<html>", 200), AnswerLost, id="no JSON"),
        pytest.param(answer([]), AnswerLost, id="no object"),
        pytest.param(answer({}), AnswerLost, id="no token"),
        pytest.param(answer({"error": "invalid_grant"}, 400), InvalidGrant, id="spent"),
        pytest.param(answer({"message": "Invalid refresh token"}, 401), InvalidGrant, id="spent, HighLevel's words"),
        pytest.param(answer({"error": "invalid_client"}, 401), Unauthorised, id="wrong secret: the grant stands"),
        pytest.param(answer({"error": "Location is not active"}, 400), Unauthorised, id="suspended: the grant stands"),
        pytest.param(answer({}, 429, retry_after="7"), Throttled, id="over a limit"),
    ],
)
async def test_an_answer_decides_over_the_grant(response: httpx.Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        await endpoint(Script(response)).refresh("refresh-0")


@pytest.mark.parametrize("path", vendor_files("payloads/xero-errors", "identity-*.json"), ids=lambda path: path.name)
def test_xeros_own_refusals_are_understood(path: Path) -> None:
    body = path.read_bytes()
    sent = httpx.Response(400, content=body, headers={"content-type": "application/json"})
    wanted = InvalidGrant if b"invalid_grant" in body else Unauthorised

    with pytest.raises(wanted):
        given("xero", Reply.of(sent))


def test_no_token_shows_when_printed() -> None:
    tokens = given("xero", reply({"access_token": "secret-a", "refresh_token": "secret-r", "expires_in": 1800}))

    assert "secret" not in repr(tokens)
