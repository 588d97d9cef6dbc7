from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from consumers.invoice_push import decision
from consumers.invoice_push.decision import asked, map_invoice
from consumers.invoice_push.verdict import Create, Dead, Delete, Links, Skip, Unmappable, Update, Void
from schemas.reasons import Reason
from tests.givens.mapping import GST, an_invoice, an_item, an_organisation, linked, settings

NEW = Links("contact-x")
LOCKED = {"PeriodLockDate": "2026-11-20", "EndOfYearLockDate": "2026-06-30"}


def verdict(
    links: Links = NEW, chosen: dict[str, Any] | None = None, books: dict[str, Any] | None = None, **given: Any
) -> Any:
    items = given.pop("items", [an_item()])
    invoice = an_invoice(*items, **{"total": 100, **given})
    return map_invoice(invoice, settings(**chosen or {}), an_organisation(**books or {}), links)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({"liveMode": False}, Reason.TEST_MODE, id="test mode"),
        pytest.param({"status": "void"}, Reason.NOTHING_TO_VOID, id="void without a link"),
        pytest.param({"links": linked(status="VOIDED"), "status": "void"}, Reason.ALREADY_IN_STEP, id="void already"),
        pytest.param(
            {"status": "draft", "chosen": {"push_drafts": False}}, Reason.DRAFT_NOT_WANTED, id="a draft nobody wants"
        ),
        pytest.param(
            {"links": linked(status="VOIDED"), "chosen": {"edited_in_xero": "keep"}},
            Reason.ALREADY_IN_STEP,
            id="closed in Xero, which is kept",
        ),
    ],
)
def test_what_is_skipped(given: dict[str, Any], reason: Reason) -> None:
    assert verdict(**given) == Skip(reason)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({"items": [an_item(currency="USD")]}, Reason.MIXED_CURRENCIES, id="mixed currencies"),
        pytest.param({"currency": "KWD", "total": Decimal("1.005")}, Reason.CURRENCY_PRECISION, id="three decimals"),
        pytest.param({"currency": "EUR"}, Reason.CURRENCY_NOT_SUBSCRIBED, id="a currency the books lack"),
        pytest.param({"currency": ""}, Reason.BAD_DOCUMENT, id="no currency"),
        pytest.param({"items": []}, Reason.NO_LINES, id="no lines"),
        pytest.param({"total": -1}, Reason.NEGATIVE_TOTAL, id="a negative total"),
        pytest.param({"chosen": {"default_account_code": None}}, Reason.ACCOUNT_UNUSABLE, id="no account"),
        pytest.param({"total": 99}, Reason.TOTAL_DIFFERS, id="a total that nothing explains"),
        pytest.param({"books": LOCKED}, Reason.PERIOD_LOCKED, id="on the lock date"),
        pytest.param({"total": Decimal("1e20")}, Reason.BAD_DOCUMENT, id="no amount"),
        pytest.param({"links": linked(status="DELETED")}, Reason.EDITED_IN_XERO, id="deleted in Xero by hand"),
        pytest.param(
            {"links": linked(amount_paid=Decimal(1), total=Decimal(99))}, Reason.PAID_CANNOT_CHANGE, id="part paid"
        ),
        pytest.param(
            {"links": linked(amount_credited=Decimal(1)), "status": "void"},
            Reason.PAID_CANNOT_CHANGE,
            id="void with a credit on it",
        ),
        pytest.param(
            {"links": linked(), "status": "void", "books": LOCKED}, Reason.PERIOD_LOCKED, id="void in a locked period"
        ),
    ],
)
def test_what_a_person_must_mend(given: dict[str, Any], reason: Reason) -> None:
    found = verdict(**given)

    assert isinstance(found, Dead)
    assert found.reason is reason
    assert found.detail


def test_the_first_reason_of_the_order_is_the_one_told() -> None:
    found = verdict(items=[an_item(currency="USD")], total=-1, chosen={"default_account_code": None}, books=LOCKED)

    assert found.reason is Reason.MIXED_CURRENCIES


def test_what_stands_is_changed_and_what_does_not_is_made() -> None:
    made, changed = verdict(), verdict(linked())

    assert isinstance(made, Create)
    assert isinstance(changed, Update)
    assert "InvoiceID" not in made.document
    assert changed.document is changed.content
    assert made.total == changed.total == Decimal("100.00")


@pytest.mark.parametrize("money", [{"amount_paid": Decimal(5)}, {"amount_credited": Decimal(5)}, {"status": "PAID"}])
def test_under_money_only_the_header_is_sent(money: dict[str, Any]) -> None:
    found = verdict(linked(**money))

    assert isinstance(found, Update)
    assert "LineItems" not in found.document
    assert "LineItems" in found.content


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("AUTHORISED", Void({"InvoiceID": "document-1", "Status": "VOIDED"})),
        ("DRAFT", Delete({"InvoiceID": "document-1", "Status": "DELETED"})),
        ("SUBMITTED", Delete({"InvoiceID": "document-1", "Status": "DELETED"})),
    ],
)
@pytest.mark.parametrize("word", ["void", "delete"])
def test_an_end_is_a_void_after_approval_and_a_deletion_before(word: str, status: str, expected: Any) -> None:
    assert verdict(linked(status=status), status=word, items=[], total=0) == expected


def test_the_date_in_xero_decides_whether_a_void_meets_a_lock() -> None:
    gone: dict[str, Any] = {"status": "delete", "issueDate": None, "items": [], "total": 0, "books": LOCKED}

    assert isinstance(verdict(linked(dated=date(2026, 11, 21)), **gone), Void)
    assert isinstance(verdict(linked(dated=date(2026, 11, 20)), **gone), Dead)
    assert isinstance(verdict(linked(), **gone), Void)


def test_a_draft_is_deleted_in_a_locked_period_too() -> None:
    assert isinstance(verdict(linked(status="DRAFT"), status="void", books=LOCKED), Delete)


def test_test_invoices_are_sent_where_the_admin_wants_them() -> None:
    assert isinstance(verdict(liveMode=False, chosen={"push_test_invoices": True}), Create)


@pytest.mark.parametrize(("total", "currency", "asks"), [("10.005", "AUD", "10.01"), ("10.4", "JPY", "10.00")])
def test_what_is_asked_has_the_digits_of_its_currency(total: str, currency: str, asks: str) -> None:
    assert asked(an_invoice(total=Decimal(total), currency=currency)) == Decimal(asks)
    with pytest.raises(Unmappable):
        asked(an_invoice(total=Decimal("0.001"), currency="KWD"))


@pytest.mark.parametrize("unit", ["99.99", "0.001"], ids=["another total", "a line that is refused"])
def test_a_document_that_xero_would_reckon_otherwise_is_never_sent(unit: str) -> None:
    whole = verdict(items=[an_item(taxes=[GST])], total=110).document
    spoiled = {**whole, "LineItems": [{**whole["LineItems"][0], "UnitAmount": Decimal(unit)}]}

    with pytest.raises(Unmappable) as stop:
        decision._prove(spoiled, Decimal("110.00"), an_organisation())

    assert stop.value.reason is Reason.TOTAL_DIFFERS
    assert "HighLevel asks 110.00" in stop.value.detail
