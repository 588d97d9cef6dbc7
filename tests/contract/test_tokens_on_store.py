"""Two processes, one grant, a real database: one refresh, stored and encrypted."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet

from relay.clock import SystemClock
from relay.store import schema
from relay.store.engine import opened_database
from relay.store.grants import Grants
from relay.store.leases import Leases
from relay.upstream.oauth import opened_tokens
from relay.upstream.token_endpoint import TokenEndpoint
from relay.vault import Vault
from tests.givens.upstream import TokenVendor, grant, http


async def test_processes_that_need_a_token_at_once_refresh_it_once(tmp_path: Path) -> None:
    url, clock = f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}", SystemClock()
    vault, vendor = Vault([Fernet.generate_key().decode()]), TokenVendor(grace=False)
    endpoint = TokenEndpoint("ghl", http(vendor), "https://x/token", {}, None, previous_works=False)
    async with opened_database(url) as one, opened_database(url) as other:
        await schema.upgrade(one)
        await Grants(one, vault).put(grant(vendor="ghl", expires_at=datetime.now(UTC) - timedelta(hours=1)))

        async with (
            opened_tokens(Grants(one, vault), Leases(one, clock, "one"), clock, {"ghl": endpoint}) as of_one,
            opened_tokens(Grants(other, vault), Leases(other, clock, "other"), clock, {"ghl": endpoint}) as of_other,
        ):
            found = await asyncio.gather(*(each.access_token("grant-1") for each in (of_one, of_other) * 5))
        stored = await Grants(one, vault).get("grant-1")

    assert set(found) == {"access-1"}
    assert len(vendor.questions) == 1
    assert stored is not None
    assert (stored.refresh_token, stored.previous_refresh_token) == (vendor.current, "refresh-0")
