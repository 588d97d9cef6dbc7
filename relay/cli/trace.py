"""`relay trace ID`: the life of one delivery, event, invoice or payment."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from relay.cli import output, wiring
from relay.cli.output import CommandFailed, JsonFlag
from relay.log.ports import Log
from relay.store.links import InvoiceLink
from relay.store.outcomes import OutcomeRow
from schemas.envelope import Event, NotAnEvent, event
from schemas.records import StoredRecord, TopicPartition
from schemas.topics import LIVE, replay_of

Line = dict[str, Any]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("trace", epilog="Example: relay trace INV-1042")(trace)


def trace(
    text: Annotated[
        str, typer.Argument(metavar="ID", help="Delivery, event, invoice, payment or contact id, or number.")
    ],
    days: Annotated[int, typer.Option("--days", min=1, help="How far back to look on the log.")] = 7,
    as_json: JsonFlag = False,
) -> None:
    """Show what was received, where it was stored, what was done, and what stands now, oldest first."""
    lines = asyncio.run(_life(text, wiring.CLOCK.now() - timedelta(days=days)))
    if not lines:
        raise CommandFailed(f"nothing is known of {text!r} within {days} days; look further back with --days")
    if as_json:
        output.show(lines)
    else:
        output.table(
            f"Life of {text}",
            ("time", "what", "id", "detail"),
            [[line[k] for k in ("time", "what", "id", "detail")] for line in lines],
        )


async def _life(text: str, since: datetime) -> Sequence[Line]:
    settings = wiring.settings()
    async with wiring.opened_stores(settings) as stores, wiring.opened_log(settings) as log:
        links = {link.id: link for link in await stores.links.find(text)}
        for link_id, _ in await stores.ledger.of_external(text):
            if (link := await stores.links.get(link_id)) is not None:
                links[link.id] = link
        ids = {text, *links, *(i for link in links.values() for i in _ids(link))}
        lines = [line async for line in _received(log, ids, since)]
        outcomes = {(row.consumer, row.ce_id, row.run_id): row for i in ids for row in await stores.outcomes.find(i)}
        lines += [_handled(row) for row in outcomes.values()]
        lines += [line for link in links.values() for line in await _standing(stores, link)]
    return sorted(lines, key=lambda line: line["time"])


def _ids(link: InvoiceLink) -> set[str]:
    return {i for i in (link.ghl_invoice_id, link.xero_invoice_id) if i}


async def _received(log: Log, ids: set[str], since: datetime) -> AsyncIterator[Line]:
    """Read the log from a time on: what waits in it has no outcome yet."""
    for topic in (*LIVE, *(replay_of(topic) for topic in LIVE)):
        bounds = await log.scanner.bounds(topic)
        for partition, start in (await log.scanner.offsets_at(topic, since)).items():
            async for block in log.scanner.scan(TopicPartition(topic, partition), start, bounds[partition].end):
                for record in block:
                    if (found := _of(record, ids)) is not None:
                        yield {
                            "time": found.received_at,
                            "what": "received",
                            "id": found.id,
                            "detail": f"{found.type} of delivery {found.delivery_id[:12]}, stored at {record.origin}",
                        }


def _of(record: StoredRecord, ids: set[str]) -> Event | None:
    try:
        found = event(record)
    except NotAnEvent:
        return None
    return found if ids & {found.id, found.subject, found.delivery_id} else None


def _handled(row: OutcomeRow) -> Line:
    reason = f" ({row.reason})" if row.reason else ""
    return {
        "time": row.handled_at,
        "what": row.outcome,
        "id": row.ce_id,
        "detail": f"{row.consumer}{reason}: {row.detail or '-'}, try {row.attempts}",
    }


async def _standing(stores: wiring.Stores, link: InvoiceLink) -> Sequence[Line]:
    now = wiring.CLOCK.now()
    lines = [
        {
            "time": link.xero_updated_at or now,
            "what": "stands",
            "id": link.xero_invoice_id or link.id,
            "detail": f"{link.number} {link.state}: {link.xero_status or 'not in Xero yet'}, total {link.total} "
            f"{link.currency}, paid {link.amount_paid}",
        }
    ]
    for row in await stores.ledger.read(link.id):
        detail = f"{row.kind} of {row.amount} from {row.origin}: {row.state}, recorded {row.recorded}"
        lines.append({"time": row.intended_at or now, "what": "payment", "id": row.external_id, "detail": detail})
    return lines
