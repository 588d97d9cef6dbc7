from pathlib import Path

from schemas.records import TopicPartition
from tests.givens.logs import TOPIC, Embedded, numbered, with_topics


async def test_a_scan_is_bounded_by_the_end_at_its_beginning(tmp_path: Path) -> None:
    async with with_topics(Embedded(tmp_path / "log.db")) as log:
        await log.publisher.publish(numbered(600))

        offsets = []
        async for block in log.scanner.scan(TopicPartition(TOPIC, 0), 0, 10_000):
            offsets += [each.offset for each in block]
            await log.publisher.publish(numbered(1))  # a scan that follows the end would never stop

        assert offsets == list(range(600))
