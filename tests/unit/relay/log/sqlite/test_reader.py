import asyncio
from contextlib import closing
from pathlib import Path

from structlog.testing import capture_logs

from relay.log.sqlite.file import connect, place
from tests.givens.logs import OTHER_TOPIC, TOPIC, Embedded, Witness, collected, done, numbered, with_topics


def remove_before(path: Path, offset: int) -> None:
    """Do what retention does, in the topic that was created first."""
    with closing(connect(path, busy_s=5)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM records WHERE place < ?", (place(1, offset),))
        connection.execute("UPDATE topics SET first_offset = ? WHERE id = 1", (offset,))
        connection.execute("COMMIT")


async def test_a_group_whose_offset_retention_removed_starts_at_the_earliest_left(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with with_topics(Embedded(path)) as log:
        await log.publisher.publish(numbered(10))
        reader = await log.join("late", [TOPIC], Witness())
        await reader.commit(done((await collected(reader, 10))[:2], reader))
        await log.leave(reader)
        remove_before(path, 6)

        with capture_logs() as logs:
            records = await collected(await log.join("late", [TOPIC], Witness()), 4)

        assert [each.offset for each in records] == [6, 7, 8, 9]
        assert [(entry["event"], entry["wanted"], entry["offset"]) for entry in logs] == [("reader.offset_lost", 2, 6)]


async def test_a_reader_that_retention_overtakes_goes_on_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with with_topics(Embedded(path)) as log:
        await log.publisher.publish(numbered(2))
        reader = await log.join("overtaken", [TOPIC], Witness())
        await collected(reader, 2)
        reader.pause(list(reader.assignments()))
        await log.publisher.publish(numbered(8))
        remove_before(path, 7)

        with capture_logs() as logs:
            reader.resume(list(reader.assignments()))
            records = await collected(reader, 3)

        assert [each.offset for each in records] == [7, 8, 9]
        assert [(entry["event"], entry["wanted"], entry["offset"]) for entry in logs] == [("reader.offset_lost", 2, 7)]


async def test_a_new_group_says_that_it_started_at_the_earliest(tmp_path: Path) -> None:
    async with with_topics(Embedded(tmp_path / "log.db")) as log:
        reader = await log.join("new", [TOPIC], Witness())

        with capture_logs() as logs:
            await reader.poll(0)

        assert [(entry["event"], entry["group"], entry["offset"]) for entry in logs] == [
            ("reader.started_at_earliest", "new", 0)
        ]


async def test_no_topic_starves_another(tmp_path: Path) -> None:
    async with with_topics(Embedded(tmp_path / "log.db")) as log:
        await log.publisher.publish([*numbered(1_600), *numbered(1_600, topic=OTHER_TOPIC)])
        reader = await log.join("fair", [TOPIC, OTHER_TOPIC], Witness())

        blocks = [await reader.poll(1) for _ in range(4)]

        assert [block[0].topic for block in blocks] == [TOPIC, OTHER_TOPIC, TOPIC, OTHER_TOPIC]


async def test_a_poll_that_is_cancelled_loses_nothing(tmp_path: Path) -> None:
    async with with_topics(Embedded(tmp_path / "log.db")) as log:
        await log.publisher.publish(numbered(3))
        reader = await log.join("cancelled", [TOPIC], Witness())
        await reader.poll(0)
        await log.publisher.publish(numbered(3))

        for steps in range(4):
            polling = asyncio.ensure_future(reader.poll(5))
            for _ in range(steps):
                await asyncio.sleep(0)
            polling.cancel()
            await asyncio.wait([polling])
            if not polling.cancelled():
                break

        rest = [] if polling.cancelled() else list(polling.result())
        offsets = [each.offset for each in rest or await collected(reader, 3)]
        assert offsets == [3, 4, 5]


async def test_a_poll_that_is_cancelled_while_partitions_are_taken_on_offers_them_again(tmp_path: Path) -> None:
    taking_on = asyncio.Event()

    async def never(_: object) -> None:
        taking_on.set()
        await asyncio.Event().wait()

    witness = Witness(on_assigned=never)
    async with with_topics(Embedded(tmp_path / "log.db")) as log:
        await log.publisher.publish(numbered(1))
        reader = await log.join("cancelled", [TOPIC], witness)
        async with asyncio.TaskGroup() as tasks:
            polling = tasks.create_task(reader.poll(5))
            await taking_on.wait()
            polling.cancel()
        held_after = dict(reader.assignments())
        witness.on_assigned = None

        assert len(await collected(reader, 1)) == 1
        assert held_after == {}
        assert [held.epoch for held in witness.assigned_so_far] == [1, 2]


async def test_what_is_paused_while_it_is_read_is_not_delivered_and_not_lost(tmp_path: Path) -> None:
    async with with_topics(Embedded(tmp_path / "log.db")) as log:
        reader = await log.join("paused", [TOPIC], Witness())
        await reader.poll(0)
        await log.publisher.publish(numbered(3))

        async with asyncio.TaskGroup() as tasks:
            polling = tasks.create_task(reader.poll(0.2))
            await asyncio.sleep(0)  # the read is under way
            reader.pause(list(reader.assignments()))
        reader.resume(list(reader.assignments()))

        assert list(polling.result()) == []
        assert [each.offset for each in await collected(reader, 3)] == [0, 1, 2]


async def test_leaving_while_a_poll_waits_ends_the_poll(tmp_path: Path) -> None:
    async with with_topics(Embedded(tmp_path / "log.db")) as log:
        reader = await log.join("leaving", [TOPIC], Witness())
        await reader.poll(0)

        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            polling = tasks.create_task(reader.poll(60))
            await asyncio.sleep(0)
            await log.leave(reader)

        assert list(polling.result()) == []
