from datetime import date
from decimal import Decimal

import pytest

from relay.sandbox.xero import XeroSandbox
from relay.sandbox.xero_errors import Invalid
from tests.givens.xero_sandbox import Fired, a_line, a_sandbox, an_invoice


@pytest.fixture
def fired() -> Fired:
    return Fired()


@pytest.fixture
def sandbox(fired: Fired) -> XeroSandbox:
    sandbox = a_sandbox(fired=fired)
    sandbox.books.create_invoice(sandbox.tenant_id, an_invoice(InvoiceNumber="A-1"))
    fired.events.clear()
    return sandbox


def test_a_payment_entered_by_hand_is_told(sandbox: XeroSandbox, fired: Fired) -> None:
    books, tenant = sandbox.books, sandbox.tenant_id

    payment = books.enter_payment(tenant, "A-1", Decimal(110), account_code="614", day=date(2026, 11, 20))
    books.delete_payment(tenant, payment)

    assert fired.kinds() == ["INVOICE UPDATE", "INVOICE UPDATE"]
    (shown,) = books.snapshot()[tenant]["payments"]
    assert (shown["status"], shown["account_code"], shown["date"]) == ("DELETED", "614", "2026-11-20")
    assert fired.events[0]["at"] < fired.events[1]["at"]
    assert fired.events[0]["tenant_id"] == tenant


def test_a_deed_that_xero_refuses_changes_and_tells_nothing(sandbox: XeroSandbox, fired: Fired) -> None:
    before = sandbox.books.snapshot()

    with pytest.raises(Invalid, match="exceeds the amount outstanding"):
        sandbox.books.enter_payment(sandbox.tenant_id, "A-1", Decimal(111))

    assert (sandbox.books.snapshot(), fired.events) == (before, [])


def test_invoices_are_edited_approved_and_voided(sandbox: XeroSandbox, fired: Fired) -> None:
    books, tenant = sandbox.books, sandbox.tenant_id
    draft = books.create_invoice(tenant, an_invoice(InvoiceNumber="A-2", Status="DRAFT"))

    books.edit_invoice(tenant, "A-1", {"LineItems": [a_line(UnitAmount=50)]})
    books.void_invoice(tenant, "A-1")
    books.approve_invoice(tenant, draft)

    shown = {each["number"]: (each["status"], each["total"]) for each in books.snapshot()[tenant]["invoices"]}
    assert shown == {"A-1": ("VOIDED", "55.00"), "A-2": ("AUTHORISED", "110.00")}


def test_the_classic_editor_moves_cents(sandbox: XeroSandbox, fired: Fired) -> None:
    books, tenant = sandbox.books, sandbox.tenant_id
    line = a_line(UnitAmount=3000, DiscountAmount=10)
    books.create_invoice(tenant, an_invoice(line, InvoiceNumber="A-2"))

    books.save_in_classic_editor(tenant, "A-2")

    shown = {each["number"]: each["sub_total"] for each in books.snapshot()[tenant]["invoices"]}
    assert shown["A-2"] == "2990.10"
    assert fired.kinds()[-1] == "INVOICE UPDATE"


def test_a_plan_may_allow_few_approvals(sandbox: XeroSandbox) -> None:
    sandbox.books.set_approval_limit(sandbox.tenant_id, 1)
    with pytest.raises(Invalid, match="reached the limit"):
        sandbox.books.create_invoice(sandbox.tenant_id, an_invoice())
    sandbox.books.set_approval_limit(sandbox.tenant_id, None)

    sandbox.books.create_invoice(sandbox.tenant_id, an_invoice())


def test_a_draft_is_deleted_not_voided(sandbox: XeroSandbox) -> None:
    draft = sandbox.books.create_invoice(sandbox.tenant_id, an_invoice(Status="DRAFT"))

    sandbox.books.void_invoice(sandbox.tenant_id, draft)

    assert sandbox.books.tenants[sandbox.tenant_id].invoices[draft].status == "DELETED"


def test_contacts_are_made_archived_and_merged(sandbox: XeroSandbox, fired: Fired) -> None:
    books, tenant = sandbox.books, sandbox.tenant_id
    ledger = books.tenants[tenant]
    anna = books.create_contact(tenant, "Anna", EmailAddress="anna@example.com")
    customer = next(iter(ledger.contacts))

    books.merge_contact(tenant, customer, into=anna)

    assert (ledger.contacts[customer].status, ledger.contacts[customer].merged_to) == ("ARCHIVED", anna)
    assert ledger.find_invoice("A-1").contact_id == anna
    assert fired.kinds() == ["CONTACT CREATE", "CONTACT UPDATE", "INVOICE UPDATE"]


def test_accounts_are_archived_and_restored_in_silence(sandbox: XeroSandbox, fired: Fired) -> None:
    books, tenant = sandbox.books, sandbox.tenant_id

    books.archive_account(tenant, "200")
    with pytest.raises(Invalid, match="has been archived"):
        books.create_invoice(tenant, an_invoice())
    books.restore_account(tenant, "200")
    books.create_invoice(tenant, an_invoice(Contact={"Name": "Sample Customer"}))

    assert fired.kinds() == ["INVOICE CREATE"]


def test_credits_are_made_applied_and_taken_back(sandbox: XeroSandbox) -> None:
    books, tenant = sandbox.books, sandbox.tenant_id
    ledger = books.tenants[tenant]
    contact = next(iter(ledger.contacts))

    note = books.create_credit_note(tenant, contact, Decimal(30))
    first = books.apply_credit(tenant, note, "A-1", Decimal(10))
    books.allocate_credit(tenant, "A-1", Decimal(20), kind="OVERPAYMENT")
    books.remove_credit(tenant, first)

    assert ledger.credited(ledger.find_invoice("A-1")) == 20


def test_a_lock_date_is_set_and_lifted(sandbox: XeroSandbox) -> None:
    sandbox.books.set_lock_date(sandbox.tenant_id, date(2026, 12, 31))
    with pytest.raises(Invalid, match="period lock date"):
        sandbox.books.void_invoice(sandbox.tenant_id, "A-1")
    sandbox.books.set_lock_date(sandbox.tenant_id, None)

    sandbox.books.void_invoice(sandbox.tenant_id, "A-1")


@pytest.mark.parametrize(
    ("deed", "arguments"),
    [
        ("enter_payment", ("none", Decimal(1))),
        ("delete_payment", ("none",)),
        ("edit_invoice", ("none", {})),
        ("archive_account", ("none",)),
        ("restore_account", ("none",)),
    ],
)
def test_what_is_not_there_cannot_be_changed(sandbox: XeroSandbox, deed: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(Invalid, match="There is no"):
        getattr(sandbox.books, deed)(sandbox.tenant_id, *arguments)


def test_more_organisations_keep_their_own_books(sandbox: XeroSandbox) -> None:
    other = sandbox.books.add_demo("other-tenant", "Other Pty Ltd")

    sandbox.books.create_contact("other-tenant", "Anna")

    assert len(other.contacts) == 1
    assert set(sandbox.books.snapshot()) == {sandbox.tenant_id, "other-tenant"}
