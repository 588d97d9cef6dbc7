from pathlib import Path

import pytest

from relay.clock import FakeClock
from relay.store.connections import Connections, ConnectionState
from relay.store.errors import SettingsRejected
from tests.givens.store import connection, opened_store


@pytest.mark.parametrize("state", ConnectionState)
async def test_a_connection_keeps_its_state(tmp_path: Path, state: ConnectionState) -> None:
    async with opened_store(tmp_path) as database:
        connections = Connections(database, FakeClock())
        await connections.put(connection(), {}, by="anna")

        await connections.change_state("connection-1", state)

        assert await connections.get("connection-1") == connection(state=state)


async def test_a_misspelt_setting_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    async with opened_store(tmp_path) as database:
        with pytest.raises(SettingsRejected, match="did you mean push_payments"):
            await Connections(database, FakeClock()).put(connection(), {"push_payment": True}, by="anna")
