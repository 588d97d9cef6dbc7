"""The door of the API: who asks, for which organisation, and whether it may; limits, then keys, then the handler."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from relay.clock import Clock
from relay.sandbox.xero_books import Books
from relay.sandbox.xero_calls import Call, Calls
from relay.sandbox.xero_errors import JSON, Refusal, forbidden, scope_missing
from relay.sandbox.xero_idempotency import Answer, Idempotency
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_limits import Limits
from relay.sandbox.xero_tokens import Grant, Tokens
from relay.sandbox.xero_wire import ms_date, write_json

XML: Final = "text/xml; charset=utf-8"
PROVIDER: Final = "Simulated Xero"
# the scope of apps made before March 2026, which ends in September 2027
BROAD: Final = "accounting.transactions"
KEYED: Final = frozenset({"PUT", "POST", "PATCH"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was let in."""

    ledger: Ledger
    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def unit_decimals(self) -> int:
        """Return how many decimals a UnitAmount has: 2, or 4 with `unitdp=4`."""
        return 4 if self.query.get("unitdp") == "4" else 2


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers: elements under their name, and the page they are of. Without a name: one, bare."""

    name: str | None
    elements: list[dict[str, Any]]
    pagination: Mapping[str, int] | None = None


Handler = Callable[[Asked], Reply]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Gate:
    """The door. `latency_s` is how long every call takes, while it counts as one of the five at once."""

    clock: Clock
    books: Books
    tokens: Tokens
    limits: Limits
    calls: Calls
    keys: Idempotency
    new_id: Callable[[], str]
    latency_s: float = field(default=0.0)

    def opened(self, handler: Handler, *scopes: str) -> Endpoint:
        """Return the endpoint of a handler that needs one of these scopes; `.read` suffices to read."""

        async def endpoint(request: Request) -> Response:
            return await self._served(request, handler, scopes)

        return endpoint

    async def _served(self, request: Request, handler: Handler, scopes: tuple[str, ...]) -> Response:
        body = await request.body()
        tenant_id = request.headers.get("xero-tenant-id", "")
        try:
            grant = self.tokens.grant_of(request.headers.get("authorization"))
            ledger = self._ledger(grant, tenant_id)
            _require_scope(grant, request.method, scopes)
            asked = Asked(ledger, request.method, request.path_params, request.query_params, request.headers, body)
            with self.limits.call(tenant_id):
                answer = await self._once(asked, str(request.url), handler)
        except Refusal as refusal:
            answer = _refused(refusal)
        known = tenant_id if tenant_id in self.books.tenants else ""
        return self.recorded(request, body, answer, known)

    def _ledger(self, grant: Grant, tenant_id: str) -> Ledger:
        if tenant_id not in self.tokens.connected(grant.user) or tenant_id not in self.books.tenants:
            raise forbidden()
        return self.books.tenants[tenant_id]

    async def _once(self, asked: Asked, url: str, handler: Handler) -> Answer:
        async def perform() -> Answer:
            await self.clock.sleep(self.latency_s)
            return self._performed(asked, handler)

        key = asked.headers.get("idempotency-key")
        if not key or asked.method not in KEYED:
            return await perform()
        tenant_id = asked.ledger.organisation.tenant_id
        return await self.keys.once(key, f"{asked.method} {url} {tenant_id}\n".encode() + asked.body, perform)

    def _performed(self, asked: Asked, handler: Handler) -> Answer:
        try:
            with asked.ledger.whole():
                reply = handler(asked)
        except Refusal as refusal:
            return _refused(refusal)
        self.books.tell(asked.ledger)
        if "application/json" not in asked.headers.get("accept", ""):
            # Xero speaks XML to whoever does not ask for JSON
            return Answer(200, f"<Response><Id>{self.new_id()}</Id><Status>OK</Status></Response>".encode(), XML)
        return Answer(200, write_json(self._content(reply)), JSON)

    def _content(self, reply: Reply) -> Mapping[str, Any]:
        if reply.name is None:
            return reply.elements[0]
        envelope = {
            "Id": self.new_id(),
            "Status": "OK",
            "ProviderName": PROVIDER,
            "DateTimeUTC": ms_date(self.clock.now()).replace("+0000", ""),
        }
        page = {} if reply.pagination is None else {"pagination": dict(reply.pagination)}
        return envelope | page | {reply.name: reply.elements}

    def recorded(self, request: Request, body: bytes, answer: Answer, tenant_id: str) -> Response:
        """Return the response with the headers that every one has, and remember the call."""
        self.calls.add(
            Call(
                at=self.clock.now(),
                method=request.method,
                path=request.url.path,
                query=request.url.query,
                status=answer.status,
                tenant_id=tenant_id,
                idempotency_key=request.headers.get("idempotency-key"),
                request_body=body,
                response_body=answer.body,
                content_type=answer.content_type,
            )
        )
        headers = {"Xero-Correlation-Id": self.new_id(), **self.limits.headers(tenant_id), **answer.headers}
        return Response(answer.body, answer.status, {**headers, "Content-Type": answer.content_type})


def _refused(refusal: Refusal) -> Answer:
    return Answer(refusal.status, refusal.body, refusal.content_type, refusal.headers)


def _require_scope(grant: Grant, method: str, scopes: tuple[str, ...]) -> None:
    reading = [f"{scope}.read" for scope in scopes] if method == "GET" else []
    if not grant.scopes.intersection([*scopes, *reading]):
        raise scope_missing()
