import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from relay.clock import FakeClock
from relay.log.errors import LogUnavailable
from relay.log.kafka.connection import KafkaConnection, opened_kafka_log
from relay.log.ports import Log
from tests.givens.logs import Witness

NOWHERE = KafkaConnection("127.0.0.1:1")


def opened(connection: KafkaConnection = NOWHERE) -> AbstractAsyncContextManager[Log]:
    return opened_kafka_log(connection, clock=FakeClock(), publish_deadline_s=0.1, max_record_bytes=1_000)


async def test_opening_and_closing_asks_nothing_of_the_cluster() -> None:
    async with opened():
        await asyncio.sleep(0)

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_the_user_of_the_log_raises_comes_out_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with opened():
            raise ZeroDivisionError


async def test_our_own_cancellation_is_obeyed() -> None:
    entered = asyncio.Event()

    async def use() -> None:
        async with opened():
            entered.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        using = tasks.create_task(use())
        await entered.wait()
        using.cancel()

    assert using.cancelled()


async def test_certificates_are_read_when_the_log_is_opened(tmp_path: Path) -> None:
    connection = KafkaConnection("broker:9093", security_protocol="SSL", ca_file=tmp_path / "missing.pem")

    with pytest.raises(LogUnavailable, match=r"missing\.pem"):
        async with opened(connection):
            raise AssertionError


async def test_a_group_reads_at_least_one_topic() -> None:
    async with opened() as log:
        with pytest.raises(LogUnavailable, match="no topics"):
            await log.join("invoice-push", [], Witness())
