import asyncio

import pytest
from structlog.testing import capture_logs

from relay.log import handover
from relay.log.handover import Handover
from relay.log.ports import Assignment
from schemas.records import TopicPartition
from tests.givens.logs import Witness

PARTITION = TopicPartition("ghl.invoices", 0)
ASSIGNMENT = Assignment(PARTITION, 1, 0)


async def test_a_listener_is_told_what_came_and_what_went() -> None:
    witness = Witness()
    told = Handover(witness, "invoice-push")

    taken_on = await told.assigned([ASSIGNMENT])
    await told.revoked([PARTITION])

    assert taken_on
    assert (witness.assigned_so_far, witness.revoked_so_far) == ([ASSIGNMENT], [PARTITION])


async def test_a_listener_is_not_told_of_nothing() -> None:
    async def fail(_: object) -> None:
        raise AssertionError

    told = Handover(Witness(on_assigned=fail, on_revoked=fail), "invoice-push")

    assert await told.assigned([])
    await told.revoked([])


async def test_what_a_listener_raises_is_logged_and_the_partitions_count_as_not_taken_on() -> None:
    async def fail(_: object) -> None:
        raise OSError("no database")

    told = Handover(Witness(on_assigned=fail, on_revoked=fail), "invoice-push")

    with capture_logs() as logs:
        taken_on = await told.assigned([ASSIGNMENT])
        await told.revoked([PARTITION])

    assert not taken_on
    assert [(entry["event"], entry["call"]) for entry in logs] == [
        ("listener.failed", "assigned"),
        ("listener.failed", "revoked"),
    ]


async def test_a_listener_that_takes_too_long_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(handover, "ASSIGNED_DEADLINE_S", 0.01)
    monkeypatch.setattr(handover, "REVOKED_DEADLINE_S", 0.01)
    told = Handover(Witness(on_assigned=never, on_revoked=never), "invoice-push")

    with capture_logs() as logs:
        taken_on = await told.assigned([ASSIGNMENT])
        await told.revoked([PARTITION])

    assert not taken_on
    assert [entry["event"] for entry in logs] == ["listener.overdue"] * 2


async def test_a_listener_hears_of_one_thing_at_a_time() -> None:
    told_so_far: list[str] = []
    go_on = asyncio.Event()

    async def assigned(_: object) -> None:
        told_so_far.append("assigned")
        await go_on.wait()
        told_so_far.append("taken on")

    async def revoked(_: object) -> None:
        told_so_far.append("revoked")

    told = Handover(Witness(on_assigned=assigned, on_revoked=revoked), "invoice-push")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(told.assigned([ASSIGNMENT]))
        tasks.create_task(told.revoked([PARTITION]))
        await asyncio.sleep(0)
        go_on.set()

    assert told_so_far == ["assigned", "taken on", "revoked"]


async def test_our_own_cancellation_is_obeyed() -> None:
    entered = asyncio.Event()

    async def never(_: object) -> None:
        entered.set()
        await asyncio.Event().wait()

    told = Handover(Witness(on_assigned=never), "invoice-push")

    async with asyncio.TaskGroup() as tasks:
        telling = tasks.create_task(told.assigned([ASSIGNMENT]))
        await entered.wait()
        telling.cancel()

    assert telling.cancelled()
