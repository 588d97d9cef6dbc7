"""The demo's story on Apache Kafka and PostgreSQL, receiver, consumers and vendors as separate processes.

Once as it is, and once with receiver and consumers killed by SIGKILL at random instants in the middle. The vendors'
books decide: every invoice and every payment exactly once, totals equal to the cent.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

import orjson
import pytest

from relay.cli import wiring
from relay.sandbox.app import Sandbox
from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind
from relay.sandbox.story import STORY, played
from relay.settings import read_settings
from schemas.records import TopicPartition
from tests.givens.installation import Killer, installed

pytestmark = [pytest.mark.chaos, pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(900)]

SEED = 20261124
KILLS = {"consumers": 10, "receiver": 14}
NEEDED = 20
WITHIN_S = 45.0
# a payment whose answer was lost is looked for no earlier than a minute later; several may follow each other
WITHIN_WITH_KILLS_S = 240.0
QUIET = 2  # the last steps compare counts of calls, so nothing is killed there


@pytest.fixture
def on_kafka_and_postgres(kafka_bootstrap_servers, postgres_url):
    return {
        "RELAY_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap_servers,
        "RELAY_KAFKA_TOPIC_PREFIX": f"story-{uuid4().hex[:8]}.",
        "RELAY_KAFKA_GROUP_PREFIX": f"story-{uuid4().hex[:8]}",
        "RELAY_KAFKA_PARTITIONS": "4",
        "RELAY_KAFKA_REPLICATION_FACTOR": "1",
        "RELAY_DATABASE_URL": postgres_url,
        "RELAY_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }


async def judged(world):
    """Return what the books of both vendors say against each other: empty when all is well."""
    books = await world.client.books()
    [xero] = books["xero"].values()
    faults = []
    references = Counter(invoice["reference"] for invoice in xero["invoices"])
    for invoice in books["ghl"]["invoices"]:
        if references[invoice["_id"]] != 1:
            faults.append(f"{invoice['invoiceNumber']}: {references[invoice['_id']]} invoices in Xero")
            continue
        twin = next(one for one in xero["invoices"] if one["reference"] == invoice["_id"])
        if twin["status"] != "VOIDED" and Decimal(twin["total"]) != Decimal(str(invoice["total"])):
            faults.append(f"{invoice['invoiceNumber']}: {twin['total']} instead of {invoice['total']}")
        in_xero = sorted(Decimal(payment["amount"]) for payment in twin["payments"])
        in_crm = sorted(
            Decimal(str(one["amount"])) for one in books["ghl"]["transactions"] if one["entityId"] == invoice["_id"]
        )
        if in_xero != in_crm:
            faults.append(f"{invoice['invoiceNumber']}: paid {in_xero} in Xero, {in_crm} in HighLevel")
    numbers = Counter(contact["contact_number"] for contact in xero["contacts"])
    faults += [f"contact {number} stands {times} times" for number, times in numbers.items() if times != 1]
    return faults


async def test_the_story_passes_on_kafka_and_postgresql_in_separate_processes(tmp_path, on_kafka_and_postgres):
    async with installed(tmp_path, on_kafka_and_postgres) as installation:
        failures = {}
        for step in STORY:
            failure = await played(step, installation.world, WITHIN_S)
            if failure:
                failures[step.title] = failure
                break
        faults = await judged(installation.world)
        codes = [await process.stop() for process in installation.processes.values()]

    assert (failures, faults, codes) == ({}, [], [0, 0])


@dataclass
class Load:
    """Keeps the receiver busy with deliveries that no consumer handles."""

    sandbox: Sandbox
    sent: int = 0

    async def run(self, done):
        while not done.is_set():
            for _ in range(2):
                name = f"w-{self.sent}"
                body = {"type": "ContactUpdate", "locationId": "load", "id": name, "webhookId": name}
                self.sandbox.deliveries.send_raw(Vendor.GHL, "ContactUpdate", orjson.dumps(body))
                self.sent += 1
            await asyncio.sleep(0.2)


async def on_the_topic(installation):
    """Return the ids of the load that stand on its topic."""
    async with wiring.opened_log(read_settings(installation.environment)) as log:
        found = set()
        for partition, bounds in (await log.scanner.bounds("ghl.contacts")).items():
            async for block in log.scanner.scan(TopicPartition("ghl.contacts", partition), bounds.first, bounds.end):
                found |= {record.header("ce_id") for record in block}
    return {name for name in found if name.startswith("w-")}


async def test_the_story_passes_while_receiver_and_consumers_are_killed(tmp_path, on_kafka_and_postgres):
    async with installed(tmp_path, on_kafka_and_postgres) as installation:
        world, traffic, sandbox = installation.world, installation.traffic, installation.sandbox
        sandbox.xero.limits.minute = 600  # the way back from a kill is what is tried here, not the vendor's limit
        for kind, every in (
            (FaultKind.DELAY, 2),
            (FaultKind.LATE_ANSWER, 1),
        ):  # killed before, and after, the vendor did it
            for vendor, path in ((Vendor.XERO, "Invoices|Contacts|Payments"), (Vendor.GHL, "invoices|contacts")):
                await world.client.fault(kind, vendor, path=path, times=None, seconds=0.1, every=every)
        chance = random.Random(SEED)
        consumers, receiver = installation.processes["consumers"], installation.processes["receiver"]
        letters, load = sandbox.deliveries, Load(sandbox)
        killers = [
            Killer(consumers, lambda: traffic.under_way, lambda: traffic.ended, chance, spared=8, within_s=0.15),
            Killer(receiver, lambda: letters.unsettled, lambda: load.sent, chance, spared=100, within_s=0.008),
        ]
        done = asyncio.Event()
        failures = {}
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.run(done))
            running = [tasks.create_task(killer.run(done, KILLS[killer.process.name])) for killer in killers]
            for position, step in enumerate(STORY):
                if position == len(STORY) - QUIET:
                    await asyncio.wait(running, timeout=WITHIN_WITH_KILLS_S)
                    done.set()
                    await world.client.clear_faults()
                    await world.client.settled(WITHIN_S)
                failure = await played(step, world, WITHIN_WITH_KILLS_S)
                if failure:
                    failures[step.title] = failure
                    break
            done.set()
        faults = await judged(world)
        arrived = await on_the_topic(installation)

    hits = {killer.process.name: killer.hits for killer in killers}
    print(f"kills that hit work under way: {hits}; load: {load.sent} sent, {len(arrived)} on the topic")
    assert (failures, faults) == ({}, [])
    assert len(arrived) == load.sent
    assert sum(hits.values()) >= NEEDED, hits
