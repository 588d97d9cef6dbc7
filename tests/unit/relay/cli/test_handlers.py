import asyncio

from relay.cli import wiring
from relay.cli.handlers import NAMES, consuming
from relay.settings import Settings


async def test_every_consumer_starts_says_so_and_stops(tmp_path):
    settings = Settings(data_dir=tmp_path / "data")
    stop = asyncio.Event()

    async with (
        wiring.opened_stores(settings) as stores,
        wiring.opened_log(settings) as log,
        consuming(settings, stores, log, NAMES, stop) as checks,
        asyncio.timeout(10),
    ):
        while not all([await ready() for ready in checks.values()]):
            await asyncio.sleep(0.01)

    assert set(checks) == set(NAMES)
    assert stop.is_set()
