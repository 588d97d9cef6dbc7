"""The simulated HighLevel against HighLevel's own descriptions: every exchange, request and answer.

The descriptions' known faults stand in tests/givens/known_faults.py, each with its source. Anything else fails.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from relay.sandbox.ghl_access import COMPANY_SCOPES
from relay.sandbox.ghl_json import dumps
from tests.givens.descriptions import all_differences, check_exchange, description_of
from tests.givens.exchanges import Exchange, Recorder
from tests.givens.ghl_sandbox import CLIENT_ID, CLIENT_SECRET, COMPANY, VERSION, HighLevel, highlevel
from tests.givens.known_faults import DESCRIPTIONS
from tests.vendor_material import vendor_files


class Story:
    """One of everything, told over HTTP."""

    def __init__(self, ghl: HighLevel) -> None:
        self.ghl = ghl
        self.recorder = Recorder(ghl.sandbox.api)
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(self.recorder), base_url="http://ghl")
        self._headers = {"Version": VERSION, "Authorization": f"Bearer {ghl.token}"}

    async def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None, **more: Any) -> Any:
        headers = self._headers | ({"Authorization": f"Bearer {token}"} if token else {})
        return (await self._http.request(method, path, json=body, headers=headers, **more)).json()

    async def told(self) -> list[Exchange]:
        await self._tokens()
        contact_id = await self._contacts()
        await self._invoices(contact_id)
        await self._refusals()
        await self._http.aclose()
        return self.recorder.exchanges

    async def _tokens(self) -> None:
        access, here = self.ghl.sandbox.access, self.ghl.location
        app = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        refresh = access.issue(COMPANY, here.id).refresh_token
        for form in (
            {**app, "grant_type": "refresh_token", "refresh_token": refresh, "user_type": "Location"},
            {**app, "grant_type": "authorization_code", "code": access.code(COMPANY, None), "user_type": "Company"},
            {**app, "grant_type": "refresh_token", "refresh_token": refresh},
        ):
            await self._http.post("/oauth/token", data=form)
        agency = access.issue(COMPANY, None, COMPANY_SCOPES).access_token
        wanted = {"companyId": COMPANY, "locationId": here.id}
        await self._http.post(
            "/oauth/locationToken", data=wanted, headers={**self._headers, "Authorization": f"Bearer {agency}"}
        )

    async def _contacts(self) -> str:
        person = {
            "locationId": self.ghl.location.id,
            "firstName": "Ada",
            "lastName": "Byron",
            "name": "Ada Byron",
            "email": "ada@example.com",
            "phone": "+61255501234",
            "companyName": "Acme",
            "tags": ["vip"],
            "customFields": [{"id": "cf1", "field_value": "51824753556"}],
        }
        contact_id: str = (await self.ask("POST", "/contacts/", person))["contact"]["id"]
        path = f"/contacts/{contact_id}"
        await self.ask("GET", path)
        await self.ask("PUT", path, {"email": "new@example.com"})
        await self.ask("POST", f"{path}/tags", {"tags": ["invoice paid"]})
        await self.ask("DELETE", f"{path}/tags", {"tags": ["vip"]})
        await self.ask("POST", f"{path}/notes", {"body": "A payment was reversed in Xero"})
        await self.ask("GET", f"{path}/notes")
        return contact_id

    async def _invoices(self, contact_id: str) -> None:
        alt = self.ghl.alt
        body = self.ghl.invoice_body(contact_id=contact_id, invoiceNumber="INV-7", invoiceNumberPrefix="AC-")
        made = await self.ask("POST", "/invoices/", body)
        path = f"/invoices/{made['_id']}"
        update = {key: made[key] for key in ("name", "currency", "issueDate", "dueDate")} | alt
        await self.ask("PUT", path, update | {"invoiceItems": body["items"]})
        await self.ask("POST", f"{path}/send", alt | {"userId": "u-1", "action": "email", "liveMode": True})
        await self.ask("GET", path, params=alt)
        await self.ask("GET", "/invoices/", params=alt | {"limit": "10", "offset": "0"})
        for mode, amount in (("card", 21), ("cheque", 50.5), ("bank_transfer", 49.5)):
            payment = self.ghl.payment_body(mode=mode, amount=amount, meta={"xero_payment_id": "p"})
            await self.ask("POST", f"{path}/record-payment", payment | {"fulfilledAt": "2026-11-20T02:00:00.000Z"})
        listed = await self.ask("GET", "/payments/transactions", params=alt | {"entityId": made["_id"]})
        await self.ask("GET", f"/payments/transactions/{listed['data'][0]['_id']}", params=alt)
        other = await self.ask("POST", "/invoices/", self.ghl.invoice_body(contact_id=contact_id))
        await self.ask("DELETE", f"/invoices/{other['_id']}", params=alt)
        sent = self.ghl.invoice(contact_id=contact_id)
        await self.ask("POST", f"/invoices/{sent}/void", alt)

    async def _refusals(self) -> None:
        alt, sent = self.ghl.alt, self.ghl.invoice()
        await self.ask("GET", "/invoices/6578278e879ad2646715ba9c", params=alt)
        await self.ask("GET", f"/invoices/{sent}", params=alt | {"altId": "another"})
        await self.ask("POST", f"/invoices/{sent}/record-payment", self.ghl.payment_body(amount=122))
        await self.ask("DELETE", f"/invoices/{sent}", params=alt)
        await self.ask("GET", f"/invoices/{sent}", params=alt, token="unknown")
        await self.ask("DELETE", f"/contacts/{self.ghl.contact()}")
        self.ghl.sandbox.limits.throttle(self.ghl.location.id, 60)
        await self.ask("GET", f"/invoices/{sent}", params=alt)


def found(exchange: Exchange) -> list[str]:
    return check_exchange("ghl", exchange.method, exchange.path, **exchange.said)


async def test_every_exchange_fits_the_descriptions_but_for_their_known_faults() -> None:
    exchanges = await Story(highlevel()).told()

    differences = [f"{exchange}: {difference}" for exchange in exchanges for difference in found(exchange)]
    kinds = {(each.method, re.sub(r"/[0-9a-zA-Z]{20,}", "/{id}", each.path)) for each in exchanges}

    assert differences == []
    assert len(kinds) == 20, kinds
    assert {each.status for each in exchanges} == {200, 201, 400, 401, 403, 404, 422, 429}


async def test_no_fault_is_listed_that_is_not_there() -> None:
    exchanges = await Story(highlevel()).told()

    seen: dict[str, list[str]] = {description.file: [] for description in DESCRIPTIONS["ghl"]}
    for exchange in exchanges:
        description, path = description_of("ghl", exchange.path)
        seen[description.file] += all_differences(description, exchange.method, path, **exchange.said)

    assert [known for each in DESCRIPTIONS["ghl"] for known in each.stale(seen[each.file])] == []


@pytest.mark.parametrize("example", vendor_files("payloads/ghl", "Invoice*.json"), ids=lambda path: path.stem)
def test_a_webhook_without_envelope_is_the_documented_body(example: Path) -> None:
    ghl, event = highlevel(), example.stem
    books, here, invoice_id = ghl.sandbox.books, ghl.location.id, ghl.invoice(draft=True)
    deeds: dict[str, list[Callable[[], object]]] = {
        "InvoiceCreate": [],
        "InvoiceUpdate": [lambda: books.edit_invoice(here, invoice_id, {"name": "Other"})],
        "InvoiceSent": [lambda: books.send_invoice(here, invoice_id)],
        "InvoiceDelete": [lambda: books.delete_invoice(here, invoice_id)],
    }
    deeds["InvoicePaid"] = [*deeds["InvoiceSent"], lambda: books.pay(here, invoice_id)]
    deeds["InvoicePartiallyPaid"] = [*deeds["InvoiceSent"], lambda: books.pay(here, invoice_id, Decimal(21))]
    deeds["InvoiceVoid"] = [*deeds["InvoiceSent"], lambda: books.void_invoice(here, invoice_id)]
    documented = json.loads(example.read_text(encoding="utf-8"))

    for deed in deeds[event]:
        deed()

    fired = json.loads(dumps(ghl.fired.last))
    assert ghl.fired.names[-1] == event
    assert fired["status"] == documented["status"]
    assert fired.keys() == documented.keys()
    assert {key: kind_of(value) for key, value in fired.items() if key in documented} == {
        key: kind_of(value) for key, value in documented.items()
    }
    assert documented["businessDetails"].keys() >= fired["businessDetails"].keys()
    assert documented["contactDetails"].keys() >= fired["contactDetails"].keys()
    assert documented["totalSummary"].keys() == fired["totalSummary"].keys()


def kind_of(value: Any) -> str:
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


@pytest.mark.parametrize(
    ("spoilt", "difference"),
    [
        pytest.param((b'"total":121', b'"total":"121"'), "answer total: type", id="an amount as text"),
        pytest.param((b'"sent"', b'"overdue"'), "answer status: enum", id="a status nobody knows"),
        pytest.param((b'"amountDue":121', b'"amountDue":null'), "answer amountDue: type", id="a missing amount"),
        pytest.param((b'"amountDue"', b'"amountDeu"'), "answer amountDeu: undeclared", id="a misspelt key"),
    ],
)
async def test_a_fault_of_ours_is_not_taken_for_one_of_theirs(spoilt: tuple[bytes, bytes], difference: str) -> None:
    story = Story(highlevel())
    await story.ask("GET", f"/invoices/{story.ghl.invoice()}", params=story.ghl.alt)
    (exchange,) = story.recorder.exchanges

    told = found(replace(exchange, response_body=exchange.response_body.replace(*spoilt)))

    assert [each for each in told if each.startswith(difference)], told


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        pytest.param({"request_body": b'{"altIdd":"x"}'}, "request altIdd: undeclared", id="a misspelt key"),
        pytest.param({"request_body": b'{"altType":"location"}'}, "request : required ('altId'", id="a missing key"),
        pytest.param({"query": "draft=1"}, "request ?draft: undeclared", id="a parameter nobody knows"),
        pytest.param({"request_headers": {"content-type": "application/json"}}, "request: Missing", id="no Version"),
        pytest.param({"request_headers": {"version": VERSION}}, "request: RequestBodyV", id="no type of content"),
        pytest.param({"status": 409}, "answer: status 409 undeclared", id="a status nobody knows"),
        pytest.param(
            {"status": 400, "response_body": b"{}"}, "answer: a refusal of none", id="a refusal without a word"
        ),
    ],
)
async def test_a_request_and_a_refusal_are_held_to_them_too(changes: dict[str, Any], difference: str) -> None:
    story = Story(highlevel())
    await story.ask("POST", f"/invoices/{story.ghl.invoice()}/void", story.ghl.alt)
    (exchange,) = story.recorder.exchanges

    told = found(replace(exchange, **changes))

    assert found(exchange) == []
    assert [each for each in told if each.startswith(difference)], told
