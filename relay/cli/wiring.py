"""The composition root: settings from the environment, and rooms opened in the order they stand on each other."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from dotenv import dotenv_values

from relay.clock import Clock, SystemClock
from relay.log.embedded import opened_embedded_log
from relay.log.kafka.connection import KafkaConnection, opened_kafka_log
from relay.log.plan import plan, to_create
from relay.log.ports import Log
from relay.settings import Settings, read_settings
from relay.store import schema
from relay.store.connections import Connections
from relay.store.contacts import ContactLinks
from relay.store.engine import Database, opened_database, url_of
from relay.store.grants import Grants
from relay.store.leases import Leases
from relay.store.ledger import Ledger
from relay.store.links import InvoiceLinks
from relay.store.organisations import Organisations
from relay.store.outcomes import Outcomes
from relay.store.parked import Parked
from relay.store.results import Results
from relay.store.writes import Writes
from relay.vault import vault_for
from schemas.topics import TopicSpec, specs

log = structlog.get_logger()

CLOCK: Final = SystemClock()


def environment() -> dict[str, str]:
    """Return the environment with what a `.env` file here adds to it."""
    return {name: value for name, value in dotenv_values(".env").items() if value is not None} | dict(os.environ)


def settings() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: they cannot be used.
    """
    return read_settings(environment())


def topic_specs(settings: Settings) -> list[TopicSpec]:
    """Return what the topics of an installation must be."""
    return list(
        specs(
            partitions=settings.kafka_partitions,
            replication_factor=settings.kafka_replication_factor,
            retention_days=settings.kafka_retention_days,
            max_body_bytes=settings.max_body_bytes,
        )
    )


def data_dir(settings: Settings) -> Path:
    """Return the data folder, made for us alone when it was not there."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.data_dir


def database_url(settings: Settings) -> str:
    """Return where the database is; its folder stands."""
    if settings.database_url is None:
        data_dir(settings)
    return url_of(settings)


@asynccontextmanager
async def opened_log(settings: Settings, clock: Clock = CLOCK) -> AsyncIterator[Log]:
    """Open the log that the settings name. The embedded one makes its own topics; Kafka's are an operator's deed."""
    largest = 2 * settings.max_body_bytes
    if not settings.embedded:
        async with opened_kafka_log(
            KafkaConnection.of(settings),
            clock=clock,
            publish_deadline_s=settings.ack_deadline_s,
            max_record_bytes=largest,
        ) as opened:
            yield opened
        return
    async with opened_embedded_log(
        data_dir(settings) / "log.db",
        clock=clock,
        retention=timedelta(days=settings.kafka_retention_days),
        max_record_bytes=largest,
        commit_deadline_s=settings.ack_deadline_s,
    ) as opened:
        missing = to_create(plan(topic_specs(settings), await opened.topics.describe()))
        await opened.topics.create(missing)
        yield opened


@dataclass(frozen=True, slots=True)
class Stores:
    """Every noun of the database."""

    database: Database
    connections: Connections
    organisations: Organisations
    grants: Grants
    leases: Leases
    links: InvoiceLinks
    contacts: ContactLinks
    ledger: Ledger
    writes: Writes
    outcomes: Outcomes
    parked: Parked
    results: Results


@asynccontextmanager
async def opened_stores(settings: Settings, clock: Clock = CLOCK) -> AsyncIterator[Stores]:
    """Open the database. SQLite is brought up to this version by itself; PostgreSQL by `relay db upgrade`.

    Raises:
        SchemaOutdated: the database is not at this version.
    """
    async with opened_database(database_url(settings)) as database:
        if settings.database_url is None:
            await schema.upgrade(database)
        else:
            await schema.ensure_current(database)
        yield Stores(
            database=database,
            connections=Connections(database, clock),
            organisations=Organisations(database),
            grants=Grants(database, vault_for(settings)),
            leases=Leases(database, clock, holder=f"{socket.gethostname()}:{os.getpid()}"),
            links=InvoiceLinks(database),
            contacts=ContactLinks(database),
            ledger=Ledger(database),
            writes=Writes(database),
            outcomes=Outcomes(database),
            parked=Parked(database, clock),
            results=Results(database),
        )
