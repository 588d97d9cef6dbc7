"""A write to Xero: a row first, then the request; the same request under the same key while its answer is unknown."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, Protocol, TypeVar

from relay.clock import Clock
from relay.store.writes import Write, Writes
from relay.upstream.call import Request
from relay.upstream.errors import KeyReused, OutcomeUnknown, Refused
from relay.upstream.ports import ElementRefused, Json

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

REPEATABLE: Final = timedelta(minutes=5)  # Xero keeps a key for six minutes from the first call


class Call(Protocol[T_co]):
    """A client's method that writes elements."""

    def __call__(self, elements: Sequence[Json], /, *, key: str) -> Awaitable[Sequence[T_co | ElementRefused]]:
        """Send them; one answer each."""


@dataclass(frozen=True, slots=True)
class Order(Generic[T]):
    """One element to write: the request it makes, and what sends it."""

    tenant_id: str
    subject: str  # whose write it is: a link, or a contact
    element: Json
    request: Callable[[Sequence[Json], str], Request]
    call: Call[T]


class Sender:
    """Sends one write after the other. Its caller holds the lease of the subject."""

    def __init__(self, writes: Writes, clock: Clock) -> None:
        self._writes = writes
        self._clock = clock

    async def send(self, order: Order[T]) -> T | ElementRefused:
        """Write an element; the row of the write is durable before the request goes out.

        A success stays open until the caller has stored what it learned and says `settled`: whoever dies in between
        finds it, and the same request brings the same answer.

        Raises:
            OutcomeUnknown: it may have landed; the next run must look, or repeat it within `REPEATABLE`.
            UpstreamError: it did not land.
        """
        return await self.repeat(await self._recorded(order), order)

    async def repeat(self, write: Write, order: Order[T]) -> T | ElementRefused:
        """Send a recorded write (again) under its key; raises as `send`."""
        try:
            [answer] = await order.call([order.element], key=write.key)
        except KeyReused as error:
            await self._writes.answered(write.key, self._clock.now())
            raise OutcomeUnknown(str(error)) from error  # nobody knows what that key did: look, then a new one
        except Refused as error:
            answer = ElementRefused(error.messages or (str(error),))
        if isinstance(answer, ElementRefused):
            await self._writes.answered(write.key, self._clock.now())
        return answer

    async def settled(self, subject: str) -> None:
        """Say that nothing of a subject is under way: what its writes did is stored, or was looked up."""
        while (write := await self._writes.open_of(subject)) is not None:
            await self._writes.answered(write.key, self._clock.now())

    async def _recorded(self, order: Order[T]) -> Write:
        """Return the open row of this very request, new unless an earlier try of it has no answer yet.

        A key with an answer is not used again: Xero would repeat that answer, though things have changed since.
        """
        request = order.request([order.element], "")
        body = request.body or b""
        key = _key(order.tenant_id, order.subject, request.method, request.path, body.decode())
        while True:
            write = await self._writes.record(
                Write(
                    key=key,
                    tenant_id=order.tenant_id,
                    method=request.method,
                    path=request.path,
                    body=body,
                    subjects=(order.subject,),
                    sent_at=self._clock.now(),
                )
            )
            if write.answered_at is None:
                return write
            key = _key(key, write.answered_at.isoformat())


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
