"""The simulated HighLevel API: one ASGI app over the books, with HighLevel's checks before every call.

Order of the checks: Version header, token, scope, limits, body, location. The sandbox is a judge: it follows
HighLevel's descriptions (apps/*.json of GoHighLevel/highlevel-api-docs) and never looks at our clients.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from relay.clock import Clock
from relay.sandbox.ghl_access import Access, OAuthRefused, Token
from relay.sandbox.ghl_behaviour import Behaviour
from relay.sandbox.ghl_books import HighLevelBooks, Location
from relay.sandbox.ghl_contacts import Fire
from relay.sandbox.ghl_errors import Refusal, bad_request, unprocessable
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.ghl_json import Document, Json, dumps, loads
from relay.sandbox.ghl_limits import Limits
from relay.sandbox.ghl_routes import ROUTES, Answer, Ask, Operation
from relay.sandbox.ghl_shapes import LOCATION_TOKEN, demand

VERSIONS: Final = frozenset({"2021-04-15", "2021-07-28", "2023-02-21", "v3"})
CALLS_KEPT: Final = 50_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached the API."""

    at: datetime
    method: str
    path: str
    query: str
    status: int
    resource: str | None  # location or company; None before the token is known
    request_body: bytes


class HighLevelSandbox:
    """One simulated HighLevel: `api` is the ASGI app, the rest is for people's deeds and for judging."""

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        fire: Fire,
        behaviour: Behaviour | None = None,
        client_id: str,
        client_secret: str,
    ) -> None:
        behaviour = behaviour or Behaviour()
        self.behaviour = behaviour
        self.books = HighLevelBooks(clock=clock, ids=ids, fire=fire, behaviour=behaviour)
        self.access = Access(
            clock=clock, ids=ids, behaviour=behaviour, client_id=client_id, client_secret=client_secret
        )
        self.limits = Limits(clock=clock, behaviour=behaviour)
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._clock = clock
        self._ids = ids
        routes = [Route(o.path, self._endpoint(o), methods=[o.method]) for o in ROUTES]
        routes += [
            Route("/oauth/token", self._token, methods=["POST"]),
            Route("/oauth/locationToken", self._location_token, methods=["POST"]),
        ]
        self.api = Router(routes, redirect_slashes=False)

    def add_location(self, name: str, company_id: str) -> Location:
        """Open a sub-account."""
        location = Location(self._ids.record(), company_id, name)
        self.books.locations[location.id] = location
        return location

    def _endpoint(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await self._answered(
                request, operation.scope, lambda token: self._operate(operation, request, token)
            )

        return endpoint

    async def _answered(self, request: Request, scope: str, act: Callable[[Token], Awaitable[Answer]]) -> Response:
        """Check what every call must bring, act, and answer; a refusal carries a traceId."""
        token: Token | None = None
        try:
            self._version(request)
            token = self.access.bearer(request.headers.get("authorization"), scope)
            self.limits.spend(token.resource)
            answer = await act(token)
        except Refusal as refusal:
            answer = Answer(refusal.body(self._ids.uuid()), refusal.status)
        headers = self.limits.headers(token.resource) if token else {}
        return await self._written(request, answer.status, answer.body, headers, token)

    async def _operate(self, operation: Operation, request: Request, token: Token) -> Answer:
        body = await _json_body(request) if operation.shape else {}
        if shape := operation.shape:
            body = demand(body, shape(self.behaviour))
        query = dict(parse_qsl(request.url.query))
        for key in operation.query:
            if not query.get(key):
                raise unprocessable(f"{key} should not be empty")
        named = query.get("altId") or body.get("altId") or body.get("locationId")
        if named and named != token.location_id:
            raise Refusal(HTTPStatus.FORBIDDEN, "The token does not have access to this location.")
        ask = Ask(self.books, str(token.location_id), request.path_params, query, body, self.behaviour)
        return operation.act(ask)

    async def _token(self, request: Request) -> Response:
        camel = request.headers.get("version") == "v3"  # then keys are camelCase, apps/v3/oauth.json
        try:
            form = await _form(request)
            body = self.access.answer(self.access.token(form if not camel else _renamed(form, _SNAKE)))
            status, answer = HTTPStatus.OK, _renamed(body, _CAMEL) if camel else body
        except OAuthRefused as refused:
            status, answer = refused.status, refused.body
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body(self._ids.uuid())
        return await self._written(request, status, answer, {}, None)

    async def _location_token(self, request: Request) -> Response:
        async def act(agency: Token) -> Answer:
            body = demand(await _form(request), LOCATION_TOKEN)
            location = self.books.locations.get(body["locationId"])
            if location is None or location.company_id != body["companyId"]:
                raise bad_request("Location not found")
            token = self.access.location_token(agency, body["companyId"], body["locationId"])
            return Answer(self.access.answer(token))

        return await self._answered(request, "oauth.write", act)

    def _version(self, request: Request) -> None:
        version = request.headers.get("version")
        if version is None:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "version header was not found.")
        if version not in VERSIONS:
            raise bad_request("version header is invalid")

    async def _written(
        self, request: Request, status: int, body: object, headers: Mapping[str, str], token: Token | None
    ) -> Response:
        path = request.url.path.removeprefix(request.scope.get("root_path", ""))
        call = Call(
            at=self._clock.now(),
            method=request.method,
            path=path,
            query=request.url.query,
            status=int(status),
            resource=token.resource if token else None,
            request_body=b"" if path.startswith("/oauth/") else await request.body(),
        )
        self.calls.append(call)
        return Response(dumps(body), int(status), headers=dict(headers), media_type="application/json")


_CAMEL: Final = {
    "access_token": "accessToken",
    "token_type": "tokenType",
    "expires_in": "expiresIn",
    "refresh_token": "refreshToken",
}
_SNAKE: Final = {
    **{camel: snake for snake, camel in _CAMEL.items()},
    "clientId": "client_id",
    "clientSecret": "client_secret",
    "grantType": "grant_type",
    "userType": "user_type",
    "redirectUri": "redirect_uri",
}


def _renamed(fields: Mapping[str, Any], names: Mapping[str, str]) -> Document:
    return {names.get(key, key): value for key, value in fields.items()}


async def _json_body(request: Request) -> Json:
    try:
        body = loads(await request.body() or b"{}")
    except ValueError as error:
        raise bad_request("Unexpected token in JSON") from error
    if not isinstance(body, dict):
        raise unprocessable("body must be an object")
    return body


async def _form(request: Request) -> Mapping[str, Any]:
    """Return a form, or the same fields as JSON, which the documentation shows too."""
    if "json" in request.headers.get("content-type", ""):
        return await _json_body(request)
    return dict(parse_qsl((await request.body()).decode("utf-8", errors="replace")))
