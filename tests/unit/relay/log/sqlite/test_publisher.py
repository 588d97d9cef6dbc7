from pathlib import Path

import pytest

from relay.log.errors import LogUnavailable
from relay.log.sqlite import publisher as module
from schemas.topics import LIVE
from tests.givens.logs import Embedded, everything, record, with_topics


async def test_what_waits_for_the_disk_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES_WAITING", 100)
    async with with_topics(Embedded(tmp_path / "log.db")) as log:
        budget = log.publisher._budget  # type: ignore[attr-defined]

        with budget.taken(90), pytest.raises(LogUnavailable, match="90 bytes wait"):
            await log.publisher.publish([record()])
        await log.publisher.publish([record()])

        assert len(await everything(log)) == 1


async def test_a_publisher_whose_topics_are_not_there_is_not_ready(tmp_path: Path) -> None:
    async with with_topics(Embedded(tmp_path / "log.db")) as log:
        topics = set(await log.topics.describe())

        assert set(LIVE) - topics
        assert not await log.publisher.ready()
