"""The admin port of every process: `/metrics`, `/livez`, `/readyz`, and how late its event loop runs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final

import orjson
import structlog

from relay.clock import Clock
from relay.serving import Receive, Scope, Send
from relay.telemetry.metrics import LOOP_LAG_SECONDS, exposition

READY_DEADLINE_S: Final = 2.0
LAG_EVERY_S: Final = 1.0
_JSON: Final = "application/json"

Check = Callable[[], Awaitable[bool]]

log = structlog.get_logger()


class Health:
    """An ASGI application. Alive means that the loop answers; ready, that every named check says yes in time."""

    def __init__(self, checks: Mapping[str, Check], *, deadline_s: float = READY_DEADLINE_S) -> None:
        self._checks = checks
        self._deadline_s = deadline_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Answer one request.

        Raises:
            ValueError: it is no HTTP request; ASGI asks for an exception.
        """
        if scope["type"] != "http":
            raise ValueError(f"the admin port speaks http, not {scope['type']}")
        status, content_type, body = await self._page(scope["path"], scope["method"])
        headers = [(b"content-type", content_type.encode("ascii")), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _page(self, path: str, method: str) -> tuple[HTTPStatus, str, bytes]:
        if path not in ("/metrics", "/livez", "/readyz"):
            return HTTPStatus.NOT_FOUND, _JSON, b"{}"
        if method != "GET":
            return HTTPStatus.METHOD_NOT_ALLOWED, _JSON, b"{}"
        if path == "/metrics":
            page, content_type = exposition()
            return HTTPStatus.OK, content_type, page
        if path == "/livez":
            return HTTPStatus.OK, _JSON, b'{"alive":true}'
        missing = await self.not_ready()
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        return status, _JSON, orjson.dumps({"ready": not missing, "not_ready": missing})

    async def not_ready(self) -> list[str]:
        """Return the names of the checks that say no, fail, or do not answer within the deadline. All run together."""
        async with asyncio.TaskGroup() as tasks:
            running = {name: tasks.create_task(self._passes(name, check)) for name, check in self._checks.items()}
        return [name for name, task in running.items() if not task.result()]

    async def _passes(self, name: str, check: Check) -> bool:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await check()
        except TimeoutError:
            return False
        except Exception:
            # the edge of a check: whatever breaks in it means that this process is not ready
            log.exception("check.failed", check=name)
            return False


async def watch_loop_lag(clock: Clock) -> None:
    """Measure once a second how late the loop wakes us, until cancelled. One task per process."""
    while True:
        due = clock.monotonic() + LAG_EVERY_S
        await clock.sleep(LAG_EVERY_S)
        LOOP_LAG_SECONDS.set(max(0.0, clock.monotonic() - due))
