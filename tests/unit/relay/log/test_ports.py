import inspect
from typing import Protocol

import pytest

from relay.log import embedded, ports
from relay.log.kafka import connection, producer, reader, scanner, topics
from relay.log.sqlite import publisher as embedded_publisher
from relay.log.sqlite import reader as embedded_reader
from relay.log.sqlite import scanner as embedded_scanner
from relay.log.sqlite import topics as embedded_topics

ADAPTERS = [
    (ports.Publisher, producer.KafkaPublisher),
    (ports.Publisher, embedded_publisher.EmbeddedPublisher),
    (ports.GroupReader, reader.KafkaReader),
    (ports.GroupReader, embedded_reader.EmbeddedReader),
    (ports.Scanner, scanner.KafkaScanner),
    (ports.Scanner, embedded_scanner.EmbeddedScanner),
    (ports.Topics, topics.KafkaTopics),
    (ports.Topics, embedded_topics.EmbeddedTopics),
    (ports.Log, connection.KafkaLog),
    (ports.Log, embedded.EmbeddedLog),
]


def methods(port: type) -> dict[str, list[str]]:
    """Return the public methods of a port with the names of their parameters."""
    functions = inspect.getmembers(port, inspect.isfunction)
    return {name: list(inspect.signature(method).parameters) for name, method in functions if name[0] != "_"}


@pytest.mark.parametrize(("port", "adapter"), ADAPTERS, ids=lambda each: each.__name__)
def test_an_adapter_takes_what_its_port_says_by_the_same_names(port: type, adapter: type) -> None:
    offered = methods(adapter)

    assert {name: offered.get(name) for name in methods(port)} == methods(port)


@pytest.mark.parametrize(
    "port", [each for _, each in inspect.getmembers(ports, inspect.isclass) if Protocol in each.__bases__]
)
def test_every_word_of_a_port_is_a_contract(port: type) -> None:
    assert [name for name in methods(port) if not inspect.getdoc(getattr(port, name))] == []
