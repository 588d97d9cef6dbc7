from decimal import Decimal
from typing import Any

import pytest

from consumers.invoice_push.taxes import Kind, Tax, kind_of, taxed_type, taxless, zero_type
from consumers.invoice_push.verdict import Unmappable
from schemas.connection_settings import ItemMapping
from schemas.ghl import InvoiceItem
from schemas.reasons import Reason
from tests.givens.mapping import GST, a_rate, an_account, an_item, an_organisation, settings

RATES = [
    a_rate("OUTPUT", 10, "GST on Income"),
    a_rate("OUTPUT9", 10, "GST"),
    a_rate("OLD", 10, "Old", Status="ARCHIVED"),
    a_rate("INPUT", 10, "GST on Expenses", CanApplyToRevenue=False, CanApplyToExpenses=True),
    a_rate("FREE", 0),
    a_rate("HALF", 5),
]
BOOKS = an_organisation(TaxRates=RATES)
PLAIN = next(account for account in an_organisation(Accounts=[an_account("200", TaxType="FREE")]).accounts)
SALES = BOOKS.accounts[0]


def an_item_with(*taxes: dict[str, Any]) -> InvoiceItem:
    return InvoiceItem.model_validate(an_item(taxes=list(taxes)))


@pytest.mark.parametrize(
    ("mapped", "chosen", "account", "tax_type"),
    [
        pytest.param(ItemMapping(tax_type="OUTPUT9"), {}, SALES, "OUTPUT9", id="the product's own"),
        pytest.param(ItemMapping(tax_type="HALF"), {}, SALES, "OUTPUT", id="the product's own has another rate"),
        pytest.param(None, {"tax_map": {"gst": "OUTPUT9"}}, SALES, "OUTPUT9", id="mapped by id"),
        pytest.param(None, {"default_tax_type": "OUTPUT9"}, SALES, "OUTPUT9", id="the default among several"),
        pytest.param(None, {}, SALES, "OUTPUT", id="the account's own among several"),
        pytest.param(None, {}, PLAIN, "OUTPUT9", id="the one of that name among several"),
    ],
)
def test_the_first_that_applies_is_the_tax_type(
    mapped: ItemMapping | None, chosen: dict[str, Any], account: Any, tax_type: str
) -> None:
    assert taxed_type(an_item_with(GST), mapped, account, settings(**chosen), BOOKS) == tax_type


@pytest.mark.parametrize(
    ("tax", "chosen", "account", "reason"),
    [
        pytest.param({"rate": 7}, {}, SALES, Reason.TAX_NOT_MAPPED, id="no such rate"),
        pytest.param({}, {"tax_fallback": "stop"}, SALES, Reason.TAX_NOT_MAPPED, id="no mapping, and no guessing"),
        pytest.param({}, {"tax_map": {"gst": "OLD"}}, SALES, Reason.TAX_NOT_MAPPED, id="mapped to an archived one"),
        pytest.param({}, {"tax_map": {"gst": "NOPE"}}, SALES, Reason.TAX_NOT_MAPPED, id="mapped to nothing"),
        pytest.param({}, {"tax_map": {"gst": "HALF"}}, SALES, Reason.TAX_RATE_MISMATCH, id="mapped to another rate"),
        pytest.param({}, {"tax_map": {"gst": "INPUT"}}, SALES, Reason.TAX_ACCOUNT_MISMATCH, id="not for revenue"),
        pytest.param({"name": "Other"}, {}, PLAIN, Reason.TAX_AMBIGUOUS, id="nothing decides between several"),
        pytest.param({"calculation": "compound"}, {}, SALES, Reason.TAX_NOT_MAPPED, id="an unknown calculation"),
    ],
)
def test_a_tax_that_does_not_fit_says_how(
    tax: dict[str, Any], chosen: dict[str, Any], account: Any, reason: Reason
) -> None:
    with pytest.raises(Unmappable) as stop:
        taxed_type(an_item_with({**GST, **tax}), None, account, settings(**chosen), BOOKS)

    assert stop.value.reason is reason


def test_several_taxes_are_mapped_by_their_sorted_ids() -> None:
    taxes = [{**GST, "_id": "b", "rate": 6}, {**GST, "_id": "a", "rate": 4}]

    found = taxed_type(an_item_with(*taxes), None, SALES, settings(tax_map={"a+b": "OUTPUT9"}), BOOKS)

    assert found == "OUTPUT9"


@pytest.mark.parametrize(
    ("untaxed", "account", "tax_type"),
    [("FREE", SALES, "FREE"), (None, PLAIN, "FREE"), ("OUTPUT", PLAIN, "FREE")],
    ids=["the setting", "the account's", "a setting with a rate is none of 0 %"],
)
def test_a_line_without_tax_gets_a_type_of_nothing(untaxed: str | None, account: Any, tax_type: str) -> None:
    assert zero_type(account, settings(untaxed_tax_type=untaxed), BOOKS) == tax_type


def test_books_without_a_type_of_nothing_take_no_such_line() -> None:
    with pytest.raises(Unmappable):
        zero_type(SALES, settings(), an_organisation(TaxRates=[a_rate("OUTPUT", 10)]))


@pytest.mark.parametrize(
    ("taxes", "silent", "kind"),
    [
        ([Tax.NONE], True, Kind.NO_TAX),
        ([Tax.NONE], False, Kind.EXCLUSIVE),
        ([Tax.NONE, Tax.ON_TOP], False, Kind.EXCLUSIVE),
        ([Tax.NONE, Tax.INSIDE], False, Kind.INCLUSIVE),
        ([Tax.ON_TOP, Tax.INSIDE], False, Kind.INCLUSIVE),
    ],
)
def test_the_kind_of_a_document_follows_from_its_lines(taxes: list[Tax], silent: bool, kind: Kind) -> None:
    assert kind_of(taxes, taxless=silent) is kind


def test_a_mapped_tax_of_nothing_is_something_said_about_tax() -> None:
    zero = an_item_with({**GST, "rate": Decimal(0)})

    assert taxless([zero], settings())
    assert not taxless([zero], settings(tax_map={"gst": "FREE"}))
    assert not taxless([zero], settings(untaxed_tax_type="FREE"))
