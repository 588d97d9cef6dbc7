from decimal import Decimal
from typing import Any

import pytest

from consumers.invoice_push.lines import read_lines, usable
from consumers.invoice_push.taxes import Tax
from consumers.invoice_push.verdict import Unmappable
from schemas.reasons import Reason
from tests.givens.mapping import GST, an_account, an_invoice, an_item, an_organisation, lines, settings


def test_a_line_goes_where_its_price_its_product_or_the_default_says() -> None:
    mapping = {"price-1": {"account_code": "210", "item_code": "GOLD"}, "product-1": {"account_code": "860"}}

    by_price, by_product, default = lines(
        an_item(priceId="price-1", productId="product-1"),
        an_item(productId="product-1"),
        an_item(),
        item_map=mapping,
        default_tracking=[{"name": "Team", "option": "North"}],
    )

    assert [line.account_code for line in (by_price, by_product, default)] == ["210", "860", "200"]
    assert (by_price.item_code, default.item_code) == ("GOLD", None)
    assert [each.option for each in default.tracking] == ["North"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (None, "no account is set"),
        ("999", "not in the chart"),
        ("299", "ARCHIVED"),
        ("090", "BANK"),
        ("610", "DEBTORS"),
    ],
)
def test_an_account_that_invoices_may_not_use_is_named(code: str | None, words: str) -> None:
    accounts = [
        an_account("299", Status="ARCHIVED"),
        an_account("090", Type="BANK"),
        an_account("610", SystemAccount="DEBTORS"),
    ]

    with pytest.raises(Unmappable) as stop:
        usable(code, an_organisation(Accounts=accounts), "line 1")

    assert stop.value.reason is Reason.ACCOUNT_UNUSABLE
    assert words in stop.value.detail


@pytest.mark.parametrize(
    ("item", "chosen", "tax", "rate", "tax_type"),
    [
        pytest.param({"taxes": [GST]}, {}, Tax.ON_TOP, "0.1", "OUTPUT", id="on top"),
        pytest.param({"taxes": [GST], "taxInclusive": True}, {}, Tax.INSIDE, "0.1", "OUTPUT", id="inside"),
        pytest.param({}, {}, Tax.NONE, "0", None, id="nothing said"),
        pytest.param({}, {"untaxed_tax_type": "EXEMPTOUTPUT"}, Tax.NONE, "0", "EXEMPTOUTPUT", id="named for untaxed"),
        pytest.param({}, {"untaxed_tax_type": "OUTPUT"}, Tax.INSIDE, "0.1", "OUTPUT", id="hidden in the price"),
        pytest.param(
            {"taxes": [{**GST, "rate": 0}]},
            {"tax_map": {"gst": "EXEMPTOUTPUT"}},
            Tax.NONE,
            "0",
            "EXEMPTOUTPUT",
            id="a mapped 0 %",
        ),
    ],
)
def test_where_the_tax_of_a_line_stands(
    item: dict[str, Any], chosen: dict[str, Any], tax: Tax, rate: str, tax_type: str | None
) -> None:
    [line] = lines(an_item(**item), **chosen)

    assert (line.tax, line.rate, line.tax_type) == (tax, Decimal(rate), tax_type)


def test_a_line_without_quantity_needs_no_account() -> None:
    invoice = an_invoice(an_item(15, 0, taxes=[GST]), an_item(15, None), total=0)

    text = read_lines(invoice, settings(default_account_code=None), an_organisation())

    assert all(line.is_text for line in text)


@pytest.mark.parametrize(
    ("products", "takes_part"),
    [(None, True), ([], True), (["product-1"], True), ("product-9,product-1", True), (["product-2"], False)],
)
def test_a_discount_may_be_for_some_products_only(products: Any, takes_part: bool) -> None:
    discount = {"type": "fixed", "value": 1, "validOnProductIds": products}
    invoice = an_invoice(an_item(productId="product-1"), total=0, discount=discount)

    [line] = read_lines(invoice, settings(), an_organisation())

    assert line.discounted is takes_part


def test_a_line_too_large_for_xero_is_a_bad_document() -> None:
    with pytest.raises(Unmappable) as stop:
        lines(an_item(10**9, 100))

    assert stop.value.reason is Reason.BAD_DOCUMENT
