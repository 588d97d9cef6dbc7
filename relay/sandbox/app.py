"""Both simulated vendors as one ASGI app, with their webhooks, their faults and the control API.

A relay works against it with RELAY_XERO_API_URL=<here>/xero, RELAY_XERO_IDENTITY_URL=<here>/xero-identity and
RELAY_GHL_API_URL=<here>/ghl. Everything is in memory and gone at the end.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from relay.clock import Clock
from relay.sandbox.connection import ConnectionSheet, Joined
from relay.sandbox.control import Control
from relay.sandbox.deliveries import Deliveries, opened_deliveries
from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import Faults
from relay.sandbox.ghl import HighLevelSandbox
from relay.sandbox.ghl_behaviour import Behaviour
from relay.sandbox.ghl_deeds import HighLevelDeeds
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.xero import XeroSandbox

BUSINESS: Final = "Demo Business"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Both vendors, ready. `app` is to be served; the rest is for those in the same process."""

    app: ASGIApp
    xero: XeroSandbox
    ghl: HighLevelSandbox
    faults: Faults
    deliveries: Deliveries
    sheet: ConnectionSheet
    people: HighLevelDeeds


@asynccontextmanager
async def opened_sandbox(
    *,
    clock: Clock,
    seed: int = 1,
    time_scale: float = 1.0,
    behaviour: Behaviour | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Sandbox]:
    """Open both vendors with one business: a location joined to a demo organisation.

    Ids, keys and tokens are a function of `seed`. Pauses between the attempts of a webhook are multiplied by
    `time_scale`. `transport` replaces the network under the webhooks, for tests. At the end nothing is sent any more.
    """
    ids = Ids(seed)
    client_id = f"{ids.document()}-{ids.text(8).lower()}"
    app_id = client_id.split("-", maxsplit=1)[0]
    async with opened_deliveries(
        clock=clock, ids=ids, app_id=app_id, time_scale=time_scale, transport=transport
    ) as deliveries:
        yield _assembled(clock, ids, client_id, deliveries, behaviour)


def _assembled(clock: Clock, ids: Ids, client_id: str, deliveries: Deliveries, behaviour: Behaviour | None) -> Sandbox:
    ghl = HighLevelSandbox(
        clock=clock,
        ids=ids,
        fire=deliveries.fire_ghl,
        behaviour=behaviour,
        client_id=client_id,
        client_secret=ids.uuid(),
    )
    xero_client = ids.text(32).upper(), ids.text(48)
    xero = XeroSandbox(
        clock=clock,
        fire=deliveries.fire_xero,
        client_id=xero_client[0],
        client_secret=xero_client[1],
        ids=ids.uuid,
    )
    location = ghl.add_location(BUSINESS, ids.record())
    tenant_name = xero.books.tenants[xero.tenant_id].organisation.name
    sheet = ConnectionSheet(
        clock=clock,
        ghl=ghl,
        xero=xero,
        xero_client_id=xero_client[0],
        xero_client_secret=xero_client[1],
        deliveries=deliveries,
        joined=[Joined("demo", location, xero.tenant_id, tenant_name)],
    )
    people = HighLevelDeeds(clock=clock, ghl=ghl, deliveries=deliveries)
    faults = Faults(clock)
    control = Control(ghl=ghl, xero=xero, ghl_deeds=people, faults=faults, deliveries=deliveries, sheet=sheet)
    app = Starlette(
        routes=[
            Mount("/xero-identity", faults.around(xero.identity, Vendor.XERO)),
            Mount("/xero", faults.around(xero.api, Vendor.XERO)),
            Mount("/ghl", faults.around(ghl.api, Vendor.GHL)),
            Mount("/control", control.api),
        ]
    )
    return Sandbox(app, xero, ghl, faults, deliveries, sheet, people)
