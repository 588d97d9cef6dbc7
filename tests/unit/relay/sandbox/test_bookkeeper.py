from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from relay.sandbox.bookkeeper import Bookkeeper
from relay.sandbox.ghl_deeds import DeedFailed
from relay.sandbox.xero_errors import Invalid
from tests.givens.sandbox_app import whole

TENANT = "<the tenant>"


async def test_the_books_can_be_kept_by_name() -> None:
    async with whole() as world:
        names = Bookkeeper(world.sandbox.xero.books).names

    assert {
        *("enter_payment", "delete_payment", "edit_invoice", "void_invoice", "archive_contact", "archive_account"),
        *("create_contact", "allocate_credit", "set_lock_date"),
    } <= set(names)
    assert not {"tell", "snapshot", "add_demo"} & set(names)


async def test_amounts_and_days_are_read_from_json() -> None:
    async with whole() as world:
        books, tenant_id = world.sandbox.xero.books, world.sandbox.xero.tenant_id
        keeper = Bookkeeper(books)
        contact_id = keeper.do(
            "create_contact", {"tenant_id": tenant_id, "name": "Bob", "EmailAddress": "b@example.com"}
        )
        line = {"Description": "x", "Quantity": 1, "UnitAmount": Decimal("99.95"), "AccountCode": "200"}
        element = {
            "Type": "ACCREC",
            "Contact": {"ContactID": contact_id},
            "LineAmountTypes": "NoTax",
            "LineItems": [line],
            "Status": "AUTHORISED",
            "Date": "2026-11-20",
            "DueDate": "2026-12-04",
        }
        invoice_id = keeper.do("create_invoice", {"tenant_id": tenant_id, "element": element})

        payment = {"tenant_id": tenant_id, "invoice": invoice_id, "amount": "10.5", "day": "2026-11-21"}
        payment_id = keeper.do("enter_payment", payment)
        keeper.do("set_lock_date", {"tenant_id": tenant_id, "day": "2026-10-31"})

        ledger = books.tenants[tenant_id]
        entered = ledger.payments[payment_id]
        assert (entered.amount, entered.day) == (Decimal("10.5"), date(2026, 11, 21))
        assert ledger.organisation.locked_until == date(2026, 10, 31)


@pytest.mark.parametrize(
    ("name", "told", "words"),
    [
        ("burn", {"tenant_id": TENANT}, "no deed burn"),
        ("snapshot", {"tenant_id": TENANT}, "no deed snapshot"),
        ("create_contact", {"name": "Bob"}, "no organisation None"),
        ("create_contact", {"tenant_id": TENANT}, "missing a required argument: 'name'"),
        ("set_lock_date", {"tenant_id": TENANT, "day": "soon"}, "day: 'soon' cannot be read"),
        ("enter_payment", {"tenant_id": TENANT, "invoice": "x", "amount": "much"}, "amount: 'much' cannot be read"),
    ],
)
async def test_what_cannot_be_done_as_told_says_why(name: str, told: dict[str, Any], words: str) -> None:
    async with whole() as world:
        known = {key: world.sandbox.xero.tenant_id if value == TENANT else value for key, value in told.items()}

        with pytest.raises(DeedFailed, match=words):
            Bookkeeper(world.sandbox.xero.books).do(name, known)


async def test_what_xero_forbids_a_person_is_in_xeros_words() -> None:
    async with whole() as world:
        told = {"tenant_id": world.sandbox.xero.tenant_id, "invoice": "INV-404", "amount": 1}

        with pytest.raises(Invalid, match="INV-404"):
            Bookkeeper(world.sandbox.xero.books).do("enter_payment", told)
