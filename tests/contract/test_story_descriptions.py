"""The demo's story against the vendors' own descriptions: every request of the relay and every answer it got.

The known faults stand in tests/givens/known_faults.py; test_ghl_description.py and test_xero_description.py fail when
one is stale.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any

from relay.cli.demo import WITHIN_S, demonstrating
from relay.sandbox.story import STORY, played
from tests.givens.descriptions import check_exchange
from tests.givens.exchanges import Exchange, Recorder

MOUNTS = ("/xero/", "/xero-identity/", "/ghl/")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-zA-Z]{20,}")
# what the story cannot do without; which reads it takes is the relay's affair
WRITES = {
    ("POST", "/ghl/contacts/{id}/tags", 201),
    ("DELETE", "/ghl/contacts/{id}/tags", 200),
    ("POST", "/ghl/invoices/{id}/record-payment", 200),
    ("PUT", "/xero/api.xro/2.0/Contacts", 200),
    ("PUT", "/xero/api.xro/2.0/Invoices", 200),
    ("POST", "/xero/api.xro/2.0/Invoices", 200),
}


def found(exchange: Exchange) -> list[str]:
    vendor = "ghl" if exchange.path.startswith("/ghl/") else "xero"
    return check_exchange(vendor, exchange.method, exchange.path, **exchange.said)


def kinds(exchanges: list[Exchange]) -> Counter[tuple[str, str, int]]:
    return Counter((each.method, ID.sub("{id}", each.path), each.status) for each in exchanges)


async def test_every_exchange_of_the_demo_fits_the_descriptions(vendor_material: Path, tmp_path: Path) -> None:
    heard: list[Recorder] = []

    def listening(app: Any) -> Recorder:
        heard.append(Recorder(app, MOUNTS))
        return heard[0]

    async with demonstrating(tmp_path, listening) as world:
        failures = [failure for step in STORY if (failure := await played(step, world, WITHIN_S))]
        calls = await world.client.calls()
    exchanges = heard[0].exchanges
    differences = [f"{exchange}: {difference}" for exchange in exchanges for difference in found(exchange)]

    print(f"{len(exchanges)} exchanges of {len(kinds(exchanges))} kinds held against the descriptions")
    assert failures == []
    assert len(exchanges) >= len(calls["ghl"]) + len(calls["xero"]) > 0  # nothing went by unheard
    assert kinds(exchanges).keys() >= WRITES
    assert 429 in {exchange.status for exchange in exchanges}
    assert differences == []
