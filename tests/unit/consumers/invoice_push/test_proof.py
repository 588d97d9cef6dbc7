from decimal import Decimal
from typing import Any

import pytest

from consumers.invoice_push.proof import Unprovable, xero_tax, xero_total
from tests.givens.mapping import an_organisation

BOOKS = an_organisation()


def a_document(kind: str, *lines: dict[str, Any]) -> dict[str, Any]:
    return {"LineAmountTypes": kind, "LineItems": list(lines)}


def a_line(unit: str, quantity: str = "1", **given: Any) -> dict[str, Any]:
    return {"Quantity": Decimal(quantity), "UnitAmount": Decimal(unit), "TaxType": "OUTPUT", **given}


@pytest.mark.parametrize(
    ("document", "total", "tax"),
    [
        pytest.param(a_document("Exclusive", a_line("19.125", "1")), "21.04", "1.91", id="the line first, half up"),
        pytest.param(a_document("Exclusive", a_line("0.05"), a_line("0.05")), "0.12", "0.02", id="tax line by line"),
        pytest.param(a_document("Inclusive", a_line("33.33")), "33.33", "3.03", id="tax inside"),
        pytest.param(a_document("NoTax", a_line("33.33", "3")), "99.99", "0", id="no tax"),
        pytest.param(
            a_document("Exclusive", a_line("100", TaxAmount=Decimal("9.99"))), "109.99", "9.99", id="tax as sent"
        ),
        pytest.param(
            a_document("NoTax", a_line("10", DiscountAmount=Decimal("0.34"))), "9.66", "0", id="less its discount"
        ),
        pytest.param(a_document("NoTax", {"Description": "words"}), "0", "0", id="words"),
        pytest.param(a_document("NoTax", a_line("1.00005", "100")), "100.01", "0", id="prices of four decimals"),
    ],
)
def test_it_reckons_as_xero_documents_it(document: dict[str, Any], total: str, tax: str) -> None:
    assert (xero_total(document, BOOKS), xero_tax(document, BOOKS)) == (Decimal(total), Decimal(tax))


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(a_document("NoTax", a_line("1", "0")), id="quantity 0"),
        pytest.param(a_document("NoTax", a_line("1", "-1")), id="a negative quantity"),
        pytest.param(a_document("NoTax", a_line("1", "0.33333")), id="a quantity of five decimals"),
        pytest.param(a_document("NoTax", a_line("0.001")), id="a price that rounds to nothing"),
        pytest.param(a_document("NoTax", a_line("1", DiscountAmount=Decimal("1.01"))), id="a discount above the line"),
        pytest.param(a_document("NoTax", a_line("1", DiscountAmount=Decimal(0))), id="a discount of nothing"),
        pytest.param(a_document("Exclusive", a_line("1", TaxAmount=Decimal("1.01"))), id="tax above the line"),
        pytest.param(a_document("Inclusive", a_line("1", TaxAmount=Decimal("0.09"))), id="tax sent under Inclusive"),
        pytest.param(a_document("Exclusive", a_line("1", TaxType="NOPE")), id="an unknown tax type"),
        pytest.param(a_document("Whatever", a_line("1")), id="an unknown kind"),
    ],
)
def test_what_xero_refuses_proves_nothing(document: dict[str, Any]) -> None:
    with pytest.raises(Unprovable):
        xero_total(document, BOOKS)
