"""One call to a vendor, the only way out: token, pacing, request under a deadline, reply, judgement.

Whether a failed write may have landed is decided here, by the error httpx raises: `NOTHING_SENT`, `MAY_HAVE_LANDED`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeVar

import httpx
import structlog

from relay.clock import Clock
from relay.telemetry.metrics import BUDGET_REMAINING, UPSTREAM_CALLS, UPSTREAM_SECONDS
from relay.upstream.errors import OutcomeUnknown, Throttled, Unavailable, UpstreamError
from relay.upstream.pacing import Gate, Limits, Said
from schemas import money

log = structlog.get_logger()
T = TypeVar("T")

DEADLINE_S: Final = 20.0
CONNECT_S: Final = 5.0

# before the first byte of the request: refused, no such host, TLS, no free connection, an address that is none
NOTHING_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.CookieConflict,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
MAY_HAVE_LANDED: Final = (
    httpx.CloseError,
    httpx.DecodingError,
    httpx.HTTPStatusError,
    httpx.LocalProtocolError,
    httpx.ReadError,
    httpx.ReadTimeout,
    httpx.RemoteProtocolError,
    httpx.RequestNotRead,
    httpx.ResponseNotRead,
    httpx.StreamClosed,
    httpx.StreamConsumed,
    httpx.TooManyRedirects,
    httpx.WriteError,
    httpx.WriteTimeout,
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request below the API's base. What is stored to be sent again is exactly this."""

    endpoint: str  # for metrics and logs: "GET /invoices/{id}", never an id
    method: str
    path: str  # with its query, encoded
    body: bytes | None = None
    key: str | None = None  # Idempotency-Key, where the vendor knows one

    @property
    def writes(self) -> bool:
        """Return whether it may leave something behind."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever its status. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, answer: httpx.Response) -> "Reply":
        """Return what matters of httpx's answer."""
        return cls(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)

    @property
    def good(self) -> bool:
        """Return whether it was done."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def undecided(self) -> bool:
        """Return whether it leaves open what was done: no 2xx, and no 4xx that says what is wrong with the request."""
        refused = HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR
        return not self.good and (not refused or self.status == HTTPStatus.REQUEST_TIMEOUT)

    @property
    def text(self) -> str:
        """Return the body for people, cut short."""
        return self.body[:500].decode(errors="replace").strip()

    def document(self) -> Any:
        """Return the JSON body, fractions as Decimal, without nulls (both vendors mean "absent" by them).

        Raises:
            ValueError: it is no JSON, or does not say that it is: Xero alone has five ways to answer.
        """
        if "json" not in (kind := self.headers.get("content-type", "")):
            raise ValueError(f"answered {self.status} as {kind or 'nothing known'}, not JSON")
        return _without_nulls(money.loads(self.body))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one vendor speaks: what its answers mean (pure, in `<vendor>/replies.py`) and where it lives."""

    vendor: str
    base_url: str
    limits: Limits
    said: Callable[[Reply], Said]
    token_rejected: Callable[[Reply], bool]  # a new access token may help
    error_of: Callable[[Request, Reply], UpstreamError | None]  # None: it was done


class AccessTokens(Protocol):
    """Where the caller's token comes from; `oauth.Tokens` is the real one."""

    async def access_token(self, grant_id: str, *, rejected: str | None = None) -> str:
        """Return a token that is good now; another one than `rejected`, which the vendor did not take.

        Raises:
            Unauthorised: a person must authorise again.
            Unavailable: a new token could not be had just now.
        """


class Caller:
    """Calls of one tenant or location under one grant. Everything it raises is an `UpstreamError`."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        dialect: Dialect,
        gate: Gate,
        tokens: AccessTokens,
        clock: Clock,
        *,
        grant_id: str,
        headers: Mapping[str, str],
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._http = http
        self._dialect = dialect
        self._gate = gate
        self._tokens = tokens
        self._clock = clock
        self._grant_id = grant_id
        self._headers = headers
        self._deadline_s = deadline_s

    async def call(self, request: Request, read: Callable[[Any], T]) -> T:
        """Send, and return what `read` makes of the answer's document; it raises ValueError for what it cannot use.

        Raises:
            UpstreamError: its leaf says what becomes of the event.
        """
        reply = await self.send(request)
        try:
            return read(reply.document())
        except ValueError as error:  # pydantic's and json's errors are ValueErrors; their texts hold data of persons
            log.warning("answer.not_understood", vendor=self._dialect.vendor, endpoint=request.endpoint)
            raise lost(request, "the answer is not what the description says") from error

    async def send(self, request: Request) -> Reply:
        """Send, with one new token and one repeat when the vendor does not take ours; return the good answer.

        Raises:
            UpstreamError: as `call`.
        """
        token = await self._tokens.access_token(self._grant_id)
        reply = await self._exchange(request, token)
        if self._dialect.token_rejected(reply):  # read before anything is done: repeating a write is safe
            token = await self._tokens.access_token(self._grant_id, rejected=token)
            reply = await self._exchange(request, token)
        error = self._dialect.error_of(request, reply)
        if isinstance(error, Throttled):
            self._gate.refused(error)
        if error is not None:
            raise error
        return reply

    async def _exchange(self, request: Request, token: str) -> Reply:
        vendor, endpoint = self._dialect.vendor, request.endpoint
        async with self._gate.passed() as heard:
            began = self._clock.monotonic()
            outcome = "cancelled"
            try:
                reply = await self._sent(request, token)
                outcome = str(reply.status)
            except UpstreamError as error:
                outcome = type(error).__name__
                raise
            finally:
                UPSTREAM_CALLS.labels(vendor, endpoint, outcome).inc()
                UPSTREAM_SECONDS.labels(vendor, endpoint).observe(self._clock.monotonic() - began)
            said = self._dialect.said(reply)
            heard(said)
        self._show(said)
        correlation = reply.headers.get("xero-correlation-id")
        log.debug("upstream.answered", vendor=vendor, endpoint=endpoint, status=reply.status, correlation=correlation)
        return reply

    async def _sent(self, request: Request, token: str) -> Reply:
        headers = {**self._headers, "Authorization": f"Bearer {token}", "Accept": "application/json"}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        url = self._dialect.base_url + request.path
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await self._http.request(request.method, url, content=request.body, headers=headers)
        except NOTHING_SENT as error:
            raise Unavailable(f"{request.endpoint} was not sent: {type(error).__name__}") from error
        except TimeoutError as error:
            raise lost(request, f"no answer within {self._deadline_s:g} s") from error
        except MAY_HAVE_LANDED as error:
            raise lost(request, type(error).__name__) from error
        return Reply(
            answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content
        )

    def _show(self, said: Said) -> None:
        vendor = self._dialect.vendor
        if said.window_left is not None:
            BUDGET_REMAINING.labels(vendor, self._dialect.limits.window).set(said.window_left)
        if said.day_left is not None:
            BUDGET_REMAINING.labels(vendor, "day").set(said.day_left)


def lost(request: Request, why: str) -> UpstreamError:
    """Return what no usable answer means: a read did nothing, a write may have landed."""
    kind = OutcomeUnknown if request.writes else Unavailable
    return kind(f"{request.endpoint}: {why}")
