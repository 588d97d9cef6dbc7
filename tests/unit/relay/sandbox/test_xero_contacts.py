from typing import Any

import pytest

from tests.givens.xero_sandbox import World, a_world

ANNA = {"Name": "Anna Sample", "ContactNumber": "n-1", "EmailAddress": "anna@example.com", "FirstName": "Anna"}
BEN = {"Name": "Ben Sample", "ContactNumber": "n-2", "EmailAddress": "ben@example.com"}


async def two(world: World) -> Any:
    saved = await world.put("Contacts", ANNA, BEN)
    world.sandbox.books.create_contact(world.tenant_id, "Old Sample", ContactNumber="n-3")
    (old,) = await world.get("Contacts", where='ContactNumber=="n-3"')
    world.sandbox.books.archive_contact(world.tenant_id, old["ContactID"])
    return saved


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Anna Sample", "Ben Sample"]),
        ({"includeArchived": "true"}, ["Anna Sample", "Ben Sample", "Old Sample"]),
        ({"where": 'EmailAddress="anna@example.com"'}, ["Anna Sample"]),
        ({"where": 'Name=="Ben Sample"'}, ["Ben Sample"]),
        ({"where": 'ContactNumber=="n-3"'}, []),
        ({"where": 'ContactNumber=="n-3"', "includeArchived": "true"}, ["Old Sample"]),
        ({"searchTerm": "ANNA@"}, ["Anna Sample"]),
        ({"order": "Name DESC", "page": 1, "pageSize": 1}, ["Ben Sample"]),
        ({"summaryOnly": "true"}, ["Anna Sample", "Ben Sample"]),
    ],
)
async def test_a_list_is_filtered(query: dict[str, Any], names: list[str]) -> None:
    async with a_world() as world:
        await two(world)

        assert [each["Name"] for each in await world.get("Contacts", **query)] == names


async def test_one_is_read_by_id_and_by_number_also_when_archived() -> None:
    async with a_world() as world:
        saved = await two(world)

        for key, name in ((saved[0]["ContactID"], "Anna Sample"), ("n-2", "Ben Sample"), ("n-3", "Old Sample")):
            assert [each["Name"] for each in await world.get(f"Contacts/{key}")] == [name]
        assert (await world.ask("GET", "Contacts/unknown")).status_code == 404


@pytest.mark.parametrize("fields", [{"Name": "Anna Sample"}, {"Name": "Other", "ContactNumber": "n-1"}])
async def test_a_put_refuses_what_exists(fields: dict[str, str]) -> None:
    async with a_world() as world:
        await two(world)
        answer = await world.ask("PUT", "Contacts", {"Contacts": [fields]})

        assert answer.status_code == 400
        (element,) = answer.json()["Elements"]
        assert element["HasValidationErrors"] is True
        assert "already assigned to another contact" in element["ValidationErrors"][0]["Message"]


async def test_a_put_takes_no_id() -> None:
    async with a_world() as world:
        saved = await two(world)
        answer = await world.ask("PUT", "Contacts", {"Contacts": [{"ContactID": saved[0]["ContactID"], "Name": "X"}]})

        assert answer.status_code == 400


async def test_a_post_updates_what_exists() -> None:
    async with a_world() as world:
        saved = await two(world)
        (by_number,) = await world.post("Contacts", {"ContactNumber": "n-1", "Name": "Anna S"})
        (by_id,) = await world.post(f"Contacts/{saved[1]['ContactID']}", {"EmailAddress": "b@example.com"})

        assert (by_number["ContactID"], by_number["Name"]) == (saved[0]["ContactID"], "Anna S")
        assert (by_id["Name"], by_id["EmailAddress"]) == ("Ben Sample", "b@example.com")
        assert world.fired.kinds()[-2:] == ["CONTACT UPDATE", "CONTACT UPDATE"]


async def test_ids_and_times_select() -> None:
    async with a_world() as world:
        saved = await two(world)
        world.clock.advance(60)
        await world.post("Contacts", {"ContactNumber": "n-2", "FirstName": "Ben"})
        recent = await world.ask("GET", "Contacts", headers={"If-Modified-Since": "2026-11-24T12:00:30"})

        assert len(await world.get("Contacts", IDs=f"{saved[0]['ContactID']},{saved[1]['ContactID']}")) == 2
        assert [each["Name"] for each in recent.json()["Contacts"]] == ["Ben Sample"]


async def test_a_merged_contact_tells_where_it_went() -> None:
    async with a_world() as world:
        anna, ben = await two(world)
        world.sandbox.books.merge_contact(world.tenant_id, anna["ContactID"], ben["ContactID"])
        (merged,) = await world.get(f"Contacts/{anna['ContactID']}")

        assert (merged["ContactStatus"], merged["MergedToContactID"]) == ("ARCHIVED", ben["ContactID"])
