"""What `relay topics apply` would change: wanted topics compared with those that are there. Pure.

`plan` and `apply` share it, so that the preview cannot differ from the deed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from relay.log.ports import TopicState
from schemas.topics import TopicSpec


@dataclass(frozen=True, slots=True)
class CreateTopic:
    """A topic is missing."""

    spec: TopicSpec

    @property
    def sentence(self) -> str:
        """Return the change in words."""
        return f"{self.spec.name}: create it, kept {_days(self.spec.retention)}"


@dataclass(frozen=True, slots=True)
class AddPartitions:
    """A topic has too few partitions."""

    spec: TopicSpec
    present: int

    @property
    def sentence(self) -> str:
        """Return the change in words."""
        return (
            f"{self.spec.name}: add partitions, {self.present} to {self.spec.partitions}; "
            "a tenant's newer events may then stand in another partition than its older ones"
        )


@dataclass(frozen=True, slots=True)
class ChangeSetting:
    """A topic is configured otherwise."""

    spec: TopicSpec
    setting: str
    present: int
    wanted: int

    @property
    def sentence(self) -> str:
        """Return the change in words."""
        return f"{self.spec.name}: set {self.setting} from {self.present} to {self.wanted}"


@dataclass(frozen=True, slots=True)
class BeyondUs:
    """A topic differs in what only Kafka's own tools can change: `apply` leaves it and says so."""

    spec: TopicSpec
    sentence: str


Change = CreateTopic | AddPartitions | ChangeSetting | BeyondUs


def plan(specs: Sequence[TopicSpec], states: Mapping[str, TopicState]) -> Sequence[Change]:
    """Return the changes that bring the topics to their specification, in the order of the specifications.

    What a log does not tell of a topic (None) is not compared; a log without replication has one partition by nature.
    """
    changes: list[Change] = []
    for spec in specs:
        state = states.get(spec.name)
        changes += [CreateTopic(spec)] if state is None else [*_layout(spec, state), *_settings(spec, state)]
    return changes


def to_create(changes: Sequence[Change]) -> Sequence[TopicSpec]:
    """Return the topics that are to be created."""
    return [change.spec for change in changes if isinstance(change, CreateTopic)]


def to_alter(changes: Sequence[Change]) -> Sequence[TopicSpec]:
    """Return the topics that are to be altered, each once."""
    return list(dict.fromkeys(change.spec for change in changes if isinstance(change, AddPartitions | ChangeSetting)))


def _layout(spec: TopicSpec, state: TopicState) -> Sequence[Change]:
    if state.replication_factor is None:
        return []
    changes: list[Change] = []
    if state.partitions < spec.partitions:
        changes.append(AddPartitions(spec, state.partitions))
    elif state.partitions > spec.partitions:
        words = f"has {state.partitions} partitions instead of {spec.partitions}: Kafka takes none away. Set"
        changes.append(BeyondUs(spec, f"{spec.name}: {words} RELAY_KAFKA_PARTITIONS={state.partitions}"))
    if state.replication_factor != spec.replication_factor:
        words = f"has {state.replication_factor} copies of each record instead of {spec.replication_factor}: move it"
        changes.append(BeyondUs(spec, f"{spec.name}: {words} with kafka-reassign-partitions"))
    return changes


def _settings(spec: TopicSpec, state: TopicState) -> Sequence[Change]:
    retention_ms = spec.retention // timedelta(milliseconds=1)
    compared = (
        ("retention.ms", state.retention_ms, retention_ms),
        ("min.insync.replicas", state.min_insync_replicas, spec.min_insync_replicas),
        ("max.message.bytes", state.max_message_bytes, spec.max_message_bytes),
    )
    return [
        ChangeSetting(spec, setting, present, wanted)
        for setting, present, wanted in compared
        if present is not None and present != wanted
    ]


def _days(retention: timedelta) -> str:
    return f"{retention.days} days" if retention >= timedelta(days=1) else str(retention)
