from decimal import Decimal
from typing import Any

import pytest

from consumers.invoice_push.numbers import due_day, exact, invoice_number, issue_day, places, plain
from consumers.invoice_push.verdict import Unmappable
from tests.givens.mapping import an_invoice, settings


@pytest.mark.parametrize(
    ("given", "read"),
    [
        pytest.param("19.99", "19.99", id="as it is"),
        pytest.param("0.061171", "0.061171", id="six decimals"),
        pytest.param("33.349999999999994", "33.35", id="the noise of a float"),
        pytest.param("0.0000005", "0.000001", id="half up"),
    ],
)
def test_more_than_six_decimals_are_noise(given: str, read: str) -> None:
    assert exact(Decimal(given), "a price") == Decimal(read)


@pytest.mark.parametrize("given", ["1E+20", "-1E+13", "NaN", "Infinity"])
def test_what_nobody_can_be_asked_for_is_no_amount(given: str) -> None:
    with pytest.raises(Unmappable):
        exact(Decimal(given), "a price")


@pytest.mark.parametrize(
    ("given", "text", "decimals"), [("1.500", "1.5", 1), ("1E+2", "100", 0), ("100", "100", 0), ("0.0", "0", 0)]
)
def test_a_number_is_written_as_a_person_does(given: str, text: str, decimals: int) -> None:
    assert (plain(Decimal(given)), places(Decimal(given))) == (text, decimals)


@pytest.mark.parametrize(
    ("fields", "own", "number"),
    [
        pytest.param({"invoiceNumber": 19}, "", "19", id="a JSON number"),
        pytest.param({"invoiceNumber": Decimal("19.0")}, "", "19", id="a JSON number with a fraction"),
        pytest.param({"invoiceNumber": "19", "invoiceNumberPrefix": "INV-"}, "CRM-", "CRM-INV-19", id="both prefixes"),
        pytest.param({"invoiceNumber": "INV-19", "invoiceNumberPrefix": "INV-"}, "", "INV-19", id="not twice"),
        pytest.param({"invoiceNumber": " "}, "CRM-", "CRM-GHL-invoice-1", id="no number"),
        pytest.param({"invoiceNumber": "9" * 256}, "", "GHL-invoice-1", id="too long for Xero"),
    ],
)
def test_the_number_is_prefixed_once(fields: dict[str, Any], own: str, number: str) -> None:
    invoice = an_invoice(total=1, **fields)

    assert invoice_number(invoice, settings(invoice_number_prefix=own)) == number


@pytest.mark.parametrize(
    ("fields", "chosen", "issued", "due"),
    [
        pytest.param({}, {}, "2026-11-20", "2026-12-04", id="days"),
        pytest.param(
            {"issueDate": "2026-10-31T13:30:00.000Z"},
            {"timezone": "Australia/Sydney"},
            "2026-11-01",
            "2026-12-04",
            id="a time stamp belongs to a day of the location",
        ),
        pytest.param(
            {"issueDate": None, "createdAt": "2026-11-02T01:00:00Z", "dueDate": None},
            {"payment_terms_days": 14},
            "2026-11-02",
            "2026-11-16",
            id="no dates: creation and terms",
        ),
        pytest.param({"dueDate": "2026-11-01"}, {}, "2026-11-20", "2026-11-01", id="a due date is never moved"),
        pytest.param({"dueDate": None}, {}, "2026-11-20", "2026-11-20", id="no terms: at once"),
    ],
)
def test_dates_are_days_of_the_location(fields: dict[str, Any], chosen: dict[str, Any], issued: str, due: str) -> None:
    invoice, wanted = an_invoice(total=1, **fields), settings(**chosen)

    assert (issue_day(invoice, wanted).isoformat(), due_day(invoice, wanted).isoformat()) == (issued, due)


@pytest.mark.parametrize(
    ("fields", "chosen"),
    [
        ({"issueDate": "soon"}, {}),
        ({"issueDate": None}, {}),
        ({"issueDate": "2026-11-02T01:00:00Z"}, {"timezone": "Mars/Base"}),
    ],
)
def test_a_day_that_cannot_be_read_stops_the_invoice(fields: dict[str, Any], chosen: dict[str, Any]) -> None:
    with pytest.raises(Unmappable):
        issue_day(an_invoice(total=1, **fields), settings(**chosen))
