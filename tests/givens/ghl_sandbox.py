"""A simulated HighLevel without a socket, and the requests that fit it."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from relay.clock import FakeClock
from relay.sandbox.ghl import HighLevelSandbox
from relay.sandbox.ghl_access import SCOPES
from relay.sandbox.ghl_behaviour import Behaviour
from relay.sandbox.ghl_books import Location
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.ghl_json import dumps, loads

VERSION = "2021-07-28"
CLIENT_ID, CLIENT_SECRET = "6878cec452e7c8d29d4dd3d9-abcd1234", "made-up-secret"
COMPANY = "GNb7aIv4rQFVb9iwNl5K"


@dataclass
class Fired:
    """What the books told their subscribers."""

    events: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, event: str, location_id: str, document: dict[str, Any]) -> None:
        self.events.append((event, location_id, document))

    @property
    def names(self) -> list[str]:
        return [event for event, _, _ in self.events]

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1][2]


@dataclass
class HighLevel:
    """One HighLevel with one location, spoken to as an app with a good token."""

    sandbox: HighLevelSandbox
    clock: FakeClock
    fired: Fired
    location: Location
    token: str

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """Ask with Version and token, as JSON; `headers=` adds or, with None, takes away."""
        headers = {"Version": VERSION, "Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        transport = httpx.ASGITransport(self.sandbox.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://ghl") as http:
            return await http.request(
                method,
                path,
                content=None if body is None else dumps(body),
                headers={name: value for name, value in headers.items() if value is not None},
                **more,
            )

    async def get(self, path: str, **query: Any) -> Any:
        """Return a good answer to GET, with altId and altType."""
        answer = await self.ask("GET", path, params=self.alt | query)
        assert answer.status_code == 200, answer.text
        return loads(answer.content)

    @property
    def alt(self) -> dict[str, str]:
        return {"altId": self.location.id, "altType": "location"}

    def contact(self, **fields: Any) -> str:
        """Add a contact and return its id."""
        person = {"firstName": "Ada", "lastName": "Byron", "email": "ada@example.com", "phone": "+61255501234"}
        return self.sandbox.books.contacts.create(self.location.id, person | fields).id

    def invoice_body(self, **fields: Any) -> dict[str, Any]:
        """Return a body for POST /invoices/ of 121 with 10 % tax on top of 110."""
        customer = {"id": fields.pop("contact_id", None) or self.contact(), "name": "Ada Byron"}
        return {
            **self.alt,
            "name": "Website",
            "currency": "AUD",
            "businessDetails": {"name": "Acme", "address": {"addressLine1": "1 High St", "city": "Perth"}},
            "items": [item(amount=110, taxes=[tax(10)])],
            "discount": {"type": "percentage", "value": 0},
            "contactDetails": {**customer, "phoneNo": "+61255501234", "email": "ada@example.com"},
            "issueDate": "2026-11-20",
            "dueDate": "2026-12-04",
            "sentTo": {"email": ["ada@example.com"]},
            "liveMode": True,
        } | fields

    def invoice(self, **fields: Any) -> str:
        """Make an invoice and return its id: sent, unless `draft=True`."""
        draft = fields.pop("draft", False)
        made = self.sandbox.books.create_invoice(self.location.id, self.invoice_body(**fields))
        if not draft:
            self.sandbox.books.send_invoice(self.location.id, made.id)
        return made.id

    def payment_body(self, **fields: Any) -> dict[str, Any]:
        """Return a body for record-payment as the description wants it."""
        return {
            **self.alt,
            "mode": "bank_transfer",
            "card": {"brand": "other", "last4": ""},
            "cheque": {"number": ""},
            "notes": "paid in Xero",
            "amount": 21,
        } | fields


def highlevel(**behaviour: Any) -> HighLevel:
    """Return a HighLevel with one location and a token that may do everything."""
    clock, fired = FakeClock(), Fired()
    sandbox = HighLevelSandbox(
        clock=clock,
        ids=Ids(7),
        fire=fired,
        behaviour=Behaviour(**behaviour),
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    location = sandbox.add_location("Acme", COMPANY)
    token = sandbox.access.issue(COMPANY, location.id, SCOPES)
    return HighLevel(sandbox, clock, fired, location, token.access_token)


def item(**fields: Any) -> dict[str, Any]:
    """Return a line."""
    return {"name": "Design", "currency": "AUD", "qty": 1, "amount": 100, "taxes": []} | fields


def tax(rate: Any, **fields: Any) -> dict[str, Any]:
    """Return a tax of a line, on top of the price."""
    return {"_id": f"tax-{rate}", "name": f"GST {rate}", "rate": rate, "calculation": "exclusive"} | fields
