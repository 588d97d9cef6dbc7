from decimal import Decimal
from typing import Any

import pytest

from consumers.invoice_push import digests
from schemas import xero

CONTENT = {
    "InvoiceNumber": "19",
    "Status": "AUTHORISED",
    "Date": "2026-11-20",
    "Contact": {"ContactID": "x"},
    "LineItems": [{"Description": "Consulting", "Quantity": Decimal(1), "UnitAmount": Decimal("100.00")}],
}


def an_answer(**given: Any) -> xero.Invoice:
    line = {"Description": "Consulting", "Quantity": 1, "UnitAmount": Decimal("100.0000"), "LineAmount": 100}
    values = {"InvoiceID": "i", "Status": "DRAFT", "Date": "2026-11-20", "LineItems": [line], "Total": 100}
    return xero.read_invoice(values | given)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"Status": "DRAFT"}, id="status"),
        pytest.param({"InvoiceID": "i", "SentToContact": True, "InvoiceNumber": "20"}, id="what names the document"),
        pytest.param(
            {"LineItems": [{"Description": "Consulting", "Quantity": 1, "UnitAmount": 100, "LineItemID": "l"}]},
            id="ids of lines, and how a number is written",
        ),
    ],
)
def test_what_is_no_content_changes_nothing(change: dict[str, Any]) -> None:
    assert digests.intended({**CONTENT, **change}) == digests.intended(CONTENT)


@pytest.mark.parametrize(
    "change",
    [{"Date": "2026-11-21"}, {"Contact": {"ContactID": "y"}}, {"LineItems": []}, {"BrandingThemeID": "theme"}],
)
def test_content_that_differs_is_written(change: dict[str, Any]) -> None:
    kept = digests.joined(CONTENT, an_answer())

    assert digests.same_content(kept, CONTENT)
    assert not digests.same_content(kept, {**CONTENT, **change})


@pytest.mark.parametrize(
    ("change", "edited"),
    [
        pytest.param({"Status": "PAID", "AmountPaid": 100, "InvoiceNumber": "20"}, False, id="money and status"),
        pytest.param({"Date": "2026-11-21"}, True, id="a date"),
        pytest.param({"LineItems": []}, True, id="a line less"),
        pytest.param(
            {"LineItems": [{"Description": "Consulting", "Quantity": 1, "UnitAmount": 90, "LineAmount": 90}]},
            True,
            id="a price",
        ),
    ],
)
def test_an_edit_is_a_change_of_lines_or_dates(change: dict[str, Any], edited: bool) -> None:
    kept = digests.joined(CONTENT, an_answer())

    assert digests.edited(kept, an_answer(**change)) is edited


def test_where_nothing_is_kept_nothing_is_known() -> None:
    assert not digests.same_content(None, CONTENT)
    assert not digests.edited(None, an_answer())
    assert not digests.same_content(digests.joined(None, an_answer()), CONTENT)
    assert not digests.edited(digests.joined(None, an_answer()), an_answer())
