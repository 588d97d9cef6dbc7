"""Xero's identity service: `/connect/token`, `/connect/revocation`, and `/connections` of the API's host."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from hmac import compare_digest
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relay.sandbox.xero_errors import JSON, Refusal, not_found
from relay.sandbox.xero_gate import Gate
from relay.sandbox.xero_idempotency import Answer
from relay.sandbox.xero_tokens import Connection, InvalidGrantError, Tokens
from relay.sandbox.xero_wire import write_json


class Identity:
    """The token endpoint of one app."""

    def __init__(self, tokens: Tokens, *, client_id: str, client_secret: str) -> None:
        self._tokens = tokens
        self._client = (client_id, client_secret)

    def routes(self) -> list[Route]:
        """Return what the identity host serves."""
        return [
            Route("/connect/token", self._token, methods=["POST"]),
            Route("/connect/revocation", self._revocation, methods=["POST"]),
        ]

    async def _token(self, request: Request) -> Response:
        form = await _form(request)
        if not self._is_the_app(request, form):
            return _oauth_error("invalid_client")
        if form.get("grant_type") != "refresh_token":
            return _oauth_error("unsupported_grant_type")
        try:
            pair = self._tokens.refresh(form.get("refresh_token", ""))
        except InvalidGrantError:
            return _oauth_error("invalid_grant")
        content = {
            "access_token": pair.access_token,
            "expires_in": pair.expires_in,
            "token_type": "Bearer",
            "refresh_token": pair.refresh_token,
            "scope": pair.scope,
        }
        return Response(orjson.dumps(content), 200, {"Content-Type": JSON, "Cache-Control": "no-store"})

    async def _revocation(self, request: Request) -> Response:
        form = await _form(request)
        if not self._is_the_app(request, form):
            return _oauth_error("invalid_client")
        self._tokens.revoke(form.get("token", ""))
        return Response(status_code=200)

    def _is_the_app(self, request: Request, form: dict[str, str]) -> bool:
        given = _basic(request.headers.get("authorization", "")) or (
            form.get("client_id", ""),
            form.get("client_secret", ""),
        )
        return all(
            compare_digest(mine.encode(), theirs.encode()) for mine, theirs in zip(self._client, given, strict=True)
        )


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(errors="replace")))


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = b64decode(value, validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError):
        return None
    return name, secret


def _oauth_error(name: str) -> Response:
    return Response(orjson.dumps({"error": name}), 400, {"Content-Type": JSON})


def connection_routes(gate: Gate) -> list[Route]:
    """Return what the API's host serves about connections. It knows no tenant, so it counts for the app alone."""

    async def listed(request: Request) -> Response:
        def show(user: str) -> Answer:
            event = request.query_params.get("authEventId")
            mine = [each for each in gate.tokens.connections.values() if each.user == user]
            rows = [_answer(gate, each) for each in mine if event in {None, each.auth_event_id}]
            return Answer(200, write_json(rows), JSON)

        return await _for_the_user(gate, request, show)

    async def deleted(request: Request) -> Response:
        def drop(user: str) -> Answer:
            connection = gate.tokens.connections.get(request.path_params["id"])
            if connection is None or connection.user != user:
                raise not_found()
            del gate.tokens.connections[connection.connection_id]
            return Answer(204, b"", JSON)

        return await _for_the_user(gate, request, drop)

    paths = ("/connections", "/Connections")
    return [
        *(Route(path, listed, methods=["GET"]) for path in paths),
        *(Route(f"{path}/{{id}}", deleted, methods=["DELETE"]) for path in paths),
    ]


async def _for_the_user(gate: Gate, request: Request, act: Callable[[str], Answer]) -> Response:
    try:
        grant = gate.tokens.grant_of(request.headers.get("authorization"))
        with gate.limits.call(""):
            await gate.clock.sleep(gate.latency_s)
            answer = act(grant.user)
    except Refusal as refusal:
        answer = Answer(refusal.status, refusal.body, refusal.content_type, refusal.headers)
    return gate.recorded(request, b"", answer, "")


def _answer(gate: Gate, connection: Connection) -> dict[str, str]:
    at = connection.at.replace(tzinfo=None).isoformat(timespec="microseconds")
    return {
        "id": connection.connection_id,
        "authEventId": connection.auth_event_id,
        "tenantId": connection.tenant_id,
        "tenantType": "ORGANISATION",
        "tenantName": gate.books.tenants[connection.tenant_id].organisation.name,
        "createdDateUtc": at,
        "updatedDateUtc": at,
    }
