from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from consumers.invoice_push import digests, twins
from consumers.invoice_push.linking import Standing
from consumers.invoice_push.verdict import Dead, Skip, Update, Verdict, Void
from relay.store.links import LinkState
from schemas import xero
from schemas.reasons import Reason
from tests.givens.store import NOON, link

LINE = {"Description": "Consulting", "Quantity": Decimal(1), "UnitAmount": Decimal(100), "AccountCode": "200"}
CONTENT = {
    "Status": "AUTHORISED",
    "Date": "2026-11-20",
    "DueDate": "2026-12-04",
    "Contact": {"ContactID": "contact-x"},
    "LineItems": [LINE],
}
UPDATE = Update(CONTENT, Decimal(100), CONTENT)


def an_answer(**given: Any) -> xero.Invoice:
    values = {"InvoiceID": "document-1", "TaxType": "OUTPUT", "Total": Decimal(100), **CONTENT, **given}
    return xero.read_invoice(values)


LINKED = replace(
    link(state=LinkState.LINKED, xero_status="AUTHORISED", total=Decimal(100), xero_contact_id="contact-x"),
    digest=digests.joined(CONTENT, an_answer()),
)


@pytest.mark.parametrize(
    ("change", "same"),
    [({}, True), ({"xero_status": "DRAFT"}, False), ({"total": Decimal(99)}, False), ({"digest": None}, False)],
)
def test_a_document_is_unchanged_when_content_status_and_total_are(change: dict[str, Any], same: bool) -> None:
    assert twins.unchanged(UPDATE, replace(LINKED, **change)) is same


@pytest.mark.parametrize(
    ("verdict", "looks"),
    [
        (UPDATE, False),
        (Update({**CONTENT, "Date": "2026-11-21"}, Decimal(100), {**CONTENT, "Date": "2026-11-21"}), True),
        (Void({}), True),
        (Dead(Reason.PAID_CANNOT_CHANGE), True),
        (Dead(Reason.NO_LINES), False),
        (Skip(Reason.TEST_MODE), False),
    ],
)
def test_the_twin_is_read_before_a_write_and_before_a_verdict_about_it(verdict: Verdict, looks: bool) -> None:
    assert twins.needs_a_look(verdict, LINKED) is looks


@pytest.mark.parametrize(
    ("answer", "meant", "words"),
    [
        pytest.param({}, "contact-x", None, id="as we wrote it"),
        pytest.param({"Status": "PAID"}, "contact-x", None, id="paid"),
        pytest.param({"Date": "2026-11-21"}, "contact-x", "lines or dates", id="another date"),
        pytest.param({"Contact": {"ContactID": "contact-z"}}, "contact-x", "contact", id="another contact"),
        pytest.param({"Contact": {"ContactID": "contact-y"}}, "contact-y", None, id="merged into the one meant now"),
    ],
)
def test_an_edit_by_a_person_is_told(answer: dict[str, Any], meant: str, words: str | None) -> None:
    told = twins.edit(LINKED, Standing(LINKED, an_answer(**answer), NOON), meant)

    assert (told is None) if words is None else (words in (told or ""))


@pytest.mark.parametrize(
    ("element", "answer", "carried"),
    [
        pytest.param(CONTENT, {}, True, id="as asked"),
        pytest.param(CONTENT, {"LineItems": [{**LINE, "UnitAmount": 90}]}, False, id="another price"),
        pytest.param(CONTENT, {"LineItems": [{**LINE, "AccountCode": "210"}]}, False, id="another account"),
        pytest.param(CONTENT, {"LineItems": [LINE, LINE]}, False, id="another line"),
        pytest.param(CONTENT, {"DueDate": "2027-01-01"}, False, id="another date"),
        pytest.param({"Status": "VOIDED"}, {}, False, id="not voided"),
        pytest.param({"Status": "VOIDED"}, {"Status": "VOIDED"}, True, id="voided"),
        pytest.param({"DueDate": "2026-12-04"}, {}, True, id="a header"),
    ],
)
def test_a_change_of_ours_is_told_from_one_by_a_person(
    element: dict[str, Any], answer: dict[str, Any], carried: bool
) -> None:
    assert twins.carries(element, an_answer(**answer)) is carried


def test_totals_that_differ_are_told_with_both_figures() -> None:
    assert twins.difference(an_answer(), Decimal("100.00")) is None
    assert twins.difference(an_answer(), Decimal("100.01")) == "HighLevel asks 100.01, Xero made it 100.00"
