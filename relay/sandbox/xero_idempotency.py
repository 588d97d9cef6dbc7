"""Idempotency-Key: the first answer again, byte for byte, for six minutes from the first call; errors as well."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from relay.clock import Clock
from relay.sandbox.xero_errors import refused

KEPT_S: Final = 360.0
LONGEST_KEY: Final = 128
# how long a repeat waits for the first call to end; the first one does no I/O but a simulated delay
WAIT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, as it can be given again."""

    status: int
    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Entry:
    request: bytes
    since: float
    answer: asyncio.Future[Answer]


class Idempotency:
    """The keys of one app."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    async def once(self, key: str, request: bytes, perform: Callable[[], Awaitable[Answer]]) -> Answer:
        """Perform the request, or return the answer that its key has got already.

        A repeat that comes while the first call runs waits for it; when that one is cancelled, the repeat is performed.

        Raises:
            Refusal: 400, the key is too long, or belongs to another request.
            TimeoutError: the first call does not end.
        """
        if len(key) > LONGEST_KEY:
            raise refused(f"Idempotency Key must not be longer than {LONGEST_KEY} characters")
        self._forget()
        digest = sha256(request).digest()
        while entry := self._entries.get(key):
            if entry.request != digest:
                raise refused(f"Idempotency Key: {key} is used with a different request.")
            async with asyncio.timeout(WAIT_S):
                await asyncio.wait([entry.answer])
            if not entry.answer.cancelled():
                return entry.answer.result()
        entry = _Entry(digest, self._clock.monotonic(), asyncio.get_running_loop().create_future())
        self._entries[key] = entry
        try:
            answer = await perform()
        except BaseException:
            if self._entries.get(key) is entry:
                del self._entries[key]
            entry.answer.cancel()
            raise
        entry.answer.set_result(answer)
        return answer

    def _forget(self) -> None:
        """Drop what is older than six minutes; entries stand in the order of their first call."""
        oldest = self._clock.monotonic() - KEPT_S
        for key, entry in list(self._entries.items()):
            if entry.since > oldest:
                return
            del self._entries[key]
