"""The simulated HighLevel against HighLevel's own descriptions: every exchange, request and answer.

The descriptions have faults; each one known stands below with its source. Anything else fails.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from openapi_schema_validator import OAS30Validator

from relay.sandbox.ghl_access import COMPANY_SCOPES
from relay.sandbox.ghl_json import dumps
from tests.givens.ghl_sandbox import CLIENT_ID, CLIENT_SECRET, COMPANY, VERSION, HighLevel, highlevel
from tests.vendor_material import vendor_files

DESCRIPTIONS = ("ghl-invoices.json", "ghl-payments.json", "ghl-contacts.json", "ghl-oauth.json")
REPO = "GoHighLevel/highlevel-api-docs @0af86a4"

# where the description is wrong: what it says of a value, and why we know better
FAULTS = {
    r"(^|\.)invoiceItems\.\*: type": f"items typed as text; its own example holds objects ({REPO}, apps/invoices.json)",
    r"(^|\.)invoiceNumber: type": f"typed number, its own example is the text '19' ({REPO}, apps/invoices.json)",
    r"^(data\.\*\.)?status: type": f"typed object, its own example is 'succeeded' ({REPO}, apps/payments.json)",
}
# what is answered though the description does not name it
UNDECLARED = {
    r"totalSummary$": "an invoice is one object: GET declares it, the writes forget it (apps/invoices.json)",
    r"(sentTo|termsNotes|invoiceNumberPrefix|miscellaneousCharges)$": "given on create and kept (CreateInvoiceDto)",
    r"^(data\.\*\.)?(meta|notes)$": "whether record-payment's marks come back is not established: `returns_marks`",
    r"^(paymentMethod|fulfilledAt)$": "the list declares it, the single transaction forgets it (apps/payments.json)",
    r"^contact\.(name|timezone)$": "GET declares it, POST forgets it (apps/contacts.json)",
    r"^refresh_token$|^userType$|^companyId$": "POST /oauth/locationToken: third-party code reads and refreshes it",
}
# statuses that the description does not list
STATUSES = {
    403: "another location's token: measured by a third party",
    404: "an id that is not there: the descriptions list 400, `missing` switches",
    429: "limits: docs/oauth/Authorization.md, FAQ",
}


@dataclass(frozen=True)
class Exchange:
    request: httpx.Request
    answer: httpx.Response

    def __str__(self) -> str:
        return f"{self.request.method} {self.request.url.path} -> {self.answer.status_code}"


@dataclass(frozen=True)
class Operation:
    description: dict[str, Any]
    parameters: list[dict[str, Any]]
    body: dict[str, Any]  # content type -> schema
    answers: dict[str, dict[str, Any]]  # status -> schema


class Recorder(httpx.AsyncBaseTransport):
    """Hands calls on to the app and remembers them."""

    def __init__(self, app: Any) -> None:
        self._app = httpx.ASGITransport(app)
        self.exchanges: list[Exchange] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._app.handle_async_request(request)
        await answer.aread()
        self.exchanges.append(Exchange(request, answer))
        return answer


def resolved(node: Any, components: dict[str, Any]) -> Any:
    """Return a schema without references; those into a file that is not published here allow anything."""
    if isinstance(node, list):
        return [resolved(one, components) for one in node]
    if not isinstance(node, dict):
        return node
    if reference := node.get("$ref"):
        if not reference.startswith("#/components/schemas/"):
            return {}
        return resolved(components["schemas"][reference.rsplit("/", 1)[1]], components)
    return {key: resolved(value, components) for key, value in node.items()}


def operations(folder: Path) -> Iterator[tuple[str, re.Pattern[str], Operation]]:
    """Return every operation: its method, its path as a pattern, and what it says."""
    for name in DESCRIPTIONS:
        document = json.loads((folder / name).read_text(encoding="utf-8"))
        for path, methods in document["paths"].items():
            pattern = re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path)))
            for method, said in methods.items():
                schema = resolved(said, document["components"])
                content = schema.get("requestBody", {}).get("content", {})
                answers = {
                    status: answer.get("content", {}).get("application/json", {}).get("schema", {})
                    for status, answer in schema["responses"].items()
                }
                bodies = {kind: one["schema"] for kind, one in content.items()}
                yield method.upper(), pattern, Operation(said, schema.get("parameters", []), bodies, answers)


@pytest.fixture(scope="module")
def described(vendor_material: Path) -> list[tuple[str, re.Pattern[str], Operation]]:
    return list(operations(vendor_material / "openapi"))


def place(path: Any) -> str:
    return ".".join("*" if isinstance(step, int) else str(step) for step in path)


def wrong(value: Any, schema: dict[str, Any]) -> list[str]:
    """Return where a value breaks its schema, as `place: rule`."""
    return [f"{place(error.absolute_path)}: {error.validator}" for error in OAS30Validator(schema).iter_errors(value)]


def undeclared(value: Any, schema: dict[str, Any], at: str = "") -> Iterator[str]:
    """Return the fields that the schema does not name, where it names any."""
    for part in schema.get("allOf", ()):
        schema = {**part, **schema}
    if isinstance(value, list):
        for one in value:
            yield from undeclared(one, schema.get("items", {}), f"{at}*.")
    named = schema.get("properties")
    if isinstance(value, dict) and named:
        for key, inner in value.items():
            if key in named:
                yield from undeclared(inner, named[key], f"{at}{key}.")
            else:
                yield at + key


def unknown(found: list[str], known: dict[str, str]) -> list[str]:
    return [one for one in found if not any(re.search(pattern, one) for pattern in known)]


def body_of(request: httpx.Request) -> tuple[str, Any]:
    kind = request.headers.get("content-type", "application/json").split(";")[0]
    if kind == "application/x-www-form-urlencoded":
        return kind, dict(parse_qsl(request.content.decode()))
    return kind, json.loads(request.content)


def check(exchange: Exchange, operation: Operation) -> list[str]:
    """Hold a request and its answer against what the description says; return what differs, known or not."""
    request, answer = exchange.request, exchange.answer
    given = {"query": dict(request.url.params), "header": request.headers}
    for parameter in operation.parameters:
        if parameter.get("required") and parameter["in"] in given and answer.is_success:
            assert parameter["name"] in given[parameter["in"]], f"{exchange} lacks {parameter['name']}"
    if operation.body and answer.is_success:
        kind, body = body_of(request)
        assert wrong(body, operation.body[kind]) == [], exchange
    status = str(answer.status_code)
    assert status in operation.answers or answer.status_code in STATUSES, exchange
    if not answer.is_success:
        assert {"statusCode", "message", "traceId"} <= answer.json().keys() or "error" in answer.json(), exchange
        return []
    schema = operation.answers[status]
    broken, more = wrong(answer.json(), schema), sorted(set(undeclared(answer.json(), schema)))
    assert (unknown(broken, FAULTS), unknown(more, UNDECLARED)) == ([], []), exchange
    return broken + more


class Story:
    """One of everything, told over HTTP."""

    def __init__(self, ghl: HighLevel) -> None:
        self.ghl = ghl
        self.recorder = Recorder(ghl.sandbox.api)
        self._http = httpx.AsyncClient(transport=self.recorder, base_url="http://ghl")
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


async def test_every_exchange_fits_the_descriptions_but_for_their_known_faults(
    described: list[tuple[str, re.Pattern[str], Operation]],
) -> None:
    exchanges = await Story(highlevel()).told()

    kinds, differences = set(), []
    for exchange in exchanges:
        method, path = exchange.request.method, exchange.request.url.path
        found = [one for verb, pattern, one in described if verb == method and pattern.fullmatch(path)]
        assert found, f"no description of {exchange}"
        differences += check(exchange, found[0])
        kinds.add((method, re.sub(r"/[0-9a-zA-Z]{20,}", "/{id}", path)))
    assert len(kinds) == 20, kinds
    stale = [pattern for pattern in FAULTS | UNDECLARED if not any(re.search(pattern, one) for one in differences)]
    assert stale == []


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
    ("shape", "spoilt"),
    [
        pytest.param("invoice", {"total": "121"}, id="an amount as text"),
        pytest.param("invoice", {"status": "overdue"}, id="a status nobody knows"),
        pytest.param("invoice", {"amountDue": None}, id="a missing amount"),
    ],
)
async def test_a_fault_of_ours_is_not_taken_for_one_of_theirs(
    described: list[tuple[str, re.Pattern[str], Operation]], shape: str, spoilt: dict[str, Any]
) -> None:
    ghl = highlevel()
    answer = await ghl.get(f"/{shape}s/{ghl.invoice()}")
    operation = next(one for verb, pattern, one in described if verb == "GET" and pattern.fullmatch("/invoices/x"))

    found = wrong(json.loads(json.dumps(answer | spoilt, default=float)), operation.answers["200"])

    assert unknown(found, FAULTS)
