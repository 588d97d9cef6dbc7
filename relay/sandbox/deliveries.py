"""The webhooks of both vendors: fired by the books, sent over HTTP, tried again, and bent by a person on request.

Everything runs in the task group handed in and ends with `stop`; what has not arrived then is counted.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any

import httpx
import structlog

from relay.clock import Clock
from relay.sandbox.deliveries_ghl import HighLevelDeliveries
from relay.sandbox.deliveries_xero import IntentAnswer, XeroDeliveries
from relay.sandbox.delivery import Delivery, Mischief, Parcel, State, Targets, Vendor
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.ghl_json import Document, Json
from relay.sandbox.postman import Postman
from relay.sandbox.signers import Forgery, HighLevelSigner, XeroSigner, forged, xero_event

log = structlog.get_logger()


class Order(StrEnum):
    """The order in which held deliveries are let go."""

    AS_FIRED = "as_fired"
    REVERSED = "reversed"
    SHUFFLED = "shuffled"


@asynccontextmanager
async def opened_deliveries(
    *,
    clock: Clock,
    ids: Ids,
    app_id: str,
    time_scale: float = 1.0,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator["Deliveries"]:
    """Open both vendors' webhooks; at the end nothing is sent any more. `transport` replaces the network, for tests.

    Pauses between attempts are multiplied by `time_scale`.
    """
    failed: Exception | None = None
    async with httpx.AsyncClient(transport=transport, trust_env=False) as http, asyncio.TaskGroup() as tasks:
        deliveries = Deliveries(clock=clock, ids=ids, http=http, tasks=tasks, app_id=app_id, time_scale=time_scale)
        try:
            yield deliveries
        except Exception as error:  # noqa: BLE001 - carried past the group as it is, not as a group of one
            failed = error
        finally:
            deliveries.stop()
    if failed is not None:
        raise failed


class Deliveries:
    """Both vendors' webhooks. Made by `opened_deliveries`."""

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        http: httpx.AsyncClient,
        tasks: asyncio.TaskGroup,
        app_id: str,
        time_scale: float,
    ) -> None:
        self.targets = Targets()
        self.ghl_signer = HighLevelSigner(clock=clock, ids=ids, app_id=app_id)
        self.xero_signer = XeroSigner(ids=ids, key=ids.webhook_key())
        self._ids = ids
        self._postman = Postman(clock=clock, ids=ids, http=http, targets=self.targets)
        self.ghl = HighLevelDeliveries(clock=clock, ids=ids, postman=self._postman, tasks=tasks, time_scale=time_scale)
        self.xero = XeroDeliveries(
            clock=clock, ids=ids, postman=self._postman, signer=self.xero_signer, time_scale=time_scale
        )
        self._xero_run = tasks.create_task(self.xero.run())

    @property
    def unsettled(self) -> int:
        """Return how many deliveries and events are under way, waiting or held."""
        return self.ghl.unsettled + self.xero.unsettled

    def fire_ghl(self, event: str, location_id: str, document: Document) -> None:
        """Take an event of HighLevel's books; never waits."""
        self.ghl.send(self.ghl_signer.parcel(event, location_id, document))

    def fire_app(self, event: str, fields: Json) -> Delivery:
        """Take INSTALL or UNINSTALL; never waits."""
        return self.ghl.send(self.ghl_signer.app_parcel(event, fields))

    def fire_xero(
        self,
        *,
        tenant_id: str,
        category: str,
        type: str,  # noqa: A002 - Xero's word
        resource_id: str,
        at: datetime,
        data: Json | None = None,
    ) -> None:
        """Take an event of Xero's books; never waits."""
        self.xero.fire(
            xero_event(tenant_id=tenant_id, category=category, kind=type, resource_id=resource_id, at=at, data=data)
        )

    def send_raw(self, vendor: Vendor, event: str, body: bytes) -> Delivery:
        """Send any bytes, genuinely signed: what a vendor might send one day."""
        if vendor is Vendor.GHL:
            return self.ghl.send(self.ghl_signer.signed(event, body))
        return self.xero.repeat(self.xero_signer.signed(event, body), "")

    def bend(self, vendor: Vendor, mischief: Mischief) -> None:
        """Set what happens to a vendor's deliveries from now on; held ones stay held until released."""
        self._of(vendor).mischief = mischief

    def release(self, vendor: Vendor, order: Order = Order.AS_FIRED) -> int:
        """Let go what was held back; return how many there were."""
        side = self._of(vendor)
        positions = list(range(side.held))
        if order is Order.REVERSED:
            positions.reverse()
        elif order is Order.SHUFFLED:
            positions = self._ids.shuffled(positions)
        return side.release(positions)

    def resend(self, delivery_ids: Sequence[str] | None = None) -> Sequence[str]:
        """Send past deliveries once more, the same bytes; None: every genuine first one. Return the new ids.

        Raises:
            LookupError: there is no delivery of such an id.
        """
        if delivery_ids is None:
            chosen = [one for one in self._postman.deliveries() if one.repeats is None and not one.forged]
            chosen = [one for one in chosen if one.state in {State.DELIVERED, State.GIVEN_UP}]
        else:
            found = {one: self._postman.find(one) for one in delivery_ids}
            if missing := [key for key, one in found.items() if one is None]:
                raise LookupError(f"no delivery {missing[0]}")
            chosen = [one for one in found.values() if one is not None]
        return [self._repeat(one).id for one in chosen]

    async def forge(self, vendor: Vendor, how: Forgery, event: str = "InvoicePaid") -> int | None:
        """Send a forged parcel, made from the last genuine one of the vendor; return the answer's status."""
        genuine = [one.parcel for one in self._postman.deliveries(vendor) if not one.forged]
        parcel = forged(genuine[-1] if genuine else self._sample(vendor, event), how, self._ids)
        delivery = self._postman.accept(vendor, parcel, forged=True)
        status = await self._postman.attempt(delivery)
        if delivery.state is not State.DELIVERED:
            delivery.state = State.GIVEN_UP
        return status

    async def intent_to_receive(self) -> Sequence[IntentAnswer]:
        """Run Xero's intent-to-receive against the address."""
        return await self.xero.intent_to_receive()

    def report(self) -> dict[str, Any]:
        """Return every delivery that is remembered, and the counts."""
        return {
            "counts": self._postman.counts(),
            "unsettled": self.unsettled,
            "held": {"ghl": self.ghl.held, "xero": self.xero.held},
            "xero_enabled": self.xero.enabled,
            "xero_events_lost": self.xero.events_lost,
            "deliveries": [one.record() for one in self._postman.deliveries()],
        }

    def stop(self) -> int:
        """End every task; return how many deliveries and events have not arrived."""
        self._xero_run.cancel()
        left = self.ghl.stop() + self.xero.stop()
        if left:
            log.warning("deliveries.abandoned", count=left)
        return left

    def _repeat(self, delivery: Delivery) -> Delivery:
        if delivery.vendor is Vendor.GHL:
            return self.ghl.send(delivery.parcel, repeats=delivery.id)
        return self.xero.repeat(delivery.parcel, delivery.id)

    def _sample(self, vendor: Vendor, event: str) -> Parcel:
        if vendor is Vendor.XERO:
            return self.xero_signer.intent()
        return self.ghl_signer.parcel(event, self._ids.record(), {"_id": self._ids.document(), "status": "paid"})

    def _of(self, vendor: Vendor) -> HighLevelDeliveries | XeroDeliveries:
        return self.ghl if vendor is Vendor.GHL else self.xero
