import asyncio

import pytest

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


class Failing:
    """A real log whose readers of one group fail as nobody foresaw."""

    def __init__(self, log, group):
        self._log = log
        self._group = group

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def join(self, group, topics, listener):
        reader = await self._log.join(group, topics, listener)
        if group == self._group:
            reader.poll = self._fail
        return reader

    async def _fail(self, timeout_s):
        raise ZeroDivisionError


async def test_a_consumer_that_fails_ends_everything_with_it_instead_of_hanging(tmp_path):
    settings = Settings(data_dir=tmp_path / "data")

    async def running():
        async with (
            wiring.opened_stores(settings) as stores,
            wiring.opened_log(settings) as log,
            consuming(settings, stores, Failing(log, NAMES[0]), NAMES, asyncio.Event()),
        ):
            await asyncio.Event().wait()

    async with asyncio.timeout(20):
        with pytest.raises(BaseExceptionGroup) as ended:
            await running()

    assert ended.group_contains(ZeroDivisionError)
