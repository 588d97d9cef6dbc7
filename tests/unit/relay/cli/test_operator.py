from dataclasses import replace

from relay.cli import wiring
from relay.cli.operator import OperatorAtHand
from relay.settings import Settings
from relay.store.parked import ParkedState
from tests.givens.runtime import a_connection, a_parked


async def test_an_operator_changes_a_setting_and_sends_failures_again(tmp_path):
    settings = Settings(data_dir=tmp_path / "data")
    async with wiring.opened_stores(settings) as stores, wiring.opened_log(settings) as log:
        await stores.connections.put(a_connection(), {}, by="test")
        await stores.parked.save([replace(a_parked(1), state=ParkedState.DEAD)])
        operator = OperatorAtHand("acme", stores, log)

        await operator.change("default_account_code", "200")
        sent = await operator.redrive()

        _, changed = await stores.connections.settings("acme")
        left = await operator.reasons("dead")
    assert (changed.default_account_code, sent, left) == ("200", 1, [])
