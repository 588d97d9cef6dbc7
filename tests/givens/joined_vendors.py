"""The real clients of the sandbox's one business, on a clock that is told the time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx

from relay.clock import FakeClock
from relay.sandbox.app import Sandbox, opened_sandbox
from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind, Rule
from relay.sandbox.ghl_behaviour import Behaviour
from relay.store.grants import Grant
from relay.upstream.ports import GhlClient, XeroClient
from relay.upstream.vendors import OpenVendors, opened_vendors
from tests.givens.upstream import InMemoryGrants, InMemoryLeases
from tests.givens.upstream_settings import upstream_settings

HOST = "http://localhost"


@dataclass
class Joined:
    """The clients of the sandbox's one business, and what stands behind them."""

    sandbox: Sandbox
    clock: FakeClock
    grants: InMemoryGrants
    vendors: OpenVendors

    @property
    def tenant(self) -> str:
        return self.sandbox.sheet.tenant_id

    @property
    def xero(self) -> XeroClient:
        return self.vendors.xero(tenant_id=self.tenant, grant_id="xero-grant")

    @property
    def ghl(self) -> GhlClient:
        return self.vendors.ghl(location_id=self.sandbox.sheet.location_id, grant_id="ghl-grant")

    def fault(self, kind: FaultKind, vendor: Vendor, path: str, **rule: Any) -> None:
        self.sandbox.faults.add(Rule(kind, vendor, path=path, **rule))


@asynccontextmanager
async def joined(**behaviour: Any) -> AsyncIterator[Joined]:
    clock = FakeClock()
    async with opened_sandbox(clock=clock, behaviour=Behaviour(**behaviour)) as sandbox:
        keys, [connection] = sandbox.sheet.keys(), sandbox.sheet.connections()["connections"]
        grants = InMemoryGrants(
            *(
                Grant(
                    id=f"{vendor}-grant",
                    vendor=vendor,
                    **{**given, "expires_at": datetime.fromisoformat(given["expires_at"])},
                )
                for vendor, given in connection["grants"].items()
            )
        )
        named = ("ghl_client_id", "ghl_client_secret", "xero_client_id", "xero_client_secret")
        settings = upstream_settings(
            xero_api_url=f"{HOST}/xero",
            xero_identity_url=f"{HOST}/xero-identity",
            ghl_api_url=f"{HOST}/ghl",
            **{name: keys[name] for name in named},
        )
        transport = httpx.ASGITransport(sandbox.app)
        async with opened_vendors(settings, grants, InMemoryLeases(), clock, transport=transport) as vendors:
            yield Joined(sandbox, clock, grants, vendors)


def invoice(number: str, **changes: Any) -> dict[str, Any]:
    line = {"Description": "Work", "Quantity": 2, "UnitAmount": Decimal("10.1250"), "AccountCode": "200"}
    return {
        "Type": "ACCREC",
        "Contact": {"Name": "Sample Customer"},
        "InvoiceNumber": number,
        "Reference": f"ghl-{number}",
        "Date": "2026-11-02",
        "DueDate": "2026-11-16",
        "Status": "AUTHORISED",
        "LineAmountTypes": "NoTax",
        "LineItems": [line],
        **changes,
    }


def customer(world: Joined) -> str:
    told = {"firstName": "Ada", "lastName": "Byron", "email": "ada@example.com", "phone": "+61255501234"}
    return str(world.sandbox.people.do("contacts", told)["id"])


def sold(world: Joined, contact_id: str, amount: str = "100.10") -> str:
    told = {"contact_id": contact_id, "items": [{"name": "Work", "amount": Decimal(amount)}], "send": True}
    return str(world.sandbox.people.do("invoices", told)["_id"])
