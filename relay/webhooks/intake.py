"""The bounds of what is taken in: size of a body while it is read, requests and bytes in flight, time.

NotTaken
├── TooLarge     more than our limit, by its Content-Length or by what came   -> 413
├── Overloaded   too many requests or bytes in flight                         -> come again
├── Slow         the body was not complete in time                            -> come again
└── Gone         the vendor left                                              -> nobody to answer
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Self

from relay.serving import Message, Receive
from relay.settings import Settings
from relay.webhooks.answers import Outcome

_MAX_DIGITS: Final = 18  # of a Content-Length; Python refuses to read thousands of them


class NotTaken(Exception):
    """Root of why a body was not taken in; `outcome` says what to answer."""

    outcome = Outcome.OVERLOADED


class TooLarge(NotTaken):
    """Larger than our limit."""

    outcome = Outcome.TOO_LARGE


class Overloaded(NotTaken):
    """Too much in flight."""


class Slow(NotTaken):
    """Not complete in time."""

    outcome = Outcome.SLOW


class Gone(NotTaken):
    """The vendor left."""

    outcome = Outcome.GONE


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is taken in, and how long a body may take."""

    max_body_bytes: int
    max_in_flight: int
    max_bytes_in_flight: int
    read_deadline_s: float

    def __post_init__(self) -> None:
        if not 0 < self.max_body_bytes <= self.max_bytes_in_flight or self.max_in_flight < 1:
            raise ValueError(f"{self}: one body must fit into the bytes in flight")


def bounds(settings: Settings) -> Bounds:
    """Return the bounds of an installation. Reading may take as long as storing: Xero leaves after five seconds."""
    return Bounds(
        max_body_bytes=min(settings.max_body_bytes, settings.max_bytes_in_flight),
        max_in_flight=settings.max_in_flight,
        max_bytes_in_flight=settings.max_bytes_in_flight,
        read_deadline_s=settings.ack_deadline_s,
    )


class Intake:
    """Counts what is in flight in this process. `with intake.admitted() as load` holds a request's share."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self.requests = 0
        self.bytes = 0

    def admitted(self) -> "Load":
        """Return a share for one request.

        Raises:
            Overloaded: as many as allowed are in flight.
        """
        if self.requests >= self._bounds.max_in_flight:
            raise Overloaded
        return Load(self, self._bounds)


class Load:
    """One request's share of what is in flight, given back when its `with` ends."""

    __slots__ = ("_bounds", "_held", "_intake")

    def __init__(self, intake: Intake, bounds: Bounds) -> None:
        self._intake = intake
        self._bounds = bounds
        self._held = 0

    def __enter__(self) -> Self:
        self._intake.requests += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._intake.requests -= 1
        self._intake.bytes -= self._held

    async def body(self, declared: bytes | None, receive: Receive) -> bytes:
        """Return the whole body; `declared` is the Content-Length, believed only where it is too large.

        Raises:
            NotTaken: one of its leaves; nothing more of the request is read.
        """
        self._foresee(declared)
        try:
            async with asyncio.timeout(self._bounds.read_deadline_s):
                return await self._read(receive)
        except TimeoutError as error:
            raise Slow from error

    def _foresee(self, declared: bytes | None) -> None:
        if declared is None or not declared.isdigit():
            return
        size = int(declared) if len(declared) <= _MAX_DIGITS else self._bounds.max_body_bytes + 1
        if size > self._bounds.max_body_bytes:
            raise TooLarge
        if self._intake.bytes + size > self._bounds.max_bytes_in_flight:
            raise Overloaded

    async def _read(self, receive: Receive) -> bytes:
        message = await receive()
        piece = self._taken(message)
        if not message.get("more_body", False):
            return piece  # the usual case: one piece, not copied
        body = bytearray(piece)  # a list of pieces would cost many times its bytes when they are tiny
        while message.get("more_body", False):
            message = await receive()
            body += self._taken(message)
        return bytes(body)

    def _taken(self, message: Message) -> bytes:
        if message["type"] != "http.request":
            raise Gone
        piece: bytes = message.get("body", b"")
        self._held += len(piece)
        self._intake.bytes += len(piece)
        if self._held > self._bounds.max_body_bytes:
            raise TooLarge
        if self._intake.bytes > self._bounds.max_bytes_in_flight:
            raise Overloaded
        return piece
