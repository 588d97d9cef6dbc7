from decimal import Decimal
from typing import Any

import pytest

from consumers.invoice_push.readings import explain
from consumers.invoice_push.verdict import Unmappable
from schemas.reasons import Reason
from tests.givens.mapping import GST, an_invoice, an_item, lines, settings


def explained(items: list[dict[str, Any]], total: str, given: dict[str, Any], **chosen: Any) -> Any:
    invoice = an_invoice(*items, total=Decimal(total), **given)
    return explain(invoice, lines(*items, **chosen), Decimal(total), settings(**chosen))


def test_an_exact_reading_goes_before_a_tolerant_one() -> None:
    """100 - 10 after tax is 100.00; before tax it would be 99.00, a hundred cents off and out of the question."""
    found = explained([an_item(taxes=[GST])], "100.00", {"discount": {"type": "fixed", "value": 10}})

    assert (found.discount_after_tax, found.discounts, found.total) == (10, (0,), 100)


def test_odd_cents_go_into_tax_where_there_is_any() -> None:
    found = explained([an_item("25.06", taxes=[GST]), an_item("25.64", taxes=[GST])], "55.78", {})

    assert found.taxes == (Decimal("2.51"), Decimal("2.57"))


def test_without_tax_the_half_cents_of_lines_give_way() -> None:
    found = explained([an_item("1.005"), an_item("1.005")], "2.01", {})

    assert found.amounts == (Decimal("1.00"), Decimal("1.01"))


def test_else_a_rounding_line_takes_them_where_it_is_allowed() -> None:
    found = explained([an_item("60.01")], "60.03", {}, rounding_account_code="860")

    assert found.rounding == Decimal("0.02")
    with pytest.raises(Unmappable):
        explained([an_item("60.01")], "60.03", {})


@pytest.mark.parametrize(("limit", "works"), [(5, True), (4, False)])
def test_no_more_than_so_many_units_are_rounding(limit: int, works: bool) -> None:
    items = [an_item("60.01")]
    if works:
        assert explained(items, "60.06", {}, rounding_account_code="860", rounding_limit=limit)
    else:
        with pytest.raises(Unmappable) as stop:
            explained(items, "60.06", {}, rounding_account_code="860", rounding_limit=limit)
        assert stop.value.reason is Reason.TOTAL_DIFFERS
        assert "60.06" in stop.value.detail
        assert "60.01" in stop.value.detail


def test_charges_that_were_paid_may_be_in_the_total_or_not() -> None:
    charges = {"miscellaneousCharges": {"paidCharges": [{"name": "Fee", "amount": 5}]}}

    without, within = explained([an_item()], "100", charges), explained([an_item()], "105", charges)

    assert (without.charges, within.charges) == ((), (("Fee", Decimal(5)),))


def test_a_surplus_is_booked_only_where_the_admin_said_so() -> None:
    found = explained([an_item()], "115", {}, extra_charges_account_code="210")

    assert found.surplus == 15
    with pytest.raises(Unmappable):
        explained([an_item()], "85", {}, extra_charges_account_code="210")


def test_tax_that_highlevel_computed_itself_stands_beside_the_lines() -> None:
    found = explained([an_item()], "108.25", {"automaticTaxesEnabled": True, "totalSummary": {"tax": Decimal("8.25")}})

    assert found.automatic_tax == Decimal("8.25")


def test_yen_are_rounded_to_yen() -> None:
    found = explained([an_item(1234, taxes=[GST])], "1357", {"currency": "JPY"})

    assert found.taxes == (Decimal(123),)
    assert found.exact_tax(0) == Decimal("123.4")


def test_tax_never_exceeds_its_line() -> None:
    with pytest.raises(Unmappable):
        explained([an_item("0.01", taxes=[GST])], "0.05", {})
