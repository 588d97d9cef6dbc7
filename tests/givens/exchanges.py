"""What was asked of an app and what it answered, as the bytes went over the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. Names of headers are in lower case."""

    method: str
    path: str  # as asked, the mount point included
    query: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}?{self.query} -> {self.status}"

    @property
    def said(self) -> dict[str, Any]:
        """Return all but method and path, as `check_exchange` takes it."""
        return {name: value for name, value in vars(self).items() if name not in {"method", "path"}}


@dataclass
class Recorder:
    """An ASGI app that hands every call on to another and remembers those below its mounts; all without any."""

    app: Any
    mounts: tuple[str, ...] = ("",)
    exchanges: list[Exchange] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self.mounts):
            await self.app(scope, receive, send)
            return
        asked, answered, start = bytearray(), bytearray(), {}

        async def listen() -> Any:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def tell(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            answered.extend(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, listen, tell)
        finally:
            if start:  # an app that fails has answered 500 before
                self.exchanges.append(
                    Exchange(
                        method=scope["method"],
                        path=scope["path"],
                        query=scope["query_string"].decode(),
                        request_headers=_text(scope["headers"]),
                        request_body=bytes(asked),
                        status=start["status"],
                        response_headers=_text(start.get("headers", ())),
                        response_body=bytes(answered),
                    )
                )


def _text(headers: Any) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in headers}
