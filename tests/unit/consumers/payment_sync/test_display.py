from dataclasses import replace
from typing import Any

import pytest

from consumers.payment_sync.display import ContactDisplay, Tags, shown_by, tags_for
from relay.store.contacts import ContactLink
from relay.store.errors import LeaseTaken
from tests.givens.fate import Died
from tests.givens.payments import CONNECTION, CONTACT, settings
from tests.givens.payments_world import World

TAGS: dict[str, Any] = {
    "crm_status": {
        "unpaid": {"add_tags": ["invoice unpaid"]},
        "overdue": {"add_tags": ["invoice overdue", "owes"], "remove_tags": ["good customer"]},
        "partially_paid": {"add_tags": ["owes"]},
        "paid": {"add_tags": ["invoice paid"]},
    }
}


def display(world: World) -> ContactDisplay:
    return ContactDisplay(vendors=world, links=world.links, contacts=world.contacts, leases=world.leases)


async def show(world: World, status: Any, link_id: str = "l1") -> list[str]:
    link = world.links.rows[link_id]
    return list(await display(world).show(CONNECTION, world.connections.chosen, link, status))


@pytest.mark.parametrize(
    ("changed", "others", "shown"),
    [
        ("paid", [], "paid"),
        ("paid", ["unpaid"], "unpaid"),
        ("unpaid", ["overdue", "paid"], "overdue"),
        ("partially_paid", ["unpaid"], "partially_paid"),
        ("overdue", ["partially_paid"], "overdue"),
        ("void", ["paid", None], "void"),
        ("paid", ["refunded"], "paid"),
    ],
)
def test_a_contact_shows_the_worst_that_is_owed_else_what_changed_last(
    changed: Any, others: list[str | None], shown: str
) -> None:
    assert shown_by(changed, others) == shown


def test_the_tags_of_all_other_statuses_go_but_not_those_that_stay() -> None:
    assert tags_for("overdue", settings(**TAGS)) == Tags(
        ("invoice overdue", "owes"), ["good customer", "invoice unpaid", "invoice paid"]
    )


async def test_a_status_is_shown_as_tags_under_the_contacts_lease() -> None:
    world = World(**TAGS)
    world.crm.tags = {"invoice unpaid", "vip"}

    await show(world, "paid")

    assert world.crm.tags == {"invoice paid", "vip"}
    assert world.leases.names == [f"contact:{CONNECTION.id}:{CONTACT}"]
    assert world.contacts.rows[CONNECTION.id, CONTACT] == ContactLink("c1", "tenant", CONTACT, "xero-contact-1", "paid")


async def test_one_paid_invoice_does_not_hide_another_that_is_overdue() -> None:
    world = World(**TAGS)
    world.links.rows["l2"] = replace(world.link, id="l2", xero_invoice_id="x2")
    await show(world, "overdue", "l2")
    world.crm.calls.clear()

    await show(world, "paid")

    assert "invoice overdue" in world.crm.tags
    assert world.crm.calls == []


async def test_what_is_shown_already_costs_no_call() -> None:
    world = World(**TAGS)
    await show(world, "paid")
    world.crm.calls.clear()

    await show(world, "paid")

    assert world.crm.calls == []


async def test_without_settings_for_a_status_no_call_is_made() -> None:
    world = World()

    await show(world, "paid")

    assert world.crm.calls == []


async def test_a_contact_that_is_gone_is_said_and_stops_nothing() -> None:
    world = World(**TAGS)
    world.crm.contact_gone = True

    assert await show(world, "paid") == ["the contact is gone"]


async def test_an_invoice_without_a_contact_is_said() -> None:
    world = World(**TAGS)
    world.links.rows["l1"] = replace(world.link, ghl_contact_id=None)

    assert await show(world, "paid") == ["the invoice has no known contact to show it on"]


async def test_settings_that_have_no_effect_yet_are_said() -> None:
    wanted = {"fields": {"f1": "{due}"}, "opportunity": {"status": "won"}, "workflow_id": "w1"}
    world = World(crm_status={"paid": wanted})

    assert await show(world, "paid") == ["not shown yet: fields, opportunity, workflow"]


async def test_a_taken_lease_is_the_callers_to_try_again() -> None:
    world = World(**TAGS)
    world.leases.taken.add(f"contact:{CONNECTION.id}:{CONTACT}")

    with pytest.raises(LeaseTaken):
        await show(world, "paid")


async def test_a_contact_without_a_twin_is_tagged_all_the_same() -> None:
    world = World(**TAGS)
    world.links.rows["l1"] = replace(world.link, xero_contact_id=None)

    await show(world, "paid")

    assert world.crm.tags == {"invoice paid"}
    assert world.contacts.rows == {}


async def test_what_an_invoice_showed_before_does_not_count_any_more() -> None:
    world = World(**TAGS)
    await show(world, "overdue")

    await show(world, "paid")

    assert world.crm.tags == {"invoice paid"}


async def test_the_status_stands_on_the_link_before_the_next_invoice_of_the_contact_is_shown() -> None:
    world = World(**TAGS)
    world.links.rows["l2"] = replace(world.link, id="l2", xero_invoice_id="x2", shown_status="overdue")
    await show(world, "overdue")

    await show(world, "paid", "l2")
    await show(world, "paid")

    assert world.link.shown_status == "paid"
    assert world.crm.tags == {"invoice paid"}


async def test_a_run_that_died_before_the_link_was_saved_shows_the_same_again() -> None:
    world = World(**TAGS)
    world.fate.dies_at = 2  # while the tags of the others are taken off

    with pytest.raises(Died):
        await show(world, "paid")
    assert world.link.shown_status is None
    world.leases.taken.clear()
    await show(world, "paid")

    assert (world.link.shown_status, world.crm.tags) == ("paid", {"invoice paid"})
