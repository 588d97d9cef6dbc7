"""The simulated Xero against Xero's own descriptions: every exchange of a story, request and answer.

The descriptions' known faults stand in tests/givens/known_faults.py, each with its source. Anything else fails.
"""

from decimal import Decimal
from typing import Any

import pytest

from relay.sandbox.xero_calls import Call
from tests.givens.descriptions import all_differences, check_exchange, description_of
from tests.givens.known_faults import DESCRIPTIONS
from tests.givens.xero_sandbox import World, a_line, a_world, an_invoice

CONTACT = {
    "Name": "Anna Sample",
    "ContactNumber": "n-1",
    "FirstName": "Anna",
    "LastName": "Sample",
    "EmailAddress": "anna@example.com",
    "TaxNumber": "11 111 111 111",
    "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "02 5550 0100"}],
    "Addresses": [{"AddressType": "POBOX", "AddressLine1": "2 Sample Road", "City": "Sampleton", "PostalCode": "2001"}],
    "ContactPersons": [{"FirstName": "Kim", "EmailAddress": "kim@example.com", "IncludeInEmails": False}],
}
LINES = [
    a_line(DiscountAmount=5, ItemCode="CARE-GOLD", Tracking=[{"Name": "Team", "Option": "North"}]),
    a_line(TaxAmount=Decimal("9.99")),
    {"Description": "Thank you"},
]


class Story:
    """One of everything, told over HTTP."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def told(self) -> list[Call]:
        await self._chart()
        await self._contacts()
        await self._invoices()
        await self._money()
        await self._refusals()
        return list(self.world.sandbox.calls)

    async def _chart(self) -> None:
        for path in ("Organisation", "Currencies", "Accounts", "TaxRates", "BrandingThemes"):
            await self.world.get(path)
        await self.world.get("Accounts", where='Status=="ACTIVE"', order="Code ASC")
        headers = {"Authorization": self.world.headers["Authorization"]}
        (connection,) = (await self.world.http.get("/connections", headers=headers)).json()
        await self.world.http.get("/connections", headers=headers, params={"authEventId": connection["authEventId"]})
        other = self.world.sandbox.tokens.issue("other", [self.world.tenant_id], ["accounting.contacts"])
        (theirs,) = (
            each.connection_id for each in self.world.sandbox.tokens.connections.values() if each.user == "other"
        )
        await self.world.http.delete(
            f"/connections/{theirs}", headers={"Authorization": f"Bearer {other.access_token}"}
        )

    async def _contacts(self) -> None:
        (anna,) = await self.world.put("Contacts", CONTACT, summarizeErrors="false")
        await self.world.post("Contacts", {**CONTACT, "ContactID": anna["ContactID"]}, summarizeErrors="false")
        await self.world.get("Contacts", where='EmailAddress="anna@example.com"', includeArchived="true")
        await self.world.get("Contacts", IDs=anna["ContactID"], page=1, pageSize=100)
        await self.world.get(f"Contacts/{anna['ContactID']}")
        await self.world.put("Contacts", CONTACT, summarizeErrors="false")

    async def _invoices(self) -> None:
        full = an_invoice(
            *LINES,
            InvoiceNumber="A-1",
            Reference="r",
            Url="https://example.com/1",
            SentToContact=True,
            CurrencyCode="AUD",
            Contact={"ContactNumber": "n-1"},
        )
        (invoice,) = await self.world.put("Invoices", full, summarizeErrors="false", unitdp=4)
        path = f"Invoices/{invoice['InvoiceID']}"
        lines = [{**LINES[1], "LineItemID": invoice["LineItems"][1]["LineItemID"]}]
        changed = {"InvoiceID": invoice["InvoiceID"], "LineItems": lines}
        await self.world.post("Invoices", changed, summarizeErrors="false", unitdp=4)
        await self.world.post(path, {"Reference": "other"}, unitdp=4)
        await self.world.put("Invoices", full, summarizeErrors="false", unitdp=4)
        bill = an_invoice(a_line(AccountCode="404", TaxType="INPUT"), Type="ACCPAY", Status="DRAFT", DueDate=None)
        await self.world.put("Invoices", bill, an_invoice(InvoiceNumber="A-2", LineAmountTypes="NoTax"))
        await self.world.post("Invoices/A-2", {"Status": "VOIDED"})
        await self.world.get(path, unitdp=4)
        for query in ({"page": 1, "pageSize": 2}, {"summaryOnly": "true"}, {"InvoiceNumbers": "A-1,A-2"}, {}):
            await self.world.get("Invoices", **query)
        await self.world.get("Invoices", IDs=invoice["InvoiceID"], Statuses="AUTHORISED,PAID", page=1, unitdp=4)
        await self.world.get("Invoices", where='Reference=="other"', order="UpdatedDateUTC ASC", page=1)
        await self.world.put(f"{path}/History", {"Details": "Seen"})
        await self.world.get(f"{path}/History")

    async def _money(self) -> None:
        (invoice,) = await self.world.get("Invoices/A-1")
        owner = {"InvoiceID": invoice["InvoiceID"]}
        one = {"Invoice": owner, "Account": {"Code": "090"}, "Date": "2026-11-20", "Amount": 10, "Reference": "r"}
        first, _ = await self.world.put("Payments", one, {**one, "Amount": 999}, summarizeErrors="false")
        await self.world.ask("POST", "Payments", one)
        await self.world.get("Payments", where='Status=="AUTHORISED"', order="UpdatedDateUTC ASC", page=1, pageSize=9)
        path = f"Payments/{first['PaymentID']}"
        await self.world.get(path)
        await self.world.ask("POST", path, {"Status": "DELETED"})
        customer = {"ContactID": invoice["Contact"]["ContactID"]}
        note = {"Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": customer, "LineItems": [a_line()]}
        (credit,) = await self.world.put("CreditNotes", note, summarizeErrors="false", unitdp=4)
        path = f"CreditNotes/{credit['CreditNoteID']}"
        part = {"Invoice": owner, "Amount": 5, "Date": "2026-11-20"}
        (allocation,) = await self.world.put(f"{path}/Allocations", part)
        for name in ("Overpayment", "Prepayment"):
            kind: Any = name.upper()
            made, _ = self.world.sandbox.books.allocate_credit(self.world.tenant_id, "A-1", 5, kind=kind)
            await self.world.get(f"{name}s/{made}")
            await self.world.get(f"{name}s", page=1)
        await self.world.get(path)
        await self.world.get("CreditNotes", page=1)
        await self.world.get("Invoices/A-1")
        await self.world.ask("DELETE", f"{path}/Allocations/{allocation['AllocationID']}")

    async def _refusals(self) -> None:
        for method, path, body, headers in (
            ("PUT", "Invoices", {"Invoices": [an_invoice(InvoiceNumber="A-1")]}, {}),
            ("PUT", "Contacts", {"Contacts": [CONTACT]}, {}),
            ("GET", "Invoices?where=Foo==1", None, {}),
            ("GET", "Invoices/00000000-0000-0000-0000-000000000001", None, {}),
            ("GET", "Invoices", None, {"If-Modified-Since": "yesterday"}),
            ("GET", "Organisation", None, {"Authorization": "Bearer x"}),
            ("GET", "Organisation", None, {"xero-tenant-id": "x"}),
        ):
            await self.world.ask(method, path, body, headers=headers)
        self.world.sandbox.throttle(self.world.tenant_id, "minute", 60)
        await self.world.ask("GET", "Organisation")


def said(call: Call) -> dict[str, Any]:
    return {
        "query": call.query,
        "request_headers": {"xero-tenant-id": call.tenant_id, "content-type": "application/json"},
        "request_body": call.request_body,
        "status": call.status,
        "response_headers": {"content-type": call.content_type},
        "response_body": call.response_body,
    }


def found(call: Call) -> list[str]:
    return check_exchange("xero", call.method, call.path, **said(call))


async def test_every_exchange_fits_the_descriptions_but_for_their_known_faults() -> None:
    async with a_world() as world:
        calls = await Story(world).told()

    differences = [
        f"{call.method} {call.path}?{call.query} {call.status}: {each}" for call in calls for each in found(call)
    ]

    assert differences == []
    assert {call.status for call in calls} == {200, 204, 400, 401, 403, 404, 412, 429}


async def test_no_fault_is_listed_that_is_not_there() -> None:
    async with a_world() as world:
        calls = await Story(world).told()

    seen: dict[str, list[str]] = {description.file: [] for description in DESCRIPTIONS["xero"]}
    for call in calls:
        description, path = description_of("xero", call.path)
        seen[description.file] += all_differences(description, call.method, path, **said(call))

    assert [known for each in DESCRIPTIONS["xero"] for known in each.stale(seen[each.file])] == []


@pytest.mark.parametrize(
    ("spoilt", "difference"),
    [
        pytest.param((b'"Total":110.00', b'"Total":"110.00"'), "Invoices.*.Total: type", id="an amount as text"),
        pytest.param((b'"AUTHORISED"', b'"APPROVED"'), "Invoices.*.Status: enum", id="a status nobody knows"),
        pytest.param((b'"AmountDue"', b'"AmountDeu"'), "Invoices.*.AmountDeu: undeclared", id="a misspelt key"),
    ],
)
async def test_a_fault_of_ours_is_not_taken_for_one_of_theirs(spoilt: tuple[bytes, bytes], difference: str) -> None:
    async with a_world() as world:
        await world.put("Invoices", an_invoice())
        (call,) = world.sandbox.calls

    body = call.response_body.replace(*spoilt)

    (told,) = check_exchange("xero", call.method, call.path, **said(call) | {"response_body": body})
    assert told.startswith(f"answer {difference}")


@pytest.mark.parametrize(
    ("query", "body", "difference"),
    [
        ("unitdp=4&sumarizeErrors=false", b'{"Invoices":[]}', "request ?sumarizeErrors: undeclared"),
        ("", b'{"Invoices":[{"DueDat":"2026-11-02"}]}', "request Invoices.*.DueDat: undeclared"),
        ("", b'{"Invoices":[{"Type":"SALE"}]}', "request Invoices.*.Type: enum"),
    ],
)
def test_a_request_is_held_to_them_too(query: str, body: bytes, difference: str) -> None:
    json = {"content-type": "application/json"}

    (told,) = check_exchange(
        "xero",
        "PUT",
        "/xero/api.xro/2.0/Invoices",
        query=query,
        request_headers={"xero-tenant-id": "a tenant", **json},
        request_body=body,
        status=200,
        response_headers=json,
        response_body=b'{"Invoices":[]}',
    )

    assert told.startswith(difference)
