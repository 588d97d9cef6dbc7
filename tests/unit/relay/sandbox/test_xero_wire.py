from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from relay.sandbox.xero_errors import Invalid, Refusal
from relay.sandbox.xero_wire import (
    amount,
    day,
    day_text,
    elements,
    flag,
    moment_text,
    ms_date,
    nested,
    read_json,
    rows,
    text,
    write_json,
)


def test_a_number_keeps_its_digits_both_ways() -> None:
    assert write_json(read_json(b'{"Total":0.10,"Quantity":1.0000}')) == b'{"Total":0.10,"Quantity":1.0000}'


def test_only_numbers_have_a_form_beyond_plain_json() -> None:
    with pytest.raises(TypeError):
        write_json({1, 2})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"Invoices":[1]}'])
def test_what_is_no_object_of_elements_is_bad_post_data(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        elements(body, "Invoices")

    assert (refused.value.status, b"PostDataInvalidException" in refused.value.body) == (400, True)


def test_dates_are_spelt_as_xero_does() -> None:
    assert ms_date(date(2026, 11, 2)) == "/Date(1793577600000+0000)/"
    assert ms_date(datetime(2026, 11, 2, 0, 0, 0, 12_000, tzinfo=UTC)) == "/Date(1793577600012+0000)/"
    assert day_text(date(2026, 11, 2)) == "2026-11-02T00:00:00"
    assert moment_text(datetime(2026, 11, 2, 1, 2, 3, 4000, tzinfo=UTC)) == "2026-11-02 01:02:03.004+00:00"


@pytest.mark.parametrize("spelling", ["2026-11-02", "2026-11-02T13:00:00", "/Date(1793577600000+0000)/"])
def test_a_day_is_read_in_every_spelling(spelling: str) -> None:
    assert day({"Date": spelling}, "Date") == date(2026, 11, 2)


@pytest.mark.parametrize(("value", "number"), [(None, None), ("", None), (5, Decimal(5)), ("5.5", Decimal("5.5"))])
def test_an_amount_is_read_exactly(value: Any, number: Decimal | None) -> None:
    assert amount({"Amount": value}, "Amount") == number


@pytest.mark.parametrize("value", ["five", True, "NaN", []])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(Invalid, match="Amount is not a valid number"):
        amount({"Amount": value}, "Amount")


def test_what_is_no_date_is_refused() -> None:
    with pytest.raises(Invalid, match="Date is not a valid date"):
        day({"Date": "tomorrow"}, "Date")


def test_keys_that_are_missing_or_of_another_kind_read_as_nothing() -> None:
    element = {"Name": 5, "Sent": "true", "Contact": None, "LineItems": None}

    assert (text(element, "Name"), flag(element, "Sent"), flag(element, "Paid")) == (None, True, None)
    assert (nested(element, "Contact"), rows(element, "LineItems"), day(element, "Date")) == ({}, None, None)


def test_one_element_may_come_without_its_envelope() -> None:
    assert elements(b'{"Amount":1}', "Payments") == [{"Amount": 1}]
    assert elements(b'{"Payments":[{"Amount":1},{"Amount":2}]}', "Payments") == [{"Amount": 1}, {"Amount": 2}]
