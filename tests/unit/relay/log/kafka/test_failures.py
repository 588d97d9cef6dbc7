import asyncio
import inspect
from typing import Any

import pytest
from aiokafka import errors
from structlog.testing import capture_logs

from relay.log.errors import EventTooLarge, Fenced, LogError, LogUnavailable, OffsetLost, TopicMissing
from relay.log.kafka.failures import FROM_KAFKA, OUTCOMES, kafka_call, log_error

THEIRS: list[type[Any]] = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, Exception) and each.__module__ == errors.__name__
]
MAPPED = [name for names in OUTCOMES.values() for name in names]


def test_there_are_errors_to_map() -> None:
    assert len(THEIRS) > 80


@pytest.mark.parametrize("error", THEIRS)
def test_every_error_of_aiokafka_has_an_outcome(error: type[Any]) -> None:
    assert MAPPED.count(error.__name__) == 1, f"give {error.__name__} a row in OUTCOMES"


def test_no_outcome_is_for_an_error_that_is_no_more() -> None:
    assert set(MAPPED) == {error.__name__ for error in THEIRS}


def test_every_leaf_of_our_tree_has_a_row() -> None:
    assert set(OUTCOMES) == set(LogError.__subclasses__())


@pytest.mark.parametrize("error", THEIRS)
def test_every_error_of_aiokafka_is_caught_where_aiokafka_is_called(error: type[Any]) -> None:
    assert issubclass(error, FROM_KAFKA)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        pytest.param(errors.MessageSizeTooLargeError(), EventTooLarge, id="too large"),
        pytest.param(errors.UnknownTopicOrPartitionError(), TopicMissing, id="no such topic"),
        pytest.param(errors.TopicAuthorizationFailedError("t"), TopicMissing, id="a topic that is not allowed to us"),
        pytest.param(errors.CommitFailedError("g"), Fenced, id="a commit after a rebalance"),
        pytest.param(errors.IllegalStateError("not assigned"), Fenced, id="a commit for what is not assigned"),
        pytest.param(errors.OffsetOutOfRangeError({}), OffsetLost, id="an offset that is gone"),
        pytest.param(errors.NotEnoughReplicasError(), LogUnavailable, id="too few replicas"),
        pytest.param(errors.KafkaConnectionError("refused"), LogUnavailable, id="no broker"),
        pytest.param(ConnectionRefusedError(), LogUnavailable, id="no socket"),
    ],
)
async def test_only_errors_of_the_log_come_out_and_say_what_was_being_done(
    theirs: Exception, ours: type[LogError]
) -> None:
    with pytest.raises(ours, match="to do something") as caught:
        async with kafka_call("to do something", 5):
            raise theirs

    assert caught.value.__cause__ is theirs


class Unheard(errors.KafkaError):
    """What the next version may bring."""


def test_an_error_nobody_has_heard_of_is_unavailable_at_run_time() -> None:
    assert type(log_error(Unheard("new"), "to publish")) is LogUnavailable


async def test_a_call_that_takes_too_long_is_unavailable() -> None:
    with pytest.raises(LogUnavailable, match=r"longer than 0\.01 s to wait"):
        async with kafka_call("to wait", 0.01):
            await asyncio.Event().wait()


@pytest.mark.parametrize("error", [AssertionError("Did we not perform bootstrap?"), AttributeError("nodeId")])
async def test_a_client_that_trips_over_itself_is_unavailable_and_logged(error: Exception) -> None:
    with capture_logs() as logs, pytest.raises(LogUnavailable):
        async with kafka_call("to create topics", 5):
            raise error

    assert [entry["event"] for entry in logs] == ["kafka.client_confused"]


async def test_a_cancellation_that_aiokafka_lets_escape_is_unavailable() -> None:
    with pytest.raises(LogUnavailable, match="gave up"):
        async with kafka_call("to read", 5):
            raise asyncio.CancelledError


async def test_our_own_cancellation_is_obeyed() -> None:
    entered = asyncio.Event()

    async def call() -> None:
        async with kafka_call("to read", 5):
            entered.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        calling = tasks.create_task(call())
        await entered.wait()
        calling.cancel()

    assert calling.cancelled()


async def test_the_logs_own_errors_pass_as_they_are() -> None:
    fenced = Fenced("not ours")

    with pytest.raises(Fenced) as caught:
        async with kafka_call("to commit", 5):
            raise fenced

    assert caught.value is fenced
