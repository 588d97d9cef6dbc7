"""The demo's story without a relay: somebody who does by hand, and well or badly, what the relay should do."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from relay.sandbox.story import Step, World
from tests.givens.sandbox_app import Whole, whole
from tests.givens.vendor_hooks import Receiver

SENT: Final = "An invoice of three lines with tax is sent"
CUSTOMER: Final = "Its customer"
PART: Final = "Xero: 100.00 is paid"
REST: Final = "Xero: the rest is paid"
ECHO: Final = "HighLevel reports these payments back"
SECOND: Final = "A second invoice is sent"
VOIDED: Final = "It is voided in HighLevel"
THIRD: Final = "A third invoice is sent"
EDITED: Final = "It is edited in HighLevel"
ARCHIVED: Final = "A fourth uses an account archived in Xero"
MENDED: Final = "The setting is mended, the failure sent again"
LIMITED: Final = "Xero answers 429; a fifth invoice is sent"
FREE: Final = "Xero answers again"
RESENT: Final = "Every webhook is delivered once more"
FORGED: Final = "Forged webhooks arrive"


@dataclass
class Desk:
    """Satisfies `relay.sandbox.story.Operator`: what he sees is what was put on his desk."""

    parked: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    skips: list[str] = field(default_factory=list)
    again: bool = False
    changes: list[tuple[str, str]] = field(default_factory=list)

    async def change(self, key: str, value: str) -> None:
        self.changes.append((key, value))

    async def redrive(self) -> int:
        sent = len(self.dead)
        self.dead.clear()
        return sent

    async def reasons(self, state: str) -> Sequence[str]:
        return {"parked": self.parked, "dead": self.dead}[state]

    async def skipped(self, subject: str) -> Sequence[str]:
        return self.skips

    async def handled_again(self) -> bool:
        return self.again

    async def mark(self) -> None:
        self.again = False


@dataclass
class Hand:
    """Does at both vendors what the relay should, step by step."""

    vendors: Whole
    world: World
    desk: Desk

    @property
    def xero(self) -> str:
        return self.vendors.sandbox.xero.tenant_id

    async def customer(self) -> None:
        """Enter the customer in Xero."""
        number = self.world.ids["contact"]
        await self.world.client.xero("create_contact", tenant_id=self.xero, name="Customer", ContactNumber=number)

    async def bill(self, name: str, **changes: Any) -> None:
        """Enter an invoice of HighLevel in Xero."""
        element = {
            "Type": "ACCREC",
            "Status": "AUTHORISED",
            "Contact": {"ContactNumber": self.world.ids["contact"]},
            "DueDate": "2026-12-24",
            "LineAmountTypes": "Exclusive",
            "Reference": self.world.ids[name],
            "LineItems": lines((await self.world.crm_invoice(name))["invoiceItems"]),
        }
        await self.world.client.xero("create_invoice", tenant_id=self.xero, element=element | changes)

    async def amend(self, name: str) -> None:
        """Give the invoice in Xero the lines it has in HighLevel."""
        changes = {"LineItems": lines((await self.world.crm_invoice(name))["invoiceItems"])}
        await self._do("edit_invoice", name, changes=changes)

    async def void(self, name: str) -> None:
        """Void an invoice in Xero."""
        await self._do("void_invoice", name)

    async def pay(self, name: str, amount: str) -> None:
        """Enter a payment in HighLevel."""
        await self.world.client.ghl("invoices/record-payment", id=self.world.ids[name], amount=amount)

    async def tag(self, new: str, *old: str) -> None:
        """Put a tag on the contact and take others away."""
        await self.world.client.ghl("contacts/untag", id=self.world.ids["contact"], tags=old)
        await self.world.client.ghl("contacts/tag", id=self.world.ids["contact"], tags=[new])

    async def ask_vendor(self) -> None:
        """Write by HighLevel's API, as only the relay does."""
        async with self.vendors.vendor("/ghl", **await self.vendors.ghl_headers()) as http:
            answer = await http.post(f"/contacts/{self.world.ids['contact']}/notes", json={"body": "once more"})
            answer.raise_for_status()

    async def sees(self, **told: Any) -> None:
        """Put on the operator's desk what he sees from now on."""
        for name, value in told.items():
            setattr(self.desk, name, value)

    async def _do(self, deed: str, name: str, **told: Any) -> None:
        (invoice,) = await self.world.xero_invoices(name)
        await self.world.client.xero(deed, tenant_id=self.xero, invoice=invoice["id"], **told)


async def sent(hand: Hand) -> None:
    await hand.customer()
    await hand.bill("first")


async def part_paid(hand: Hand) -> None:
    await hand.pay("first", "100.00")
    await hand.tag("invoice part paid")


async def rest_paid(hand: Hand) -> None:
    await hand.pay("first", str(hand.world.noted["rest"]))
    await hand.tag("invoice paid", "invoice part paid")


async def sent_late(hand: Hand) -> None:
    await hand.sees(parked=[])
    await hand.bill("fifth")


async def all_handled_again(hand: Hand) -> None:
    await hand.sees(again=True)
    hand.vendors.receiver.statuses = [401]  # from here on nothing comes but what is forged


# what a good relay does for a step; for the others there is nothing to do
WELL: Final[Mapping[str, Callable[[Hand], Awaitable[None]]]] = {
    SENT: sent,
    PART: part_paid,
    REST: rest_paid,
    ECHO: lambda hand: hand.sees(skips=["already_in_step"]),
    SECOND: lambda hand: hand.bill("second"),
    VOIDED: lambda hand: hand.void("second"),
    THIRD: lambda hand: hand.bill("third"),
    EDITED: lambda hand: hand.amend("third"),
    ARCHIVED: lambda hand: hand.sees(dead=["account_unusable"]),
    MENDED: lambda hand: hand.bill("fourth"),
    LIMITED: lambda hand: hand.sees(parked=["minute_limit"]),
    FREE: sent_late,
    RESENT: all_handled_again,
}


async def do_well(hand: Hand, step: Step) -> None:
    """Act, then do what a good relay does for the step."""
    await step.act(hand.world)
    if deed := WELL.get(step.title):
        await deed(hand)


def lines(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return HighLevel's lines as Xero's, all at 10 % GST."""
    return [
        {
            "Description": item["name"],
            "Quantity": str(item["qty"]),
            "UnitAmount": str(item["amount"]),
            "AccountCode": "200",
            "TaxType": "OUTPUT",
        }
        for item in items
    ]


@asynccontextmanager
async def by_hand() -> AsyncIterator[Hand]:
    """Open the sandbox without a relay; its webhooks are taken, forged ones too."""
    async with whole(Receiver()) as vendors:
        desk = Desk()
        yield Hand(vendors, World(vendors.people, desk), desk)
