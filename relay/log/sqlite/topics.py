"""The topics of the embedded log: one partition each, created before they are used, like Kafka's."""

from collections.abc import Mapping, Sequence
from typing import Final

from relay.log.ports import TopicState
from relay.log.sqlite.reads import Reads
from relay.log.sqlite.transaction import Transaction
from relay.log.sqlite.writer import Writer
from schemas.topics import ALL, TopicSpec

APPLY_DEADLINE_S: Final = 10.0


class EmbeddedTopics:
    """`Topics` in the file."""

    def __init__(self, writer: Writer, reads: Reads) -> None:
        self._writer = writer
        self._reads = reads

    async def describe(self) -> Mapping[str, TopicState]:
        """Return those of the relay's topics that exist."""
        topics = await self._reads.topics()
        return {name: topics[name] for name in ALL if name in topics}

    async def create(self, specs: Sequence[TopicSpec]) -> None:
        """Create topics; one that exists is left as it is."""

        def create_all(transaction: Transaction) -> None:
            for spec in specs:
                transaction.create_topic(spec)

        await self._writer.run(create_all, doing="to create topics", seconds=APPLY_DEADLINE_S)

    async def alter(self, spec: TopicSpec) -> None:
        """Set retention and largest record; a topic has one partition here, whatever the specification says."""
        await self._writer.run(
            lambda transaction: transaction.alter_topic(spec),
            doing=f"to alter topic {spec.name}",
            seconds=APPLY_DEADLINE_S,
        )
