"""The public port: a plain ASGI callable, no framework, no middleware.

POST /webhooks/{vendor}, and /webhooks/{vendor}/{event} where a vendor has one URL per event; GET /livez, GET /readyz;
nothing else. 2xx is answered only after `publish` returned.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

import structlog

from relay.clock import Clock
from relay.log.errors import EventTooLarge, LogError
from relay.log.ports import Publisher
from relay.serving import Message, Receive, Scope, Send
from relay.telemetry.metrics import DELIVERIES, DELIVERY_SECONDS, PUBLISH_SECONDS
from relay.telemetry.traces import traceparent
from relay.webhooks.answers import NOT_FOUND, OK, UNREADY, Outcome, answer, answers, method_not_allowed
from relay.webhooks.intake import Bounds, Intake, NotTaken
from relay.webhooks.notices import Notices
from relay.webhooks.vendor import Delivery, Headers, Vendor
from schemas.envelope import Event, sha256

READY_DEADLINE_S: Final = 2.0
_EVENT: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_GET_ONLY: Final = method_not_allowed("GET")
_POST_ONLY: Final = method_not_allowed("POST")
_TAKEN: Final = frozenset({Outcome.ACCEPTED, Outcome.FOREIGN, Outcome.EMPTY})

log = structlog.get_logger()


class _Entrance:
    """A vendor's door, with its answers and metrics looked up once."""

    __slots__ = ("answers", "counted", "seconds", "vendor")

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.answers = answers(vendor.overloaded)
        self.counted = {outcome: DELIVERIES.labels(vendor.name, outcome.value) for outcome in Outcome}
        self.seconds = DELIVERY_SECONDS.labels(vendor.name)


class Receiver:
    """An ASGI application; uvicorn calls it once per request, many at a time. It never waits without a deadline."""

    def __init__(
        self,
        *,
        vendors: Sequence[Vendor],
        publisher: Publisher,
        clock: Clock,
        bounds: Bounds,
        ack_deadline_s: float,
        ready: Callable[[], Awaitable[bool]],
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._intake = Intake(bounds)
        self._ack_deadline_s = ack_deadline_s
        self._ready = ready
        self._notices = Notices(clock)
        self._entrances: Mapping[str, _Entrance] = {f"/webhooks/{each.name}": _Entrance(each) for each in vendors}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            ValueError: it is no HTTP request; ASGI asks for an exception.
        """
        if scope["type"] != "http":
            raise ValueError(f"the public port speaks http, not {scope['type']}")
        path = scope["path"]
        entrance, event = self._entrances.get(path), ""
        if entrance is None:
            entrance, event = self._entrance_of_event(path)
        if entrance is None:
            await answer(send, await self._health(path, scope["method"]))
        elif scope["method"] != "POST":
            await answer(send, _POST_ONLY)
        else:
            await self._take(entrance, event, scope, receive, send)

    def _entrance_of_event(self, path: str) -> tuple[_Entrance | None, str]:
        base, _, event = path.rpartition("/")
        entrance = self._entrances.get(base)
        if entrance is None or not entrance.vendor.event_in_url or not _EVENT.fullmatch(event):
            return None, ""
        return entrance, event

    async def _health(self, path: str, method: str) -> Message:
        if path not in ("/livez", "/readyz"):
            return NOT_FOUND
        if method != "GET":
            return _GET_ONLY
        return OK if path == "/livez" or await self._is_ready() else UNREADY

    async def _is_ready(self) -> bool:
        try:
            async with asyncio.timeout(READY_DEADLINE_S):
                return await self._ready()
        except TimeoutError:
            return False

    async def _take(self, entrance: _Entrance, event: str, scope: Scope, receive: Receive, send: Send) -> None:
        started = self._clock.monotonic()
        outcome = await self._outcome(entrance.vendor, event, scope, receive)
        if outcome is not Outcome.GONE:
            await answer(send, entrance.answers[outcome])
        entrance.counted[outcome].inc()
        entrance.seconds.observe(self._clock.monotonic() - started)

    async def _outcome(self, vendor: Vendor, event: str, scope: Scope, receive: Receive) -> Outcome:
        try:
            outcome, cause = await self._delivered(vendor, event, headers_of(scope["headers"]), receive), None
        except NotTaken as refusal:
            outcome, cause = refusal.outcome, None
        except EventTooLarge:
            outcome, cause = Outcome.TOO_LARGE, EventTooLarge.__name__
        except (LogError, TimeoutError) as error:
            outcome, cause = Outcome.UNSTORED, type(error).__name__
        except Exception:
            # the edge of a request: without this uvicorn would answer a 500 with a body, which Xero counts as a fault
            log.exception("delivery.failed", vendor=vendor.name)
            return Outcome.FAILED
        if outcome not in _TAKEN:
            self._notices.refused(vendor.name, outcome, cause)
        return outcome

    async def _delivered(self, vendor: Vendor, event: str, headers: Headers, receive: Receive) -> Outcome:
        with self._intake.admitted() as load:
            body = await load.body(headers.get(b"content-length"), receive)
            if not vendor.genuine(headers, body):
                return Outcome.FORGED
            delivery_id = sha256(body)
            trace = traceparent(headers.get(b"traceparent"), delivery_id)
            contents = vendor.split(Delivery(delivery_id, body, event, self._clock.now(), trace))
            if contents.events:
                await self._publish(contents.events)
            return contents.outcome

    async def _publish(self, events: Sequence[Event]) -> None:
        started = self._clock.monotonic()
        async with asyncio.timeout(self._ack_deadline_s):
            await self._publisher.publish([event.record() for event in events])
        PUBLISH_SECONDS.observe(self._clock.monotonic() - started)


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return a request's headers by name; one sent twice keeps both values (RFC 9110, 5.3), so no signature hides."""
    headers: dict[bytes, bytes] = {}
    for name, value in raw:
        headers[name] = headers[name] + b", " + value if name in headers else value
    return headers
