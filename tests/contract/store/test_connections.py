import asyncio
from dataclasses import replace
from typing import Any

import pytest

from relay.clock import FakeClock
from relay.store.connections import Connections, ConnectionState
from relay.store.engine import Database, opened_database
from relay.store.errors import Conflict, Missing, SettingsRejected
from schemas.connection_settings import ConnectionSettings, settings_from
from tests.givens.store import connection

RICH = {
    "default_account_code": "200",
    "push_since": "2026-01-31",
    "default_tracking": [{"name": "Region", "option": "North"}],
    "item_map": {"price-1": {"account_code": "210"}},
    "crm_status": {"paid": {"add_tags": ["invoice paid"], "opportunity": {"status": "won"}}},
}


@pytest.fixture
def connections(database: Database) -> Connections:
    return Connections(database, FakeClock())


async def test_what_was_put_is_found_by_id_location_and_tenant(connections: Connections) -> None:
    mine = connection()

    await connections.put(mine, RICH, by="anna")

    assert await connections.get(mine.id) == mine
    assert await connections.of_location(mine.location_id) == mine
    assert await connections.of_tenant(mine.tenant_id) == [mine]
    assert await connections.all() == [mine]
    assert await connections.settings(mine.id) == (1, settings_from(RICH))
    assert await connections.get("another") is None


async def test_two_connections_share_a_tenant_but_never_a_location(connections: Connections) -> None:
    await connections.put(connection(), {}, by="anna")
    await connections.put(connection(id="connection-2", location_id="location-2"), {}, by="anna")

    with pytest.raises(Conflict):
        await connections.put(connection(id="connection-3"), {}, by="anna")

    assert [each.id for each in await connections.of_tenant("tenant-1")] == ["connection-1", "connection-2"]


async def test_a_disconnected_location_may_be_connected_anew(connections: Connections) -> None:
    await connections.put(connection(), {}, by="anna")

    await connections.change_state("connection-1", ConnectionState.DISCONNECTED)
    assert await connections.of_location("location-1") is None
    await connections.put(connection(id="connection-2"), {}, by="anna")

    assert (await connections.of_location("location-1")) == connection(id="connection-2")
    assert [each.id for each in await connections.of_tenant("tenant-1")] == ["connection-2"]
    with pytest.raises(Conflict):
        await connections.change_state("connection-1", ConnectionState.ACTIVE)


async def test_putting_again_makes_a_version_only_when_settings_differ(connections: Connections) -> None:
    await connections.put(connection(), RICH, by="anna")
    await connections.put(connection(name="Renamed"), RICH, by="anna")
    assert await connections.get("connection-1") == connection(name="Renamed")

    await connections.put(connection(), RICH | {"push_payments": True}, by="ben")

    version, settings = await connections.settings("connection-1")
    assert (version, settings.push_payments) == (2, True)
    assert await connections.get("connection-1") == replace(connection(), settings_version=2)
    versions = await connections.versions("connection-1")
    assert [(each.version, each.by) for each in versions] == [(2, "ben"), (1, "anna")]
    assert versions[0].at == FakeClock().now()


async def test_a_change_replaces_its_keys_and_none_resets_one(connections: Connections) -> None:
    await connections.put(connection(), {"default_account_code": "200", "timezone": "Europe/Paris"}, by="anna")

    version = await connections.change_settings("connection-1", {"timezone": None, "push_payments": True}, by="ben")

    expected = ConnectionSettings(default_account_code="200", push_payments=True)
    assert (version, await connections.settings("connection-1")) == (2, (2, expected))


async def test_a_change_that_changes_nothing_makes_no_version(connections: Connections) -> None:
    await connections.put(connection(), {"default_account_code": "200"}, by="anna")

    version = await connections.change_settings("connection-1", {"default_account_code": "200"}, by="ben")

    assert (version, len(await connections.versions("connection-1"))) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        pytest.param({"default_acount_code": "1"}, "default_acount_code", "default_account_code", id="misspelt"),
        pytest.param({"push_draft": None}, "push_draft", "push_drafts", id="misspelt, to be reset"),
        pytest.param({"rounding_limit": -1}, "rounding_limit", "greater than or equal to 0", id="out of range"),
        pytest.param({"item_map": {"p": {"code": "1"}}}, "item_map.p.code", "not permitted", id="inside a mapping"),
    ],
)
async def test_what_does_not_fit_is_refused_with_field_and_words_and_changes_nothing(
    connections: Connections, changes: dict[str, Any], field: str, words: str
) -> None:
    await connections.put(connection(), RICH, by="anna")

    with pytest.raises(SettingsRejected) as caught:
        await connections.change_settings("connection-1", changes, by="ben")
    with pytest.raises(SettingsRejected):
        await connections.put(connection(name="Renamed"), changes, by="ben")

    assert caught.value.field == field
    assert words in caught.value.words
    assert await connections.settings("connection-1") == (1, settings_from(RICH))
    assert await connections.get("connection-1") == connection()


async def test_settings_of_nobody_are_missing(connections: Connections) -> None:
    with pytest.raises(Missing, match="connection-9"):
        await connections.settings("connection-9")
    with pytest.raises(Missing, match="connection-9"):
        await connections.change_settings("connection-9", {}, by="anna")
    with pytest.raises(Missing, match="connection-9"):
        await connections.change_state("connection-9", ConnectionState.PAUSED)


async def test_people_who_change_at_once_all_get_their_change(database_url: str, connections: Connections) -> None:
    await connections.put(connection(), {}, by="anna")
    changes = [{"payment_terms_days": 30}, {"default_account_code": "200"}, {"timezone": "UTC"}, {"push_drafts": False}]

    async with opened_database(database_url) as other, asyncio.TaskGroup() as tasks:
        for number, change in enumerate(changes):
            store = (connections, Connections(other, FakeClock()))[number % 2]
            tasks.create_task(store.change_settings("connection-1", change, by="anna"))

    expected = settings_from({name: value for change in changes for name, value in change.items()})
    assert await connections.settings("connection-1") == (5, expected)
    assert [each.version for each in await connections.versions("connection-1")] == [5, 4, 3, 2, 1]
