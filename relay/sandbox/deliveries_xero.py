"""Xero's webhooks: one subscription, batches of events, one delivery at a time, and the switch-off after a bad day."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from relay.clock import Clock
from relay.sandbox.delivery import XERO_RETRIES, Delivery, Mischief, Parcel, State, Vendor
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.ghl_json import Json
from relay.sandbox.postman import Postman
from relay.sandbox.signers import Forgery, XeroSigner, forged

MOST_PENDING: Final = 10_000
BATCH: Final = 50  # Xero documents no maximum


@dataclass(frozen=True, slots=True)
class IntentAnswer:
    """One request of an intent-to-receive: whether it was well signed, the status, the portal's verdict."""

    well_signed: bool
    status: int | None
    accepted: bool


class XeroDeliveries:
    """Events wait in a bounded queue; `run` sends them until it is cancelled."""

    def __init__(self, *, clock: Clock, ids: Ids, postman: Postman, signer: XeroSigner, time_scale: float) -> None:
        self.mischief = Mischief()
        self.enabled = True  # false: switched off after 24 h of failures, until an intent-to-receive succeeds
        self.events_lost = 0
        self._clock = clock
        self._ids = ids
        self._postman = postman
        self._signer = signer
        self._time_scale = time_scale
        self._pending: deque[Json] = deque()
        self._again: deque[Delivery] = deque()  # past deliveries to send once more
        self._under_way: Delivery | None = None
        self._in_batch = 0
        self._wake = asyncio.Event()

    @property
    def unsettled(self) -> int:
        """Return how many events and repeats have not arrived."""
        return len(self._pending) + len(self._again) + self._in_batch

    @property
    def held(self) -> int:
        """Return how many events are held back."""
        return len(self._pending) if self.mischief.held else 0

    def fire(self, event: Json) -> None:
        """Take an event to deliver; never waits."""
        if self._postman.targets.xero is None or len(self._pending) >= MOST_PENDING:
            self.events_lost += 1
            return
        self._pending.append(event)
        self._wake.set()

    def repeat(self, parcel: Parcel, repeats: str) -> Delivery:
        """Send the bytes of a past delivery once more."""
        delivery = self._postman.accept(Vendor.XERO, parcel, repeats=repeats)
        if delivery.state is State.WAITING:
            self._again.append(delivery)
            self._wake.set()
        return delivery

    def release(self, order: Sequence[int] | None = None) -> int:
        """Let go what was held back, in the order of these positions; return how many there were."""
        held = list(self._pending)
        self._pending = deque(held[position] for position in (order if order is not None else range(len(held))))
        self.mischief.held = False
        self._wake.set()
        return len(held)

    async def intent_to_receive(self) -> Sequence[IntentAnswer]:
        """Ask the address whether it verifies: well signed parcels want 200, others 401. Success enables."""
        answers = []
        for how in (None, Forgery.ALTERED_SIGNATURE, None, Forgery.ALTERED_SIGNATURE):
            good = self._signer.intent()
            parcel = good if how is None else forged(good, how, self._ids)
            delivery = self._postman.accept(Vendor.XERO, parcel, forged=how is not None)
            status = await self._postman.attempt(delivery)
            wanted = delivery.state is State.DELIVERED if how is None else status == HTTPStatus.UNAUTHORIZED
            delivery.state = State.DELIVERED if wanted else State.GIVEN_UP
            answers.append(IntentAnswer(how is None, status, wanted))
        self.enabled = all(answer.accepted for answer in answers)
        self._wake.set()
        return answers

    def stop(self) -> int:
        """Return how many events and repeats stay undelivered; `run` has been cancelled."""
        for delivery in (*self._again, *filter(None, (self._under_way,))):
            delivery.state = State.LOST
        left = self.unsettled
        self._pending.clear()
        self._again.clear()
        self._in_batch = 0
        return left

    async def run(self) -> None:
        """Send what waits, one delivery after the other, until cancelled."""
        while True:
            self._wake.clear()
            while self.enabled and (delivery := self._next()):
                await self._carry(delivery)
                if self.enabled:
                    self._under_way, self._in_batch = None, 0
            await self._wake.wait()

    def _next(self) -> Delivery | None:
        if self._under_way:  # switched off in the middle: the same bytes go again
            return self._under_way
        if self._again:
            self._under_way, self._in_batch = self._again.popleft(), 1
        elif self._pending and not self.mischief.held:
            events = [self._pending.popleft() for _ in range(min(BATCH, len(self._pending)))]
            self._under_way = self._postman.accept(Vendor.XERO, self._signer.parcel(events))
            self._in_batch = len(events)
        return self._under_way

    async def _carry(self, delivery: Delivery) -> None:
        """Deliver, trying again as Xero does; after the last pause the subscription is switched off."""
        await self._clock.sleep(self.mischief.delay_s + self.mischief.jitter_s * self._ids.share())
        await self._postman.attempt(delivery)
        for pause_s in XERO_RETRIES.pauses_s:
            if delivery.state is State.DELIVERED:
                break
            await self._clock.sleep(pause_s * self._time_scale)
            await self._postman.attempt(delivery)
        if delivery.state is not State.DELIVERED:
            self.enabled = False
            return
        if delivery.repeats is None:
            for _ in range(self.mischief.duplicates):
                await self._postman.attempt(self._postman.accept(Vendor.XERO, delivery.parcel, repeats=delivery.id))
