from typing import Any

import pytest

from consumers.invoice_push.cards import card, changes, email_of
from consumers.invoice_push.people import Person
from schemas import xero
from tests.givens.mapping import settings

WHO = Person(
    "c",
    first_name="Sample",
    email="customer@example.com",
    phone="+61 2 5550 0199",
    address1="2 Sample Road",
    city="Sampleton",
    postal_code="2001",
    country="AU",
    custom_fields={"abn": "51 824 753 556"},
)


def an_existing(**given: Any) -> xero.Contact:
    return xero.Contact.model_validate({"ContactID": "x", "Name": "Renamed", **given})


@pytest.mark.parametrize(
    ("email", "sent"),
    [
        (" customer@example.com ", "customer@example.com"),
        ("\ufb01ne@example.com", "fine@example.com"),
        ("customer@ex\u00e4mple.com", ""),
        ("two words@example.com", ""),
        ("a@b@example.com", ""),
        ("customer@example", ""),
        ("x" * 250 + "@example.com", ""),
    ],
)
def test_an_address_is_one_that_xero_takes_or_left_out(email: str, sent: str) -> None:
    assert email_of(Person("c", email=email)) == sent


def test_a_new_contact_carries_what_is_known_and_wanted() -> None:
    everything = card(WHO, "Sample", settings(contact_tax_number_field="abn"))
    little = card(WHO, "Sample", settings(contact_fields=["phone"]))

    assert everything == {
        "Name": "Sample",
        "ContactNumber": "c",
        "FirstName": "Sample",
        "EmailAddress": "customer@example.com",
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "+61 2 5550 0199"}],
        "Addresses": [
            {
                "AddressType": "POBOX",
                "AddressLine1": "2 Sample Road",
                "City": "Sampleton",
                "PostalCode": "2001",
                "Country": "AU",
            }
        ],
        "TaxNumber": "51 824 753 556",
    }
    assert set(little) == {"Name", "ContactNumber", "FirstName", "Phones"}


@pytest.mark.parametrize(
    "who",
    [Person("c", country="AU"), Person("c", phone="0" * 51), Person("c", custom_fields={"abn": "9" * 51})],
    ids=["nothing but a country", "a phone too long", "a tax number too long"],
)
def test_what_xero_would_refuse_is_left_out(who: Person) -> None:
    assert card(who, "Sample", settings(contact_tax_number_field="abn")) == {"Name": "Sample", "ContactNumber": "c"}


HELD = {
    "FirstName": "Sam",
    "EmailAddress": "CUSTOMER@example.com",
    "Phones": [{"PhoneType": "DEFAULT", "PhoneCountryCode": "61", "PhoneAreaCode": "2", "PhoneNumber": "5550 0199"}],
    "Addresses": [{"AddressType": "POBOX", "City": "Elsewhere"}],
}


@pytest.mark.parametrize(
    ("policy", "held", "changed"),
    [
        pytest.param("fill", HELD, None, id="nothing is empty"),
        pytest.param("fill", {}, {"FirstName", "EmailAddress", "Phones", "Addresses"}, id="everything is empty"),
        pytest.param("overwrite", HELD, {"FirstName", "Addresses"}, id="what differs"),
        pytest.param("never", {}, None, id="never"),
    ],
)
def test_an_existing_contact_is_changed_as_the_admin_chose(
    policy: str, held: dict[str, Any], changed: set[str] | None
) -> None:
    found = changes(an_existing(**held), WHO, settings(contact_update=policy), adopted=False)

    assert (None if found is None else set(found) - {"ContactID"}) == changed


def test_an_adopted_contact_gets_our_number_but_only_an_empty_place_for_it() -> None:
    never = settings(contact_update="never")

    assert changes(an_existing(), WHO, never, adopted=True) == {"ContactID": "x", "ContactNumber": "c"}
    assert changes(an_existing(ContactNumber="theirs"), WHO, never, adopted=True) is None


def test_persons_go_along_because_xero_drops_those_not_listed() -> None:
    desk = {"FirstName": "Front", "LastName": "Desk"}

    found = changes(an_existing(ContactPersons=[desk]), WHO, settings(), adopted=False)

    assert found is not None
    assert found["ContactPersons"] == [desk]
