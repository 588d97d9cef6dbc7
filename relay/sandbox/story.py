"""The demo's story, as data: what people do at both vendors, and what must then stand in the books.

The same steps run in `relay demo` and, against separate processes, in the end-to-end and crash tests. A step never
looks at the relay's own word for it: the sandbox's books decide. What an operator does is asked of `Operator`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final, Protocol

from relay.sandbox.client import SandboxClient
from relay.sandbox.delivery import Vendor

Json = Mapping[str, Any]

GST: Final = {"_id": "tax-gst", "name": "GST", "rate": 10, "calculation": "exclusive"}
CUSTOMER: Final = {
    "firstName": "Ada",
    "lastName": "Customer",
    "email": "ada@example.com",
    "phone": "+61 2 5550 0199",
    "companyName": "Customer Pty Ltd",
    "address1": "2 Sample Road",
    "city": "Sampleton",
    "state": "NSW",
    "postalCode": "2001",
    "country": "AU",
}
WRITES: Final = frozenset({"PUT", "POST", "DELETE"})
PER_CHECK_S: Final = 0.05
SETTLED_S: Final = 120.0  # thousands of deliveries may be out in a crash test


class Operator(Protocol):
    """What an operator of the relay does and sees in the story."""

    async def change(self, key: str, value: str) -> None:
        """Change a setting of the connection."""

    async def redrive(self) -> int:
        """Send every dead letter again; return how many there were."""

    async def reasons(self, state: str) -> Sequence[str]:
        """Return the reasons of what is parked or dead."""

    async def skipped(self, subject: str) -> Sequence[str]:
        """Return the reasons for which events of a subject were skipped."""

    async def handled_again(self) -> bool:
        """Return whether every event that was ever handled has been handled once more since `mark`."""

    async def mark(self) -> None:
        """Remember this moment."""


@dataclass(slots=True)
class World:
    """Everything a step may touch, and what earlier steps left behind."""

    client: SandboxClient
    operator: Operator
    ids: dict[str, str] = field(default_factory=dict)
    noted: dict[str, Any] = field(default_factory=dict)

    async def crm_invoice(self, name: str) -> Json:
        """Return an invoice of the story as HighLevel's books hold it."""
        invoices = (await self.client.books())["ghl"]["invoices"]
        return next(invoice for invoice in invoices if invoice["_id"] == self.ids[name])

    async def xero_invoices(self, name: str) -> Sequence[Json]:
        """Return the invoices that Xero's books hold for one of HighLevel: one, if all is well."""
        books = await self._xero()
        return [invoice for invoice in books["invoices"] if invoice["reference"] == self.ids[name]]

    async def xero_payments(self, name: str) -> Sequence[Json]:
        """Return the payments Xero holds for an invoice of the story."""
        [invoice] = await self.xero_invoices(name)
        payments: Sequence[Json] = invoice["payments"]
        return payments

    async def xero_contacts(self) -> Sequence[Json]:
        """Return the contacts that Xero's books hold."""
        contacts: Sequence[Json] = (await self._xero())["contacts"]
        return contacts

    async def transactions(self, name: str) -> Sequence[Decimal]:
        """Return the amounts of the payments HighLevel holds for an invoice."""
        found = (await self.client.books())["ghl"]["transactions"]
        return sorted(Decimal(str(one["amount"])) for one in found if one["entityId"] == self.ids[name])

    async def tags(self) -> Sequence[str]:
        """Return the tags on the story's contact."""
        contacts = (await self.client.books())["ghl"]["contacts"]
        return sorted(next(one["tags"] for one in contacts if one["id"] == self.ids["contact"]))

    async def writes(self) -> int:
        """Return how many writes reached either vendor's API."""
        calls = await self.client.calls()
        return sum(call["method"] in WRITES for vendor in ("ghl", "xero") for call in calls[vendor])

    async def invoice(self, name: str, items: Sequence[Json], **fields: Any) -> None:
        """Make and send an invoice in HighLevel."""
        made = await self.client.ghl("invoices", contact_id=self.ids["contact"], items=items, send=True, **fields)
        self.ids[name] = made["_id"]

    async def sides(self, name: str) -> tuple[str, str]:
        """Return total, paid and status of an invoice in HighLevel's books, and in Xero's; "-" where it is not."""
        if name not in self.ids:
            return "-", "-"
        crm = await self.crm_invoice(name)
        total, paid = (Decimal(str(crm[key])) for key in ("total", "amountPaid"))
        found = [
            f"{one['total']}, paid {one['amount_paid']}, {one['status']}" for one in await self.xero_invoices(name)
        ]
        return f"{total:.2f}, paid {paid:.2f}, {crm['status']}", " and ".join(found) or "-"

    async def pay_in_xero(self, name: str, amount: str) -> None:
        """Enter a payment in Xero, as a bookkeeper does."""
        [invoice] = await self.xero_invoices(name)
        tenant = (await self.client.connection())["connections"][0]["tenant_id"]
        await self.client.xero("enter_payment", tenant_id=tenant, invoice=invoice["id"], amount=amount)

    async def _xero(self) -> Json:
        books: Mapping[str, Json] = (await self.client.books())["xero"]
        return next(iter(books.values()))


Act = Callable[[World], Awaitable[None]]
Check = Callable[[World], Awaitable[str | None]]  # None: as it must be; else what is still different


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story."""

    title: str
    act: Act
    check: Check
    result: str  # what stands when the check holds, for the table
    invoice: str = ""  # the invoice it is about


@dataclass(frozen=True, slots=True)
class Told:
    """How a step ended."""

    step: Step
    failure: str | None
    seconds: float
    in_crm: str = "-"  # total, paid and status of its invoice, as that vendor's books have them
    in_xero: str = "-"


async def played(step: Step, world: World, within_s: float) -> str | None:
    """Do a step and wait until its check holds; return what is different when it does not in time."""
    await step.act(world)
    difference: str | None = "not looked at yet"
    try:
        async with asyncio.timeout(within_s):
            while (difference := await step.check(world)) is not None:  # noqa: ASYNC110 - the vendors' books tell nobody
                await asyncio.sleep(PER_CHECK_S)
    except TimeoutError:
        return difference
    return None


def expect(wanted: object, found: object, what: str) -> str | None:
    """Return nothing when they are equal, else both in words."""
    return None if wanted == found else f"{what}: {found} instead of {wanted}"


async def _nothing(_world: World) -> None:
    return


async def _connected(world: World) -> str | None:
    connections = (await world.client.connection())["connections"]
    return None if connections else "no connection"


async def _contact(world: World) -> None:
    world.ids["contact"] = (await world.client.ghl("contacts", **CUSTOMER))["id"]


async def _contact_stands(world: World) -> str | None:
    contacts = (await world.client.books())["ghl"]["contacts"]
    return expect([CUSTOMER["email"]], [one["email"] for one in contacts], "contacts in HighLevel")


async def _invoice(world: World) -> None:
    items = [
        {"name": "Set-up", "amount": 333.33, "qty": 1, "taxes": [GST]},
        {"name": "Support hours", "amount": 95.55, "qty": 2.5, "taxes": [GST]},
        {"name": "Travel", "amount": 17.45, "qty": 3, "taxes": [GST]},
    ]
    await world.invoice("first", items)


async def _invoice_stands(world: World) -> str | None:
    return await _in_step(world, "first", "AUTHORISED")


async def _one_contact(world: World) -> str | None:
    numbers = [contact["contact_number"] for contact in await world.xero_contacts()]
    return expect([world.ids["contact"]], numbers, "contacts in Xero")


async def _in_step(world: World, name: str, status: str) -> str | None:
    """Compare one invoice on both sides: exactly one, the status, the total to the cent."""
    crm = await world.crm_invoice(name)
    found = await world.xero_invoices(name)
    if len(found) != 1:
        return f"{len(found)} invoices in Xero instead of 1"
    total = Decimal(found[0]["total"])
    return expect(status, found[0]["status"], "status in Xero") or expect(Decimal(str(crm["total"])), total, "total")


async def _part_paid(world: World) -> None:
    await world.pay_in_xero("first", "100.00")


async def _shows_part_paid(world: World) -> str | None:
    return await _shows(world, "first", "partially_paid", [Decimal(100)], "invoice part paid")


async def _rest_paid(world: World) -> None:
    [invoice] = await world.xero_invoices("first")
    world.noted["rest"] = Decimal(invoice["amount_due"])
    await world.pay_in_xero("first", invoice["amount_due"])


async def _shows_paid(world: World) -> str | None:
    return await _shows(world, "first", "paid", sorted([Decimal(100), world.noted["rest"]]), "invoice paid")


async def _shows(world: World, name: str, status: str, amounts: Sequence[Decimal], tag: str) -> str | None:
    crm = await world.crm_invoice(name)
    return (
        expect(status, crm["status"], "status in HighLevel")
        or expect(amounts, await world.transactions(name), "payments in HighLevel")
        or expect([tag], await world.tags(), "tags on the contact")
    )


async def _echo(world: World) -> str | None:
    skipped = await world.operator.skipped(world.ids["first"])
    payments = await world.xero_payments("first")
    return expect(2, len(payments), "payments in Xero") or (
        None if "already_in_step" in skipped else "the echo has no outcome yet"
    )


async def _second(world: World) -> None:
    await world.invoice("second", [{"name": "Workshop", "amount": 480, "qty": 1, "taxes": [GST]}])


async def _second_stands(world: World) -> str | None:
    return await _in_step(world, "second", "AUTHORISED")


async def _void(world: World) -> None:
    await world.client.ghl("invoices/void", id=world.ids["second"])


async def _voided(world: World) -> str | None:
    found = await world.xero_invoices("second")
    return expect(["VOIDED"], [invoice["status"] for invoice in found], "status in Xero")


async def _third(world: World) -> None:
    items = [{"name": "Stage 1", "amount": 1000, "qty": 1, "taxes": [GST]}]
    await world.invoice("third", items)


async def _third_stands(world: World) -> str | None:
    return await _in_step(world, "third", "AUTHORISED")


async def _edit(world: World) -> None:
    crm = await world.crm_invoice("third")
    items = [
        {**crm["invoiceItems"][0], "amount": 900},
        {"name": "Change request", "amount": 120.1, "qty": 1.25, "taxes": [GST]},
    ]
    await world.client.ghl("invoices/edit", id=world.ids["third"], items=items)


async def _archived_account(world: World) -> None:
    await world.operator.change("item_map", '{"relic": {"account_code": "299"}}')
    await world.invoice("fourth", [{"name": "Relic", "productId": "relic", "amount": 70, "qty": 1, "taxes": [GST]}])


async def _failed(world: World) -> str | None:
    reasons = await world.operator.reasons("dead")
    return expect({"account_unusable"}, set(reasons), "dead letters") or expect(
        0, len(await world.xero_invoices("fourth")), "invoices in Xero"
    )


async def _mend(world: World) -> None:
    await world.operator.change("item_map", "")
    world.noted["redriven"] = await world.operator.redrive()


async def _mended(world: World) -> str | None:
    left = await world.operator.reasons("dead")
    return (
        (None if world.noted["redriven"] else "no dead letter was sent again")
        or await _in_step(world, "fourth", "AUTHORISED")
        or expect([], list(left), "dead letters")
    )


async def _throttled(world: World) -> None:
    await world.client.throttle(Vendor.XERO, 2.0, problem="minute")
    await world.invoice("fifth", [{"name": "Rush job", "amount": 59.9, "qty": 1, "taxes": [GST]}])


async def _waits(world: World) -> str | None:
    waiting = set(await world.operator.reasons("parked"))
    return None if "minute_limit" in waiting else f"waiting: {sorted(waiting)} instead of minute_limit"


async def _fifth_stands(world: World) -> str | None:
    return await _in_step(world, "fifth", "AUTHORISED") or expect(
        [], list(await world.operator.reasons("parked")), "waiting"
    )


async def _resend(world: World) -> None:
    await world.client.settled(SETTLED_S)
    world.noted["writes"] = await world.writes()
    world.noted["books"] = await _totals(world)
    await world.operator.mark()
    world.noted["resent"] = len(await world.client.resend())
    await world.client.settled(SETTLED_S)


async def _unchanged(world: World) -> str | None:
    if not await world.operator.handled_again():
        return "not everything was handled again yet"
    return expect(world.noted["writes"], await world.writes(), "writes to the vendors") or expect(
        world.noted["books"], await _totals(world), "books"
    )


async def _totals(world: World) -> Sequence[tuple[str, str, str]]:
    books = (await world.client.books())["xero"]
    return sorted(
        (invoice["number"], invoice["total"], invoice["amount_paid"])
        for tenant in books.values()
        for invoice in tenant["invoices"]
    )


async def _forge(world: World) -> None:
    world.noted["forged"] = [await world.client.forge(vendor) for vendor in Vendor]


async def _refused(world: World) -> str | None:
    return expect([HTTPStatus.UNAUTHORIZED] * len(Vendor), world.noted["forged"], "answers to forged deliveries")


STORY: Final[Sequence[Step]] = (
    Step("An account is connected to a Xero organisation", _nothing, _connected, "connected"),
    Step("A customer is entered in HighLevel", _contact, _contact_stands, "nothing to send yet"),
    Step(
        "An invoice of three lines with tax is sent", _invoice, _invoice_stands, "in Xero, equal to the cent", "first"
    ),
    Step("Its customer", _nothing, _one_contact, "stands in Xero once"),
    Step("Xero: 100.00 is paid", _part_paid, _shows_part_paid, "HighLevel: part paid, tagged", "first"),
    Step("Xero: the rest is paid", _rest_paid, _shows_paid, "HighLevel: paid, tagged", "first"),
    Step("HighLevel reports these payments back", _nothing, _echo, "nothing to do: our own echo", "first"),
    Step("A second invoice is sent", _second, _second_stands, "in Xero, equal to the cent", "second"),
    Step("It is voided in HighLevel", _void, _voided, "voided in Xero", "second"),
    Step("A third invoice is sent", _third, _third_stands, "in Xero, equal to the cent", "third"),
    Step("It is edited in HighLevel", _edit, _third_stands, "the same invoice, new total", "third"),
    Step("A fourth uses an account archived in Xero", _archived_account, _failed, "failed: account_unusable", "fourth"),
    Step("The setting is mended, the failure sent again", _mend, _mended, "in Xero, equal to the cent", "fourth"),
    Step("Xero answers 429; a fifth invoice is sent", _throttled, _waits, "waits: minute_limit", "fifth"),
    Step("Xero answers again", _nothing, _fifth_stands, "in Xero, equal to the cent", "fifth"),
    Step("Every webhook is delivered once more", _resend, _unchanged, "nothing changed, no write"),
    Step("Forged webhooks arrive", _forge, _refused, "401 for both vendors"),
)
