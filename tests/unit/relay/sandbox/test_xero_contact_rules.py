from typing import Any

import pytest

from relay.sandbox.xero_contact_rules import (
    contact_of_document,
    create_contact,
    find_contact,
    save_contact,
    update_contact,
)
from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_ledger import Ledger
from tests.givens.xero_sandbox import some_books

PERSON = {"FirstName": "Kim", "LastName": "Sample", "EmailAddress": "kim@example.com", "IncludeInEmails": True}


@pytest.fixture
def ledger() -> Ledger:
    return some_books()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Name": "A<B"}, "must not contain"),
        ({"Name": " Anna"}, "double spaces"),
        ({"Name": "Anna  Sample"}, "double spaces"),
        ({"Name": "x" * 256}, "Name must not be longer than 255"),
        ({"Name": None}, "must be specified"),
        ({"ContactNumber": "x" * 51}, "ContactNumber must not be longer than 50"),
        ({"EmailAddress": "anna at example.com"}, "not a valid email"),
        ({"EmailAddress": "änna@example.com"}, "not a valid email"),
        ({"Phones": [{"PhoneType": "HOME", "PhoneNumber": "1"}]}, "PhoneType HOME is not valid"),
        ({"Phones": [{"PhoneNumber": "1" * 51}]}, "PhoneNumber must not be longer than 50"),
        ({"Addresses": [{"City": "x" * 256}]}, "City must not be longer than 255"),
        ({"ContactPersons": [PERSON] * 6}, "at most 5 contact persons"),
    ],
)
def test_a_contact_is_refused(ledger: Ledger, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        create_contact(ledger, {"Name": "Anna"} | fields)

    assert not ledger.contacts


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (
            {"Name": "anna"},
            "The contact name anna is already assigned to another contact. The contact name must be unique",
        ),
        ({"Name": "Other", "ContactNumber": "n-1"}, "The contact number n-1 is already assigned"),
        ({"Name": "Other", "AccountNumber": "a-1"}, "The Account Number already exists."),
    ],
)
def test_what_is_unique_is_not_given_twice(ledger: Ledger, second: dict[str, Any], words: str) -> None:
    create_contact(ledger, {"Name": "Anna", "ContactNumber": "n-1", "AccountNumber": "a-1"})

    with pytest.raises(Invalid, match=words):
        create_contact(ledger, second)


def test_archiving_frees_a_name(ledger: Ledger) -> None:
    first = create_contact(ledger, {"Name": "Anna"})
    update_contact(ledger, first, {"ContactStatus": "ARCHIVED"})

    second = create_contact(ledger, {"Name": "Anna"})

    assert second.contact_id != first.contact_id


def test_a_post_finds_by_id_then_number_then_name(ledger: Ledger) -> None:
    anna = create_contact(ledger, {"Name": "Anna", "ContactNumber": "n-1"})
    create_contact(ledger, {"Name": "Ben"})

    by_number = save_contact(ledger, {"Name": "Anna Sample", "ContactNumber": "n-1"})
    by_name = save_contact(ledger, {"Name": "ANNA SAMPLE", "EmailAddress": "anna@example.com"})

    assert by_number.contact_id == by_name.contact_id == anna.contact_id
    assert len(ledger.contacts) == 2


def test_an_email_is_no_key(ledger: Ledger) -> None:
    create_contact(ledger, {"Name": "Anna", "EmailAddress": "a@example.com"})

    save_contact(ledger, {"Name": "Other", "EmailAddress": "a@example.com"})

    assert len(ledger.contacts) == 2


def test_persons_that_are_not_listed_go(ledger: Ledger) -> None:
    anna = create_contact(ledger, {"Name": "Anna", "ContactPersons": [PERSON]})

    kept = update_contact(ledger, anna, {"FirstName": "Anna", "ContactPersons": [PERSON]})
    gone = update_contact(ledger, kept, {"FirstName": "Anne"})

    assert (kept.persons, gone.persons) == ((PERSON,), ())


def test_phones_of_other_types_stay(ledger: Ledger) -> None:
    anna = create_contact(ledger, {"Name": "Anna", "Phones": [{"PhoneType": "MOBILE", "PhoneNumber": "1"}]})

    anna = update_contact(ledger, anna, {"Phones": [{"PhoneNumber": "2"}]})

    assert anna.phones
    assert {kind: phone["PhoneNumber"] for kind, phone in anna.phones.items()} == {"MOBILE": "1", "DEFAULT": "2"}


def test_an_archived_contact_cannot_be_changed(ledger: Ledger) -> None:
    anna = update_contact(ledger, create_contact(ledger, {"Name": "Anna"}), {"ContactStatus": "ARCHIVED"})

    with pytest.raises(Invalid, match="archived"):
        update_contact(ledger, anna, {"FirstName": "Anna"})


def test_a_status_of_privacy_cannot_be_set(ledger: Ledger) -> None:
    with pytest.raises(Invalid, match="GDPRREQUEST cannot be set"):
        update_contact(ledger, create_contact(ledger, {"Name": "Anna"}), {"ContactStatus": "GDPRREQUEST"})


def test_an_unknown_id_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Invalid, match="does not exist"):
        find_contact(ledger, {"ContactID": "nobody", "Name": "Anna"})


def test_a_document_names_its_contact_in_four_ways(ledger: Ledger) -> None:
    anna = create_contact(ledger, {"Name": "Anna", "ContactNumber": "n-1", "ContactPersons": [PERSON]})

    for named in ({"ContactID": anna.contact_id}, {"ContactNumber": "n-1"}, {"Name": "Anna"}):
        assert contact_of_document(ledger, named) == anna
    assert contact_of_document(ledger, {"Name": "New"}).contact_id != anna.contact_id


def test_a_field_beside_the_id_edits_the_contact_and_drops_its_persons(ledger: Ledger) -> None:
    anna = create_contact(ledger, {"Name": "Anna", "ContactPersons": [PERSON]})

    edited = contact_of_document(ledger, {"ContactID": anna.contact_id, "Name": "Anna"})

    assert edited.persons == ()


@pytest.mark.parametrize(("named", "words"), [({}, "must be specified"), ({"ContactNumber": "n-1"}, "archived")])
def test_a_document_needs_a_contact_that_is_active(ledger: Ledger, named: dict[str, Any], words: str) -> None:
    anna = create_contact(ledger, {"Name": "Anna", "ContactNumber": "n-1"})
    update_contact(ledger, anna, {"ContactStatus": "ARCHIVED"})

    with pytest.raises(Invalid, match=words):
        contact_of_document(ledger, named)
