from typing import Any

from tests.givens.xero_sandbox import a_world, an_invoice

GOOD = an_invoice(InvoiceNumber="A-1")
BAD = an_invoice(InvoiceNumber="A-2", DueDate=None)


async def sent(*elements: dict[str, Any], **query: Any) -> tuple[int, Any, int, list[str]]:
    async with a_world() as world:
        answer = await world.ask("PUT", "Invoices", {"Invoices": list(elements)}, **query)
        ledger = world.sandbox.books.tenants[world.tenant_id]
        return answer.status_code, answer.json(), len(ledger.invoices), world.fired.kinds()


async def test_one_bad_element_refuses_the_whole_request() -> None:
    status, content, saved, fired = await sent(GOOD, BAD)

    assert (status, saved, fired) == (400, 0, [])
    assert (content["ErrorNumber"], content["Message"]) == (10, "A validation exception occurred")
    (element,) = content["Elements"]
    assert (element["InvoiceNumber"], element["HasErrors"]) == ("A-2", True)
    assert element["InvoiceID"] == "00000000-0000-0000-0000-000000000000"
    assert element["ValidationErrors"] == [{"Message": "DueDate must be given to approve an invoice"}]


async def test_each_by_itself_saves_the_good_ones() -> None:
    status, content, saved, fired = await sent(BAD, GOOD, summarizeErrors="false")

    assert (status, saved, fired) == (200, 1, ["CONTACT CREATE", "INVOICE CREATE"])
    assert [each["StatusAttributeString"] for each in content["Invoices"]] == ["ERROR", "OK"]
    assert [each["HasErrors"] for each in content["Invoices"]] == [True, False]


async def test_a_number_is_unique_within_one_request() -> None:
    _, content, saved, _ = await sent(GOOD, GOOD, summarizeErrors="False")

    assert saved == 1
    assert content["Invoices"][1]["ValidationErrors"] == [{"Message": "Invoice # must be unique."}]


async def test_every_bad_element_is_listed() -> None:
    _, content, _, _ = await sent(BAD, BAD)

    assert len(content["Elements"]) == 2
