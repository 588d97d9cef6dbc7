from typing import Any

import pytest

from tests.givens.xero_sandbox import World, a_line, a_world, an_invoice

NOTE = {
    "Type": "ACCRECCREDIT",
    "Status": "AUTHORISED",
    "Contact": {"Name": "Sample Customer"},
    "LineItems": [a_line(UnitAmount=50)],
}


async def noted(world: World) -> tuple[Any, Any]:
    (invoice,) = await world.put("Invoices", an_invoice(InvoiceNumber="A-1"))
    (note,) = await world.put("CreditNotes", NOTE)
    return invoice, note


async def test_a_credit_note_is_made_and_allocated() -> None:
    async with a_world() as world:
        invoice, note = await noted(world)
        applied = {"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Amount": 55, "Date": "2026-11-20"}
        (allocation,) = await world.put(f"CreditNotes/{note['CreditNoteID']}/Allocations", applied)
        (read,) = await world.get(f"CreditNotes/{note['CreditNoteID']}")
        (owed,) = await world.get("Invoices/A-1")

        assert (read["Status"], str(read["RemainingCredit"]), read["Allocations"][0]["AllocationID"]) == (
            "PAID",
            "0.00",
            allocation["AllocationID"],
        )
        assert (str(owed["AmountDue"]), str(owed["AmountCredited"])) == ("55.00", "55.00")
        assert world.fired.kinds()[-2:] == ["CREDITNOTE UPDATE", "INVOICE UPDATE"]


async def test_an_allocation_is_taken_back() -> None:
    async with a_world() as world:
        await noted(world)
        credit, allocation = world.sandbox.books.allocate_credit(world.tenant_id, "A-1", 20)
        path = f"CreditNotes/{credit}/Allocations/{allocation}"
        answer = await world.ask("DELETE", path)
        again = await world.ask("DELETE", path)
        (owed,) = await world.get("Invoices/A-1")

        assert (answer.json()["IsDeleted"], again.status_code) == (True, 404)
        assert str(owed["AmountCredited"]) == "0.00"


@pytest.mark.parametrize(
    ("kind", "name"), [("OVERPAYMENT", "Overpayment"), ("PREPAYMENT", "Prepayment"), ("CREDITNOTE", "CreditNote")]
)
async def test_each_kind_stands_on_its_own_shelf(kind: Any, name: str) -> None:
    async with a_world() as world:
        await world.put("Invoices", an_invoice(InvoiceNumber="A-1"))
        credit, _ = world.sandbox.books.allocate_credit(world.tenant_id, "A-1", 20, kind=kind)
        listed = await world.get(f"{name}s", page=1)
        other = "Overpayments" if name == "CreditNote" else "CreditNotes"

        assert [each[f"{name}ID"] for each in listed] == [credit]
        assert await world.get(other) == []
        assert (await world.ask("GET", f"{other}/{credit}")).status_code == 404
