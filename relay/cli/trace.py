"""`relay trace ID`: the life of one delivery, event, invoice or payment."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

import typer

from relay.cli import output, wiring
from relay.cli.output import CommandFailed, JsonFlag
from relay.log.ports import Log
from relay.store.ledger import LedgerRow
from relay.store.links import InvoiceLink
from relay.store.lives import Life, Lives
from relay.store.outcomes import OutcomeRow
from relay.store.parked import ParkedEvent
from relay.store.writes import Write
from schemas.envelope import Event, NotAnEvent, event
from schemas.records import StoredRecord, TopicPartition
from schemas.topics import LIVE, replay_of


class Line(NamedTuple):
    """One thing that happened, or that stands now (without a time)."""

    time: datetime | None
    what: str
    id: str
    detail: str


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("trace", epilog="Example: relay trace INV-1042")(trace)


def trace(
    text: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a delivery, event, invoice, payment, contact; or number.")
    ],
    days: Annotated[int, typer.Option("--days", min=1, help="How far back to look on the log.")] = 7,
    as_json: JsonFlag = False,
) -> None:
    """Show what was received, where it was stored, what was done, and what stands now, oldest first."""
    lines = asyncio.run(_life(text, wiring.CLOCK.now() - timedelta(days=days)))
    if not lines:
        raise CommandFailed(f"nothing is known of {text!r} within {days} days; look further back with --days")
    if as_json:
        output.show([line._asdict() for line in lines])
    else:
        output.table(f"Life of {text}", Line._fields, lines)


async def _life(text: str, since: datetime) -> Sequence[Line]:
    settings = wiring.settings()
    async with wiring.opened_stores(settings) as stores, wiring.opened_log(settings) as log:
        lives = Lives(stores.links, stores.contacts, stores.outcomes, stores.parked, stores.writes, stores.ledger)
        life = await lives.find(text)
        happened = [line async for line in _received(log, _ids(text, life), since)]
        happened += [_handled(row) for row in life.outcomes]
        happened += [_parked(row) for row in life.parked]
        happened += [_written(row) for row in life.writes]
        standing = [_link(link) for link in life.links] + [_payment(row) for _, row in life.payments]
    return [*sorted(happened, key=lambda line: str(line.time)), *standing]


def _ids(text: str, life: Life) -> set[str]:
    found = {text, *(row.ce_id for row in life.outcomes)}
    return found | {i for link in life.links for i in (link.ghl_invoice_id, link.xero_invoice_id) if i}


async def _received(log: Log, ids: set[str], since: datetime) -> AsyncIterator[Line]:
    """Read the log from a time on: what waits in it has no outcome yet."""
    for topic in (*LIVE, *(replay_of(topic) for topic in LIVE)):
        bounds = await log.scanner.bounds(topic)
        for partition, start in (await log.scanner.offsets_at(topic, since)).items():
            async for block in log.scanner.scan(TopicPartition(topic, partition), start, bounds[partition].end):
                for record in block:
                    if (found := _of(record, ids)) is not None:
                        detail = f"{found.type}, delivery {found.delivery_id[:12]}, stored at {record.origin}"
                        yield Line(found.received_at, "received", found.id, detail)


def _of(record: StoredRecord, ids: set[str]) -> Event | None:
    try:
        found = event(record)
    except NotAnEvent:
        return None
    return found if ids & {found.id, found.subject, found.delivery_id} else None


def _handled(row: OutcomeRow) -> Line:
    reason = f" ({row.reason})" if row.reason else ""
    return Line(
        row.handled_at, row.outcome, row.ce_id, f"{row.consumer}{reason}: {row.detail or '-'}, try {row.attempts}"
    )


def _parked(row: ParkedEvent) -> Line:
    return Line(row.last_failure, str(row.state), row.id, f"{row.reason}: {row.detail or '-'}, try {row.attempts}")


def _written(row: Write) -> Line:
    answered = f"answered {row.answered_at:%H:%M:%S}" if row.answered_at else "no answer known"
    return Line(row.sent_at, "sent", row.key, f"{row.method} {row.path} to Xero, {answered}")


def _link(link: InvoiceLink) -> Line:
    status = link.xero_status or "not in Xero yet"
    detail = f"{link.number}: {status}, total {link.total} {link.currency}, paid {link.amount_paid}"
    return Line(None, f"stands ({link.state})", link.xero_invoice_id or link.id, detail)


def _payment(row: LedgerRow) -> Line:
    detail = f"{row.kind} of {row.amount} from {row.origin}, recorded {row.recorded}"
    return Line(None, f"stands ({row.state})", row.external_id, detail)
