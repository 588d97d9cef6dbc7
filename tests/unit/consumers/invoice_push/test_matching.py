from typing import Any

import pytest

from consumers.invoice_push.matching import ContactLinks, CreateContact, UseContact, decide_contact
from consumers.invoice_push.verdict import Dead
from schemas import ghl, xero
from schemas.reasons import Reason
from tests.givens.mapping import settings

SAME = "a@b.example"
WHO = ghl.Contact.model_validate({"id": "c", "firstName": "Sample", "lastName": "Customer", "email": SAME})


def in_xero(contact_id: str, **given: Any) -> xero.Contact:
    return xero.Contact.model_validate({"ContactID": contact_id, "Name": f"Name of {contact_id}", **given})


def decided(*contacts: xero.Contact, linked: str | None = None, elsewhere: tuple[str, ...] = (), **chosen: Any) -> Any:
    return decide_contact(WHO, settings(**chosen), contacts, ContactLinks(linked, frozenset(elsewhere)))


@pytest.mark.parametrize(
    ("contacts", "given", "contact_id", "by"),
    [
        pytest.param([in_xero("1"), in_xero("2", ContactNumber="c")], {"linked": "1"}, "1", "link", id="the link"),
        pytest.param([in_xero("2", ContactNumber="c")], {"linked": "gone"}, "2", "contact_number", id="a lost link"),
        pytest.param(
            [
                in_xero("1", ContactStatus="ARCHIVED", MergedToContactID="2"),
                in_xero("2", ContactStatus="ARCHIVED", MergedToContactID="3"),
                in_xero("3"),
            ],
            {"linked": "1"},
            "3",
            "link",
            id="merged twice",
        ),
        pytest.param(
            [in_xero("1", ContactNumber="c", ContactStatus="ARCHIVED"), in_xero("2", ContactNumber="c")],
            {},
            "2",
            "contact_number",
            id="the active one of its number",
        ),
        pytest.param([in_xero("1", EmailAddress="A@B.example")], {}, "1", "email", id="by e-mail"),
        pytest.param(
            [
                in_xero("1", EmailAddress=SAME),
                in_xero("2", EmailAddress=SAME, Name="sample customer"),
            ],
            {},
            "2",
            "email",
            id="of several by name",
        ),
        pytest.param([in_xero("1", Name="SAMPLE  customer")], {}, "1", "name", id="by name"),
    ],
)
def test_the_first_that_applies_is_used(
    contacts: list[xero.Contact], given: dict[str, Any], contact_id: str, by: str
) -> None:
    found = decided(*contacts, **given)

    assert isinstance(found, UseContact)
    assert (found.contact_id, found.matched_by) == (contact_id, by)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(in_xero("1", EmailAddress=SAME, ContactNumber="another"), id="has another number"),
        pytest.param(in_xero("2", EmailAddress=SAME), id="is linked to another"),
        pytest.param(in_xero("1", EmailAddress=SAME, ContactStatus="ARCHIVED"), id="is archived"),
    ],
)
def test_an_email_of_somebody_elses_is_no_match(other: xero.Contact) -> None:
    assert isinstance(decided(other, elsewhere=("2",)), CreateContact)


@pytest.mark.parametrize(
    ("contacts", "chosen", "name"),
    [
        pytest.param([], {}, "Sample Customer", id="nobody has it"),
        pytest.param(
            [in_xero("1", Name="Sample Customer", ContactStatus="ARCHIVED")], {}, "Sample Customer", id="free"
        ),
        pytest.param(
            [in_xero("1", Name="Sample Customer", EmailAddress="other@b.example")],
            {},
            "Sample Customer (c)",
            id="taken",
        ),
    ],
)
def test_a_name_held_by_another_gets_a_suffix(contacts: list[xero.Contact], chosen: dict[str, Any], name: str) -> None:
    found = decided(*contacts, **chosen)

    assert isinstance(found, CreateContact)
    assert found.contact["Name"] == name


@pytest.mark.parametrize(
    ("contacts", "given", "reason"),
    [
        ([in_xero("1", ContactStatus="ARCHIVED")], {"linked": "1"}, Reason.CONTACT_ARCHIVED),
        ([in_xero("1", ContactNumber="c", ContactStatus="ARCHIVED")], {}, Reason.CONTACT_ARCHIVED),
        (
            [in_xero("1", Name="Sample Customer", ContactNumber="other")],
            {"contact_name_taken": "ask"},
            Reason.CONTACT_NAME_TAKEN,
        ),
        (
            [in_xero("1", Name="Sample Customer", ContactNumber="x"), in_xero("2", Name="Sample Customer (c)")],
            {},
            Reason.CONTACT_NAME_TAKEN,
        ),
    ],
)
def test_where_a_person_must_decide(contacts: list[xero.Contact], given: dict[str, Any], reason: Reason) -> None:
    found = decided(*contacts, **given)

    assert isinstance(found, Dead)
    assert found.reason is reason
