from typing import Any

import pytest

from tests.givens.xero_sandbox import World, a_world, an_invoice


def a_payment(**fields: Any) -> dict[str, Any]:
    payment = {"Invoice": {"InvoiceNumber": "A-1"}, "Account": {"Code": "090"}, "Date": "2026-11-20", "Amount": 10}
    return payment | fields


async def paid(world: World, *payments: dict[str, Any], **query: Any) -> Any:
    await world.put("Invoices", an_invoice(InvoiceNumber="A-1"))
    return await world.put("Payments", *payments, **query)


async def test_payments_are_made_in_a_batch() -> None:
    async with a_world() as world:
        first, second = await paid(world, a_payment(Reference="r"), a_payment(Amount=100))

        assert (str(first["Invoice"]["AmountDue"]), second["Invoice"]["Status"]) == ("100.00", "PAID")
        assert (first["Reference"], first["Status"]) == ("r", "AUTHORISED")


async def test_too_much_is_told_inside_a_200() -> None:
    async with a_world() as world:
        good, bad = await paid(world, a_payment(), a_payment(Amount=101), summarizeErrors="false")

        words = "Payment amount exceeds the amount outstanding on this document"
        assert (good["StatusAttributeString"], bad["StatusAttributeString"]) == ("OK", "ERROR")
        assert (bad["HasValidationErrors"], bad["ValidationErrors"]) == (True, [{"Message": words}])


async def test_one_payment_may_be_posted_without_an_envelope() -> None:
    async with a_world() as world:
        await world.put("Invoices", an_invoice(InvoiceNumber="A-1"))
        answer = await world.ask("POST", "Payments", a_payment())

        assert str(answer.json()["Payments"][0]["Amount"]) == "10.0"


async def test_a_payment_is_deleted_and_not_changed() -> None:
    async with a_world() as world:
        (payment,) = await paid(world, a_payment())
        changed = await world.ask("POST", f"Payments/{payment['PaymentID']}", {"Amount": 5})
        (deleted,) = await world.post(f"Payments/{payment['PaymentID']}", {"Status": "DELETED"})
        (invoice,) = await world.get("Invoices/A-1")

        assert (changed.status_code, deleted["Status"]) == (400, "DELETED")
        assert (str(invoice["AmountDue"]), invoice["Payments"]) == ("110.00", [])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 2),
        ({"where": 'Status=="AUTHORISED"'}, 1),
        ({"where": 'PaymentType=="ACCRECPAYMENT"', "order": "UpdatedDateUTC ASC", "page": 1, "pageSize": 1000}, 2),
        ({"where": 'Invoice.InvoiceNumber=="A-2"'}, 0),
        ({"page": 2}, 0),
    ],
)
async def test_a_list_is_filtered(query: dict[str, Any], count: int) -> None:
    async with a_world() as world:
        first, _ = await paid(world, a_payment(), a_payment())
        await world.post(f"Payments/{first['PaymentID']}", {"Status": "DELETED"})

        assert len(await world.get("Payments", **query)) == count


async def test_if_modified_since_hides_what_did_not_change() -> None:
    async with a_world() as world:
        await paid(world, a_payment())
        world.clock.advance(60)
        new = world.sandbox.books.enter_payment(world.tenant_id, "A-1", 5)
        answer = await world.ask("GET", "Payments", headers={"If-Modified-Since": "2026-11-24T12:00:30"})

        assert [each["PaymentID"] for each in answer.json()["Payments"]] == [new]


async def test_one_is_read_by_id() -> None:
    async with a_world() as world:
        (payment,) = await paid(world, a_payment())
        (read,) = await world.get(f"Payments/{payment['PaymentID']}")

        assert read["Invoice"]["InvoiceNumber"] == "A-1"
        assert (await world.ask("GET", "Payments/unknown")).status_code == 404


async def test_payments_are_heard_of_by_themselves_only_when_subscribed() -> None:
    async with a_world() as world:
        await paid(world, a_payment())
        without = world.fired.kinds()
        world.sandbox.books.categories.add("PAYMENT")
        await world.put("Payments", a_payment())

        assert "PAYMENT CREATE" not in without
        assert without[-1] == "INVOICE UPDATE"
        assert world.fired.kinds()[-2:] == ["PAYMENT CREATE", "INVOICE UPDATE"]
