"""HighLevel's webhooks: each delivery on its own, tried again by either of its two policies."""

import asyncio
from collections.abc import Sequence
from typing import Final

from relay.clock import Clock
from relay.sandbox.delivery import GHL_RETRIES, Delivery, GhlRetries, Mischief, Parcel, State, Vendor
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.postman import Postman

MOST_OPEN: Final = 10_000


class HighLevelDeliveries:
    """One task a delivery, all in the group handed in."""

    def __init__(
        self, *, clock: Clock, ids: Ids, postman: Postman, tasks: asyncio.TaskGroup, time_scale: float
    ) -> None:
        self.retries = GhlRetries.NEW
        self.mischief = Mischief()
        self._clock = clock
        self._ids = ids
        self._postman = postman
        self._tasks = tasks
        self._time_scale = time_scale
        self._held: list[Delivery] = []
        self._open: dict[asyncio.Task[None], Delivery] = {}
        self._closed = False

    @property
    def unsettled(self) -> int:
        """Return how many are under way or held back."""
        return len(self._open) + len(self._held)

    def send(self, parcel: Parcel, *, repeats: str | None = None) -> Delivery:
        """Take a parcel to deliver, as often as the mischief says; never waits."""
        delivery = self._postman.accept(Vendor.GHL, parcel, repeats=repeats)
        self._start(delivery)
        for _ in range(self.mischief.duplicates if repeats is None else 0):
            self._start(self._postman.accept(Vendor.GHL, parcel, repeats=delivery.id))
        return delivery

    def release(self, order: Sequence[int] | None = None) -> int:
        """Let go what was held back, in the order of these positions; return how many there were."""
        held, self._held = self._held, []
        self.mischief.held = False
        for position in order if order is not None else range(len(held)):
            held[position].state = State.WAITING
            self._start(held[position])
        return len(held)

    @property
    def held(self) -> int:
        """Return how many are held back."""
        return len(self._held)

    def stop(self) -> int:
        """Stop every task; return how many deliveries that leaves undelivered."""
        self._closed = True
        left = [*self._open.values(), *self._held]
        for task in self._open:
            task.cancel()
        for delivery in left:
            delivery.state = State.LOST
        self._held.clear()
        return len(left)

    def _start(self, delivery: Delivery) -> None:
        if delivery.state is State.LOST:
            return
        if self._closed or self.unsettled >= MOST_OPEN:
            delivery.state = State.LOST
        elif self.mischief.held:
            delivery.state = State.HELD
            self._held.append(delivery)
        else:
            task = self._tasks.create_task(self._carry(delivery))
            self._open[task] = delivery
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._open.pop(task, None)

    async def _carry(self, delivery: Delivery) -> None:
        await self._clock.sleep(self.mischief.delay_s + self.mischief.jitter_s * self._ids.share())
        policy = GHL_RETRIES[self.retries]
        status = await self._postman.attempt(delivery)
        for pause_s in policy.pauses_s:
            if delivery.state is State.DELIVERED or not policy.again(status):
                break
            await self._clock.sleep(pause_s * (1 + policy.jitter * self._ids.share()) * self._time_scale)
            status = await self._postman.attempt(delivery)
        if delivery.state is not State.DELIVERED:
            delivery.state = State.GIVEN_UP
