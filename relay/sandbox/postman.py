"""Carries one parcel over HTTP and writes down how it went; the book of all deliveries."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

import httpx

from relay.clock import Clock
from relay.sandbox.delivery import Attempt, Delivery, Parcel, State, Targets, Vendor
from relay.sandbox.ghl_ids import Ids

TIMEOUT_S: Final = {Vendor.GHL: 10.0, Vendor.XERO: 5.0}  # HighLevel documents none
KEPT: Final = 20_000  # deliveries remembered
AT_ONCE: Final = 64  # requests in flight


class Postman:
    """Both vendors' way out. Remembers the newest deliveries, oldest forgotten first."""

    def __init__(self, *, clock: Clock, ids: Ids, http: httpx.AsyncClient, targets: Targets) -> None:
        self.targets = targets
        self._clock = clock
        self._ids = ids
        self._http = http
        self._book: dict[str, Delivery] = {}
        self._in_flight = asyncio.Semaphore(AT_ONCE)

    def accept(self, vendor: Vendor, parcel: Parcel, *, repeats: str | None = None, forged: bool = False) -> Delivery:
        """Return a new delivery, entered in the book; without an address it is lost at once."""
        delivery = Delivery(self._ids.uuid(), vendor, parcel, self._clock.now(), repeats=repeats, forged=forged)
        if self.targets.url(vendor, parcel.event) is None:
            delivery.state = State.LOST
        self._book[delivery.id] = delivery
        if len(self._book) > KEPT:
            del self._book[next(iter(self._book))]
        return delivery

    def deliveries(self, vendor: Vendor | None = None) -> Sequence[Delivery]:
        """Return what the book holds, oldest first."""
        return [one for one in self._book.values() if vendor in {None, one.vendor}]

    def find(self, delivery_id: str) -> Delivery | None:
        """Return a delivery by id."""
        return self._book.get(delivery_id)

    def counts(self) -> Mapping[str, int]:
        """Return how many deliveries are in each state."""
        found = Counter(one.state.value for one in self._book.values())
        return {state.value: found[state.value] for state in State}

    async def attempt(self, delivery: Delivery) -> int | None:
        """Send the parcel once, within the vendor's time-out; return the status, None when no answer came.

        The delivery is `delivered` when the vendor would count it so, and keeps its state otherwise.
        """
        url = self.targets.url(delivery.vendor, delivery.parcel.event)
        began, at = self._clock.monotonic(), self._clock.now()
        status: int | None = None
        error: str | None = "no address"
        if url is not None:
            async with self._in_flight:
                status, error = await self._posted(url, delivery)
        duration_ms = (self._clock.monotonic() - began) * 1000
        delivery.attempts.append(Attempt(at, status, duration_ms, error))
        if error is None:
            delivery.state = State.DELIVERED
        return status

    async def _posted(self, url: str, delivery: Delivery) -> tuple[int | None, str | None]:
        parcel = delivery.parcel
        try:
            async with asyncio.timeout(TIMEOUT_S[delivery.vendor]):
                answer = await self._http.post(url, content=parcel.body, headers=dict(parcel.headers))
        except TimeoutError:
            return None, "timeout"
        except httpx.HTTPError as failure:
            return None, type(failure).__name__
        return answer.status_code, _CONTENT[delivery.vendor](answer)


def _ghl_content(answer: httpx.Response) -> str | None:
    return None if answer.is_success else f"status {answer.status_code}"


def _xero_content(answer: httpx.Response) -> str | None:
    """Return the portal's words for an answer that does not count: anything but 200, a body, a cookie."""
    if answer.status_code != HTTPStatus.OK:
        return "Response not 200"
    if answer.content:
        return "Response contains a body"
    return "Response contains a cookie" if "set-cookie" in answer.headers else None


_CONTENT: Final[Mapping[Vendor, Callable[[httpx.Response], str | None]]] = {
    Vendor.GHL: _ghl_content,
    Vendor.XERO: _xero_content,
}
