from typing import Any

import pytest

from tests.givens.xero_sandbox import World, a_line, a_world, an_invoice


async def three(world: World) -> list[Any]:
    sent = [
        an_invoice(InvoiceNumber=f"A-{n}", Reference=f"ref {n}", Status=status)
        for n, status in enumerate(("DRAFT", "AUTHORISED", "AUTHORISED"), start=1)
    ]
    return list(await world.put("Invoices", *sent, unitdp=4))


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, ["A-1", "A-2", "A-3"]),
        ({"InvoiceNumbers": "A-3,A-1"}, ["A-1", "A-3"]),
        ({"Statuses": "DRAFT,VOIDED"}, ["A-1"]),
        ({"ContactIDs": "none"}, []),
        ({"where": 'Reference=="ref 2"'}, ["A-2"]),
        ({"where": 'Type=="ACCREC" AND Status=="AUTHORISED"', "order": "InvoiceNumber DESC"}, ["A-3", "A-2"]),
        ({"where": "AmountDue>0", "page": 2, "pageSize": 2}, ["A-3"]),
        ({"where": "Date>=DateTime(2026,11,03)"}, []),
        ({"searchTerm": "REF 1"}, ["A-1"]),
        ({"order": "UpdatedDateUTC DESC", "page": 1, "pageSize": 1}, ["A-3"]),
    ],
)
async def test_a_list_is_filtered(query: dict[str, Any], numbers: list[str]) -> None:
    async with a_world() as world:
        await three(world)

        assert [each["InvoiceNumber"] for each in await world.get("Invoices", **query)] == numbers


async def test_ids_are_found_in_one_call_and_unknown_ones_are_absent() -> None:
    async with a_world() as world:
        saved = await three(world)
        ids = f"{saved[0]['InvoiceID']},unknown,{saved[2]['InvoiceID']}"

        assert len(await world.get("Invoices", IDs=ids, page=1)) == 2


async def test_only_a_page_shows_lines() -> None:
    async with a_world() as world:
        await three(world)
        unpaged, paged = await world.get("Invoices"), await world.get("Invoices", page=1)
        summary = await world.get("Invoices", page=1, summaryOnly="true")

        assert [len(each["LineItems"]) for each in (unpaged[0], paged[0])] == [0, 1]
        assert "LineItems" not in summary[0]


async def test_if_modified_since_hides_what_did_not_change() -> None:
    async with a_world() as world:
        await three(world)
        world.clock.advance(60)
        world.sandbox.books.void_invoice(world.tenant_id, "A-2")
        answer = await world.ask("GET", "Invoices", headers={"If-Modified-Since": "2026-11-24T12:00:30"})

        assert [each["InvoiceNumber"] for each in answer.json()["Invoices"]] == ["A-2"]


@pytest.mark.parametrize(
    ("query", "status"),
    [({"where": "Foo==1"}, 400), ({"order": "Foo"}, 400), ({"page": 0}, 400), ({"pageSize": 5000}, 400)],
)
async def test_a_bad_question_is_refused(query: dict[str, Any], status: int) -> None:
    async with a_world() as world:
        assert (await world.ask("GET", "Invoices", **query)).status_code == status


async def test_one_is_read_by_id_and_by_number() -> None:
    async with a_world() as world:
        saved = await three(world)

        for key in (saved[1]["InvoiceID"], "A-2"):
            (invoice,) = await world.get(f"Invoices/{key}")
            assert (invoice["InvoiceNumber"], len(invoice["LineItems"])) == ("A-2", 1)
        assert (await world.ask("GET", "Invoices/unknown")).status_code == 404


async def test_four_decimals_must_be_asked_for() -> None:
    async with a_world() as world:
        price = a_line(UnitAmount="0.3333", Quantity=3)
        (cut,) = await world.put("Invoices", an_invoice(price))
        (whole,) = await world.put("Invoices", an_invoice(price), unitdp=4)

        assert [str(each["SubTotal"]) for each in (cut, whole)] == ["0.99", "1.00"]


async def test_a_put_creates_and_a_post_overwrites() -> None:
    async with a_world() as world:
        await three(world)
        refused = await world.ask("PUT", "Invoices", {"Invoices": [an_invoice(InvoiceNumber="A-2")]})
        (overwritten,) = await world.post("Invoices", an_invoice(InvoiceNumber="A-2", Reference="other"))

        assert refused.json()["Elements"][0]["ValidationErrors"] == [{"Message": "Invoice # must be unique."}]
        assert overwritten["Reference"] == "other"
        assert len(await world.get("Invoices")) == 3


async def test_a_put_takes_no_id() -> None:
    async with a_world() as world:
        saved = await three(world)
        answer = await world.ask("PUT", "Invoices", {"Invoices": [an_invoice(InvoiceID=saved[0]["InvoiceID"])]})

        assert answer.status_code == 400


async def test_one_is_changed_under_its_own_address() -> None:
    async with a_world() as world:
        await three(world)
        (voided,) = await world.post("Invoices/A-2", {"Status": "VOIDED"})

        assert (voided["Status"], str(voided["AmountDue"])) == ("VOIDED", "0.00")
        assert world.fired.kinds()[-1] == "INVOICE UPDATE"


async def test_notes_are_written_and_read_newest_first() -> None:
    async with a_world() as world:
        await three(world)
        await world.put("Invoices/A-1/History", {"Details": "first"}, {"Details": "second"})
        too_long = await world.ask("PUT", "Invoices/A-1/History", {"HistoryRecords": [{"Details": "x" * 2501}]})

        assert [note["Details"] for note in await world.get("Invoices/A-1/History")] == ["second", "first"]
        assert too_long.status_code == 400
