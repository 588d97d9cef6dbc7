from pathlib import Path

from tests.givens.logs import TOPIC, Embedded, spec


async def test_a_topic_has_one_partition_whatever_its_specification_says(tmp_path: Path) -> None:
    async with Embedded(tmp_path / "log.db").opened() as log:
        await log.topics.create([spec(TOPIC, partitions=12, replication_factor=3)])

        state = (await log.topics.describe())[TOPIC]
        assert (state.partitions, state.replication_factor, state.min_insync_replicas) == (1, None, None)


async def test_a_topic_that_is_none_of_ours_is_not_described(tmp_path: Path) -> None:
    async with Embedded(tmp_path / "log.db").opened() as log:
        await log.topics.create([spec("somebody.elses"), spec(TOPIC)])

        assert set(await log.topics.describe()) == {TOPIC}
