"""The private parts of aiokafka 0.14 that we cannot do without, all in one place; a test names each of them.

Why at all: aiokafka tells nobody that one of its tasks died (P15, C15), that a member has left its group (C5) or which
tasks an interrupted `stop` left running (P4, C14).
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.record import default_records

from relay.log.errors import LogUnavailable, TopicMissing


def require_compiled() -> None:
    """Refuse to start on the pure Python fallback, which is six times slower (P16).

    Raises:
        LogUnavailable: the compiled extension is not there.
    """
    if default_records.DefaultRecordBatchBuilder is default_records._DefaultRecordBatchBuilderPy:  # noqa: SLF001 - see above
        raise LogUnavailable("aiokafka runs without its compiled extension: reinstall it, unset AIOKAFKA_NO_EXTENSIONS")


def client_of(consumer: AIOKafkaConsumer) -> AIOKafkaClient:
    """Return the consumer's client: what it knows of the cluster."""
    return consumer._client  # noqa: SLF001 - see above


async def whole_cluster(client: AIOKafkaClient) -> ClusterMetadata:
    """Ask for all topics. Asking for one by name makes a broker with auto-creation create it, behind our back."""
    return await client.fetch_all_metadata()


async def knows_controller(admin: AIOKafkaAdminClient) -> bool:
    """Ask again who controls the cluster, and return whether anybody does; every change of topics goes there."""
    client = admin._client  # noqa: SLF001 - see above
    await client.force_metadata_update()
    return client.cluster.controller is not None


async def make_known(client: AIOKafkaClient, names: Iterable[str]) -> None:
    """Let the client learn the partitions of topics, after a look whether they are there (P13).

    Raises:
        TopicMissing: one is not, or not allowed to us.
    """
    unknown = [name for name in names if client.cluster.partitions_for_topic(name) is None]
    if not unknown:
        return
    there = (await whole_cluster(client)).topics()
    for name in unknown:
        if name not in there:
            raise TopicMissing(f"topic {name} is missing on Kafka: run `relay topics apply`")
        await client.add_topic(name)


def vital_tasks(client: AIOKafkaProducer | AIOKafkaConsumer) -> list["asyncio.Task[Any]"]:
    """Return the tasks without which a started producer sends nothing (P15), a started member reads nothing (C15)."""
    if isinstance(client, AIOKafkaProducer):
        tasks = [client._sender.sender_task, client.client._sync_task]  # noqa: SLF001 - see above
    else:
        coordination = getattr(client._coordinator, "_coordination_task", None)  # noqa: SLF001 - see above
        fetching = getattr(client._fetcher, "_fetch_task", None)  # noqa: SLF001 - see above
        tasks = [coordination, fetching, client._client._sync_task]  # noqa: SLF001 - see above
    return [task for task in tasks if task is not None]


def has_died(client: AIOKafkaProducer | AIOKafkaConsumer) -> bool:
    """Return whether one of the vital tasks of a started client has ended; it does not come back by itself."""
    return any(task.done() for task in vital_tasks(client))


def partition_of(producer: AIOKafkaProducer, name: str, key: bytes) -> int:
    """Return where a key's records go, by the rule that `send` follows and `send_batch` leaves to its caller."""
    partition: int = producer._partition(name, None, None, None, key, None)  # noqa: SLF001 - see above
    return partition


def is_member(consumer: AIOKafkaConsumer) -> bool:
    """Return whether the consumer is in its group now; its `assignment()` lasts longer than that (C5)."""
    coordinator = consumer._coordinator  # noqa: SLF001 - see above
    return coordinator is not None and getattr(coordinator, "generation", 0) > 0


def tasks_of(client: AIOKafkaProducer | AIOKafkaConsumer) -> list["asyncio.Task[Any]"]:
    """Return the tasks of a producer or consumer that still run."""
    return [task for task in _tasks(client) if task is not None and not task.done()]


def _tasks(client: AIOKafkaProducer | AIOKafkaConsumer) -> Iterator["asyncio.Task[Any] | None"]:
    yield from vital_tasks(client)
    if isinstance(client, AIOKafkaProducer):
        return
    yield from getattr(client._fetcher, "_pending_tasks", ())  # noqa: SLF001 - see above
    for name in ("_heartbeat_task", "_commit_refresh_task", "_reset_committed_task"):  # with a group, or without one
        yield getattr(client._coordinator, name, None)  # noqa: SLF001 - see above
