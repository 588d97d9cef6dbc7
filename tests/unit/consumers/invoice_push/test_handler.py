from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from consumers.runtime.handler import QueuedEvent, Subject
from consumers.runtime.outcome import Dead, Done, Park, Retry, Scope, Skipped
from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind, Refusal, Rule
from relay.store.links import LinkState
from schemas.envelope import Event
from schemas.reasons import Reason
from tests.givens.invoice_push import GST, World, an_event, opened_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as opened:
        yield opened


def lose(world: World, kind: FaultKind, method: str, path: str, **rule: Any) -> None:
    world.sandbox.faults.add(Rule(kind, Vendor.XERO, path=path, method=method, **rule))


async def test_a_sent_invoice_stands_in_xero_to_the_cent(world: World) -> None:
    invoice_id = world.invoice()

    outcome = await world.handle(invoice_id, "InvoiceSent")

    [sale] = world.sales
    link = await world.link(invoice_id)
    assert (sale.total, sale.total_tax, sale.status) == (Decimal("110.00"), Decimal("10.00"), "AUTHORISED")
    assert (sale.reference, sale.sent_to_contact) == (invoice_id, True)
    assert outcome == Done("created", link.id)
    assert (link.state, link.xero_invoice_id, link.number) == (LinkState.LINKED, sale.invoice_id, sale.number)
    assert list(link.line_item_ids.values()) == [sale.lines[0].line_item_id]
    assert world.till.settled == [link.id]


async def test_an_event_from_before_the_last_read_asks_nobody(world: World) -> None:
    invoice_id = world.invoice()
    received_at = world.clock.now()
    world.clock.advance(5)
    await world.handle(invoice_id)
    world.network.asked.clear()

    duplicate = await world.handle(invoice_id, received_at=received_at)
    asked_for_a_duplicate = list(world.network.asked)
    forced = await world.handle(invoice_id, received_at=received_at, forced=True)

    assert isinstance(duplicate, Skipped)
    assert duplicate.reason is Reason.ALREADY_IN_STEP
    assert asked_for_a_duplicate == []
    assert isinstance(forced, Skipped)
    assert world.network.asked == [f"GET /invoices/{invoice_id}"]


async def test_what_would_not_change_the_document_is_not_written(world: World) -> None:
    invoice_id = world.invoice()
    await world.handle(invoice_id)
    writes = len(world.sandbox.xero.calls.writes())

    outcome = await world.handle(invoice_id)

    assert outcome == Skipped(Reason.ALREADY_IN_STEP, link=(await world.link(invoice_id)).id)
    assert len(world.sandbox.xero.calls.writes()) == writes


async def test_an_edited_invoice_keeps_its_document_number_and_lines(world: World) -> None:
    invoice_id = world.invoice()
    await world.handle(invoice_id)
    [before] = world.sales
    known = next(iter((await world.link(invoice_id)).line_item_ids))
    items = [{"_id": known, "name": "Consulting", "amount": 250, "taxes": [GST]}, {"name": "Travel", "amount": 20}]
    world.do("edit", invoice_id, items=items)

    outcome = await world.handle(invoice_id)

    [after] = world.sales
    assert outcome == Done("changed", (await world.link(invoice_id)).id)
    assert (after.invoice_id, after.number, after.total) == (before.invoice_id, before.number, Decimal("295.00"))
    assert after.lines[0].line_item_id == before.lines[0].line_item_id


@pytest.mark.parametrize(
    ("send", "deed", "kind", "status"),
    [
        pytest.param(True, "void", "InvoiceVoid", "VOIDED", id="voided"),
        pytest.param(False, "delete", "InvoiceDelete", "DELETED", id="a draft deleted"),
        pytest.param(False, "delete", "InvoiceUpdate", "DELETED", id="gone, and the list still answers"),
    ],
)
async def test_an_invoice_that_ends_in_highlevel_ends_in_xero(
    world: World, send: bool, deed: str, kind: str, status: str
) -> None:
    invoice_id = world.invoice(send=send)
    await world.handle(invoice_id)
    world.do(deed, invoice_id)

    first = await world.handle(invoice_id, kind)
    again = await world.handle(invoice_id, kind)

    assert isinstance(first, Done)
    assert isinstance(again, Skipped)
    assert [sale.status for sale in world.sales] == [status]


async def test_a_draft_that_a_bookkeeper_approved_is_voided_when_it_is_deleted(world: World) -> None:
    invoice_id = world.invoice(send=False)
    await world.handle(invoice_id)
    world.sandbox.xero.books.approve_invoice(world.connection.tenant_id, world.sales[0].invoice_id)
    world.do("delete", invoice_id)

    await world.handle(invoice_id, "InvoiceDelete")

    assert [sale.status for sale in world.sales] == ["VOIDED"]


async def test_a_lost_permission_does_not_void_anything(world: World) -> None:
    invoice_id = world.invoice()
    await world.handle(invoice_id)
    gone = Refusal(404, {"content-type": "application/json"}, '{"statusCode":404,"message":"Not found"}')
    world.sandbox.faults.add(Rule(FaultKind.REFUSE, Vendor.GHL, path="/invoices", times=None, refusal=gone))

    outcome = await world.handle(invoice_id)

    assert isinstance(outcome, Park)
    assert (outcome.reason, outcome.scope) == (Reason.ACCESS_IN_DOUBT, Scope.SUBJECT)
    assert [sale.status for sale in world.sales] == ["AUTHORISED"]


@pytest.mark.parametrize(("send", "deed"), [(True, "void"), (False, "delete")])
async def test_what_never_reached_xero_leaves_nothing_to_end(world: World, send: bool, deed: str) -> None:
    invoice_id = world.invoice(send=send)
    world.do(deed, invoice_id)

    assert await world.handle(invoice_id, "InvoiceDelete") == Skipped(Reason.NOTHING_TO_VOID)
    assert world.sales == []


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param({"sync_invoices": "off"}, Reason.SWITCHED_OFF, id="invoices are switched off"),
        pytest.param({"push_since": "2026-11-21"}, Reason.SWITCHED_OFF, id="issued before the first day"),
        pytest.param({"push_drafts": False}, Reason.DRAFT_NOT_WANTED, id="a draft that is not wanted"),
    ],
)
async def test_the_settings_say_what_is_not_sent(world: World, settings: dict[str, Any], reason: Reason) -> None:
    await world.set(**settings)

    outcome = await world.handle(world.invoice(send=False))

    assert isinstance(outcome, Skipped)
    assert outcome.reason is reason
    assert world.sales == []


async def test_a_backfill_sends_what_is_older_than_the_first_day(world: World) -> None:
    await world.set(push_since="2026-11-21")

    outcome = await world.handle(world.invoice(), run_id="backfill-1")

    assert isinstance(outcome, Done)


async def test_an_invoice_that_cannot_be_sent_makes_no_contact(world: World) -> None:
    await world.set(default_account_code="999")
    contacts = len(world.ledger.contacts)

    outcome = await world.handle(world.invoice())

    assert isinstance(outcome, Dead)
    assert outcome.reason is Reason.ACCOUNT_UNUSABLE
    assert len(world.ledger.contacts) == contacts


async def test_what_was_mended_in_xero_is_seen_before_a_dead_letter_is_written(world: World) -> None:
    books, tenant = world.sandbox.xero.books, world.connection.tenant_id
    books.archive_account(tenant, "200")
    first = await world.handle(world.invoice())
    books.restore_account(tenant, "200")
    world.clock.advance(60)

    second = await world.handle(world.invoice())

    assert isinstance(first, Dead)
    assert first.reason is Reason.ACCOUNT_UNUSABLE
    assert isinstance(second, Done)


async def test_a_limit_parks_the_whole_connection_until_it_ends(world: World) -> None:
    lose(world, FaultKind.THROTTLE, "", "/Contacts", seconds=42)

    outcome = await world.handle(world.invoice())

    assert isinstance(outcome, Park)
    assert (outcome.reason, outcome.scope) == (Reason.MINUTE_LIMIT, Scope.CONNECTION)
    assert outcome.until == world.clock.now() + timedelta(seconds=42)


async def test_who_finds_the_other_side_at_work_waits(world: World) -> None:
    invoice_id = world.invoice()

    async with world.leases.held(f"link:{world.connection.id}:{invoice_id}", ttl_s=60, wait_s=0):
        outcome = await world.handle(invoice_id)

    assert isinstance(outcome, Retry)
    assert world.network.asked == []


async def test_payments_that_must_wait_leave_the_event_to_be_done_again(world: World) -> None:
    waits = Retry(timedelta(seconds=3), Reason.OUTCOME_UNKNOWN)
    world.till.answer = waits
    invoice_id = world.invoice()
    received_at = world.clock.now()

    first = await world.handle(invoice_id, received_at=received_at)
    world.till.answer = Done("recorded: 1")
    world.do("record-payment", invoice_id, amount=50)
    world.clock.advance(60)
    second = await world.handle(invoice_id, received_at=received_at)

    assert first == waits
    assert second == Done("recorded: 1")
    assert len(world.sales) == 1


async def test_a_batch_is_answered_in_its_order(world: World) -> None:
    sent, gone = world.invoice(), world.invoice()
    world.do("void", gone)
    subjects = []
    for invoice_id in (gone, sent):
        event = an_event(invoice_id, "InvoiceUpdate", world.connection.location_id, world.clock.now())
        subjects.append(await _subject(world, event))

    outcomes = await world.handler.handle(subjects)

    assert [type(outcome) for outcome in outcomes] == [Skipped, Done]


async def _subject(world: World, event: Event) -> Subject:
    return Subject(event.subject, await world.handler.connection_of(event), (QueuedEvent(event, event.topic, 0, 0),))


async def test_without_a_connection_an_event_waits(world: World) -> None:
    event = an_event("any", "InvoiceSent", "another location", world.clock.now())
    subject = await _subject(world, event)

    [outcome] = await world.handler.handle([subject])

    assert subject.connection is None
    assert isinstance(outcome, Park)
    assert outcome.reason is Reason.NOT_CONNECTED
    assert world.handler.subject_of(event) == "any"


async def test_a_second_invoice_asks_nobody_about_its_customer(world: World) -> None:
    contact_id = world.contact()
    await world.handle(world.invoice(contact_id))
    world.network.asked.clear()

    await world.handle(world.invoice(contact_id))

    assert [asked for asked in world.network.asked if "ontacts" in asked] == []
    assert len({sale.contact_id for sale in world.sales}) == 1


async def test_a_contact_archived_since_is_a_dead_letter_and_a_merged_one_is_followed(world: World) -> None:
    books, tenant, contact_id = world.sandbox.xero.books, world.connection.tenant_id, world.contact()
    await world.handle(world.invoice(contact_id))
    old = world.sales[0].contact_id
    books.archive_contact(tenant, old)

    archived = await world.handle(world.invoice(contact_id))
    world.ledger.contacts[old] = replace(world.ledger.contacts[old], status="ACTIVE")
    survivor = books.create_contact(tenant, "The Survivor")
    books.merge_contact(tenant, old, survivor)
    invoice_id = world.invoice(contact_id)
    first = await world.handle(invoice_id)
    second = await world.handle(invoice_id)

    assert isinstance(archived, Dead)
    assert archived.reason is Reason.CONTACT_ARCHIVED
    assert isinstance(first, Retry)
    assert isinstance(second, Done)
    assert [sale.contact_id for sale in world.sales if sale.reference == invoice_id] == [survivor]
