from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from relay.upstream.ports import ElementRefused
from relay.upstream.xero.contacts import Contacts, create_request, update_request
from tests.givens.upstream import Script, answer, xero_caller


def held(**changes: Any) -> dict[str, Any]:
    return {"ContactID": "contact-1", "Name": "Ann", "EmailAddress": None, "ContactNumber": "ghl-1", **changes}


def contacts(*elements: dict[str, Any]) -> Any:
    return answer({"Contacts": list(elements)})


def query(vendor: Script, index: int = 0) -> dict[str, list[str]]:
    return parse_qs(urlsplit(str(vendor.requests[index].url)).query)


async def test_contacts_are_read_by_id_archived_ones_too() -> None:
    vendor = Script(contacts(held(ContactStatus="ARCHIVED", MergedToContactID="contact-2")))

    [contact] = await Contacts(xero_caller(vendor)).read(["contact-1"])

    assert query(vendor) == {
        "IDs": ["contact-1"],
        "includeArchived": ["true"],
        "page": ["1"],
        "pageSize": ["100"],
    }
    assert (contact.status, contact.merged_to) == ("ARCHIVED", "contact-2")


@pytest.mark.parametrize(
    ("method", "value", "where", "archived"),
    [
        ("by_contact_number", "ghl-1", 'ContactNumber=="ghl-1"', ["true"]),
        ("by_email", "o'neil+x@example.com", 'EmailAddress=="o\'neil+x@example.com"', None),
        ("by_name", "Foo & Bar (UK), Ltd", 'Name=="Foo & Bar (UK), Ltd"', None),
    ],
)
async def test_contacts_are_looked_up_exactly(method: str, value: str, where: str, archived: list[str] | None) -> None:
    vendor = Script(contacts(held()))

    found = await getattr(Contacts(xero_caller(vendor)), method)(value)

    assert len(found) == 1
    assert query(vendor)["where"] == [where]
    assert query(vendor).get("includeArchived") == archived


@pytest.mark.parametrize(
    ("name", "term"), [('The "Best" Bakery', "Bakery"), ("Back\\slash Ltd", "slash Ltd"), ('"A"', "A")]
)
async def test_a_quote_which_where_cannot_hold_is_searched_for_around(name: str, term: str) -> None:
    vendor = Script(contacts(held(Name=name), held(Name="The Best Bakery")))

    found = await Contacts(xero_caller(vendor)).by_name(name)

    assert query(vendor)["searchTerm"] == [term]
    assert "where" not in query(vendor)
    assert [contact.name for contact in found] == [name]


@pytest.mark.parametrize("value", ["", '"'])
async def test_nothing_to_look_for_finds_nobody(value: str) -> None:
    vendor = Script(contacts(held()))

    assert await Contacts(xero_caller(vendor)).by_email(value) == []
    assert vendor.requests == []


async def test_creating_a_contact_never_changes_one_that_exists() -> None:
    vendor = Script(contacts(held(HasValidationErrors=True, ValidationErrors=[{"Message": "name taken"}]), held()))
    wanted = [{"Name": "Ann", "ContactNumber": "ghl-0"}, {"Name": "Ann", "ContactNumber": "ghl-1"}]

    refused, created = await Contacts(xero_caller(vendor)).create(wanted, key="k")

    assert vendor.paths == ["PUT /api.xro/2.0/Contacts?summarizeErrors=false"]
    assert vendor.body() == {"Contacts": wanted}
    assert (refused, created.contact_id) == (ElementRefused(("name taken",)), "contact-1")


async def test_an_update_names_the_contact_it_changes() -> None:
    vendor = Script(contacts(held(EmailAddress="a@example.com")))

    [contact] = await Contacts(xero_caller(vendor)).update([{"ContactID": "contact-1"}], key="k")

    assert vendor.paths == ["POST /api.xro/2.0/Contacts?summarizeErrors=false"]
    assert contact.email == "a@example.com"


def test_an_update_without_an_id_is_a_bug() -> None:
    with pytest.raises(ValueError, match="without ContactID"):
        update_request([{"Name": "Ann"}], "k")


async def test_nothing_to_write_calls_nobody() -> None:
    vendor = Script(contacts())
    client = Contacts(xero_caller(vendor))

    assert [*await client.create([], key="k"), *await client.update([], key="k")] == []
    assert vendor.requests == []


def test_what_is_stored_to_be_sent_again_carries_its_key() -> None:
    assert create_request([{"Name": "Ann"}], "key-1").key == "key-1"
