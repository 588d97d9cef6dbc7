from typing import Any

import pytest

from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_lines import read_lines, recomputed, require_approvable
from relay.sandbox.xero_rows import Line
from tests.givens.xero_sandbox import a_line, some_books


def read(*sent: dict[str, Any], known: tuple[Line, ...] = (), document: str = "ACCREC", kind: str = "Exclusive") -> Any:
    return read_lines(some_books(), sent, known=known, document=document, kind=kind, unit_decimals=4)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"AccountCode": "999"}, "Account code '999' is not a valid code for this document."),
        ({"AccountCode": "090"}, "Account code '090' is not a valid code for this document."),
        ({"AccountCode": "610"}, "Account code '610' is not a valid code for this document."),
        ({"AccountCode": "299"}, "Account code '299' has been archived, or deleted."),
        ({"TaxType": "INPUT"}, "The TaxType code 'INPUT' cannot be used with account code '200'"),
        ({"TaxType": "NONE"}, "The TaxType code 'NONE' does not exist or is not active"),
        ({"ItemCode": "NOPE"}, "Item code 'NOPE' is not valid"),
        ({"Description": "x" * 4001}, "Description must not be longer than 4000 characters"),
        ({"LineItemID": "unknown"}, "The LineItemID unknown is not a line of this document"),
        ({"LineAmount": 99}, "The line total 99 does not match the expected line total 100.00"),
        ({"Tracking": [{"Name": "Team", "Option": "South"}]}, "The tracking option 'South' of 'Team' does not exist"),
        ({"Tracking": [{}, {}, {}]}, "at most two tracking categories"),
    ],
)
def test_a_line_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(a_line(**fields))

    assert words in str(refused.value)


def test_every_bad_line_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        read(a_line(AccountCode="998"), a_line(), a_line(AccountCode="999"))

    assert len(refused.value.messages) == 2


def test_a_discount_is_for_sales_only() -> None:
    with pytest.raises(Invalid, match="only be given on an ACCREC"):
        read(a_line(AccountCode="404", TaxType="INPUT", DiscountAmount=1), document="ACCPAY")


def test_what_is_left_out_comes_from_the_account_and_the_item() -> None:
    (by_account,) = read(a_line(TaxType=None))
    (by_item,) = read({"ItemCode": "CARE-GOLD", "Quantity": 2})

    assert by_account.tax_type == "OUTPUT"
    assert (by_item.description, by_item.account_code, str(by_item.line_amount)) == ("Care plan", "210", "600.00")


def test_a_known_line_keeps_its_id_and_others_get_new_ones() -> None:
    (known,) = read(a_line())

    kept, new = read(a_line(LineItemID=known.line_item_id), a_line(), known=(known,))

    assert kept.line_item_id == known.line_item_id
    assert new.line_item_id
    assert new.line_item_id != "unknown"


def test_without_tax_the_type_does_not_matter() -> None:
    (line,) = read(a_line(TaxType=None), kind="NoTax")

    assert str(line.tax_amount) == "0.00"


def test_other_line_amount_types_forget_taxes_set_by_hand() -> None:
    ledger = some_books()
    lines = read_lines(ledger, [a_line(TaxAmount=9)], known=(), document="ACCREC", kind="Exclusive", unit_decimals=4)

    (line,) = recomputed(ledger, lines, "Inclusive")

    assert (str(lines[0].tax_amount), str(line.tax_amount)) == ("9.00", "9.09")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Description": None}, "Description must be given"),
        ({"AccountCode": None, "TaxType": None}, "Account must be valid"),
        ({"UnitAmount": "0.001"}, "Account must be valid"),
    ],
)
def test_a_draft_may_hold_lines_that_cannot_be_approved(fields: dict[str, Any], words: str) -> None:
    lines = read(a_line(**fields))

    with pytest.raises(Invalid, match=words):
        require_approvable(lines)


def test_a_line_of_text_can_be_approved() -> None:
    lines = read({"Description": "Thank you"})

    require_approvable(lines)

    assert [(line.description, line.account_code) for line in lines] == [("Thank you", None)]
