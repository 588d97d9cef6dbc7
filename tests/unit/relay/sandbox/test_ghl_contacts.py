import pytest

from relay.sandbox.ghl_errors import Refusal
from tests.givens.ghl_sandbox import highlevel


def test_a_new_contact_is_fired_flat() -> None:
    ghl = highlevel()

    contact_id = ghl.contact(companyName="Acme", customFields=[{"id": "cf1", "field_value": "51824753556"}])

    event, location_id, body = ghl.fired.events[-1]
    assert (event, location_id, body["id"]) == ("ContactCreate", ghl.location.id, contact_id)
    assert body["customFields"] == [{"id": "cf1", "value": "51824753556"}]
    assert (body["name"], body["companyName"], body["tags"]) == ("Ada Byron", "Acme", [])
    assert "dateUpdated" not in body


def test_tags_are_added_once_and_only_a_change_is_fired() -> None:
    ghl = highlevel()
    contacts, contact_id = ghl.sandbox.books.contacts, ghl.contact(tags=["vip"])

    contacts.add_tags(ghl.location.id, contact_id, ["paid", "vip", "paid"])
    contacts.add_tags(ghl.location.id, contact_id, ["paid"])
    contacts.remove_tags(ghl.location.id, contact_id, ["vip", "never there"])
    contacts.remove_tags(ghl.location.id, contact_id, ["vip"])

    assert contacts.get(ghl.location.id, contact_id).tags == ["paid"]
    assert ghl.fired.names == ["ContactCreate", "ContactTagUpdate", "ContactTagUpdate"]


def test_an_update_changes_only_what_it_names_but_overwrites_all_tags() -> None:
    ghl = highlevel()
    contact_id = ghl.contact(tags=["vip", "old"])

    ghl.sandbox.books.contacts.edit(ghl.location.id, contact_id, {"email": "new@example.com", "tags": ["vip"]})

    contact = ghl.sandbox.books.contacts.get(ghl.location.id, contact_id).answer()
    assert (contact["email"], contact["firstName"], contact["tags"]) == ("new@example.com", "Ada", ["vip"])
    assert ghl.fired.names[-1] == "ContactUpdate"


def test_a_deleted_contact_is_gone() -> None:
    ghl = highlevel()
    contact_id = ghl.contact()

    ghl.sandbox.books.contacts.delete(ghl.location.id, contact_id)

    assert ghl.fired.names[-1] == "ContactDelete"
    with pytest.raises(Refusal):
        ghl.sandbox.books.contacts.get(ghl.location.id, contact_id)


def test_a_contact_is_known_in_its_own_location_only() -> None:
    ghl = highlevel()
    contact_id, other = ghl.contact(), ghl.sandbox.add_location("Other", "company")

    with pytest.raises(Refusal):
        ghl.sandbox.books.contacts.get(other.id, contact_id)
    assert ghl.sandbox.books.contacts.of(other.id) == []


def test_notes_are_kept_and_fire_nothing() -> None:
    ghl = highlevel()
    contact_id = ghl.contact()

    note = ghl.sandbox.books.contacts.add_note(ghl.location.id, contact_id, {"body": "A payment was reversed"})

    assert note["contactId"] == contact_id
    assert ghl.sandbox.books.contacts.get(ghl.location.id, contact_id).notes == [note]
    assert ghl.fired.names == ["ContactCreate"]
