"""Stand-ins for aiokafka's own objects, for unit tests: no socket is opened, Kafka's answers are written down."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import AIOKafkaProducer, ConsumerRebalanceListener
from aiokafka import TopicPartition as Place


class Cluster:
    """What is known of topics: a name, and the numbers of its partitions."""

    def __init__(self, topics: Mapping[str, set[int]], leaderless: Iterable[str] = ()) -> None:
        self._topics = dict(topics)
        self._leaderless = set(leaderless)

    def topics(self) -> set[str]:
        return set(self._topics)

    def brokers(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(nodeId=1)]

    def partitions_for_topic(self, name: str) -> set[int] | None:
        return self._topics.get(name)

    def available_partitions_for_topic(self, name: str) -> set[int] | None:
        return set() if name in self._leaderless else self._topics.get(name)


class Client:
    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.closed = False
        self._sync_task: asyncio.Task[None] | None = None

    async def fetch_all_metadata(self) -> Cluster:
        return self.cluster

    async def add_topic(self, name: str) -> None:
        """Know it already."""

    async def ready(self, node_id: int) -> bool:
        return node_id == 1

    async def close(self) -> None:
        self.closed = True


class Producer(AIOKafkaProducer):
    """A producer whose start and sends do what a test says. `outcomes` are used up one a send; then all succeed."""

    def __init__(self, cluster: Cluster, *, start_error: Exception | None = None) -> None:
        self.client = Client(cluster)  # type: ignore[assignment]
        self.start_error = start_error
        self.outcomes: list[Exception | None] = []
        self.sent: list[bytes] = []
        self.sent_alone: list[bytes] = []
        self.stopped = False
        self._sender = SimpleNamespace(sender_task=None)

    def __del__(self) -> None:
        """Warn of nothing: it never had a connection."""

    async def start(self) -> None:
        if self.start_error is not None:
            raise self.start_error
        loop = asyncio.get_running_loop()
        self._sender.sender_task = loop.create_task(asyncio.Event().wait())

    async def stop(self) -> None:
        self.stopped = True

    async def partitions_for(self, topic: str) -> set[int]:
        return self.client.cluster.partitions_for_topic(topic) or set()

    async def send(self, topic: str, value: bytes, key: bytes, **_: object) -> "asyncio.Future[None]":
        self.sent.append(value)
        return self._outcome()

    def create_batch(self) -> "Batch":
        return Batch()

    async def send_batch(self, batch: "Batch", topic: str, *, partition: int) -> "asyncio.Future[None]":
        self.sent_alone += batch.values
        return self._outcome()

    def _partition(self, *_: object) -> int:
        return 0

    def _outcome(self) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        error = self.outcomes.pop(0) if self.outcomes else None
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
        return future


class Batch:
    def __init__(self) -> None:
        self.values: list[bytes] = []

    def append(self, *, value: bytes, **_: object) -> None:
        self.values.append(value)

    def close(self) -> None:
        """Take no more."""


class Consumer:
    """A group member whose group, offsets and records a test writes down."""

    def __init__(self, *, firsts: int = 0, ends: int = 100, committed: int | None = None) -> None:
        self.cluster = Cluster({"ghl.invoices": {0, 1}})
        self.firsts, self.ends, self.start_offset = firsts, ends, committed
        self.listener: ConsumerRebalanceListener | None = None
        self.assigned: frozenset[Place] = frozenset()
        self.paused: set[Place] = set()
        self.positions: dict[Place, int] = {}
        self.commits: list[dict[Place, int]] = []
        self.fetched: list[dict[Place, list[Any]] | Exception] = []
        self.while_committed_is_read: Callable[[], None] | None = None
        self.stopped = False
        self._client = Client(self.cluster)
        self._coordinator = SimpleNamespace(generation=1)
        self._fetcher = SimpleNamespace(_pending_tasks=())

    async def start(self) -> None:
        """Be there."""

    async def stop(self) -> None:
        self.stopped = True

    def subscribe(self, topics: Sequence[str], listener: ConsumerRebalanceListener) -> None:
        self.listener = listener

    def rebalance(self, *places: Place) -> None:
        """Assign these, as aiokafka's coordination task does after everything was revoked."""
        assert self.listener is not None
        self.assigned, self.paused, self.positions = frozenset(places), set(), {}
        self.listener.on_partitions_assigned(self.assigned)

    def assignment(self) -> frozenset[Place]:
        return self.assigned

    def pause(self, *places: Place) -> None:
        self.paused |= set(places)

    def resume(self, *places: Place) -> None:
        self.paused -= set(places)

    def seek(self, place: Place, offset: int) -> None:
        self.positions[place] = offset

    async def committed(self, _: Place) -> int | None:
        if self.while_committed_is_read:
            self.while_committed_is_read()
        return self.start_offset

    async def beginning_offsets(self, places: Sequence[Place]) -> dict[Place, int]:
        return dict.fromkeys(places, self.firsts)

    async def end_offsets(self, places: Sequence[Place]) -> dict[Place, int]:
        return dict.fromkeys(places, self.ends)

    async def commit(self, offsets: dict[Place, int]) -> None:
        self.commits.append(offsets)

    async def getmany(self, **_: object) -> dict[Place, list[Any]]:
        await asyncio.sleep(0)
        answer = self.fetched.pop(0) if self.fetched else {}
        if isinstance(answer, Exception):
            raise answer
        return answer
