from typing import Any

import pytest

from relay.sandbox.xero_credit_rules import create_credit
from relay.sandbox.xero_errors import Invalid
from tests.givens.xero_sandbox import a_line, some_books

NOTE = {
    "Type": "ACCRECCREDIT",
    "Contact": {"Name": "Sample Customer"},
    "CreditNoteNumber": "CN-1",
    "LineItems": [a_line()],
}


@pytest.mark.parametrize(
    ("kind", "type_"),
    [("CREDITNOTE", "ACCRECCREDIT"), ("OVERPAYMENT", "RECEIVE-OVERPAYMENT"), ("PREPAYMENT", "RECEIVE-PREPAYMENT")],
)
def test_each_kind_of_credit_has_its_own_type(kind: str, type_: str) -> None:
    ledger = some_books()

    credit = create_credit(ledger, NOTE, kind=kind)

    assert (credit.type, str(credit.total), credit.status) == (type_, "110.00", "DRAFT")
    assert [(change.category, change.type) for change in ledger.changes][-1] == (kind, "CREATE")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Type": "ACCREC"}, "Type must be"),
        ({"Status": "PAID"}, "PAID cannot be given"),
        ({"LineAmountTypes": "Gross"}, "is not valid"),
        ({"CurrencyCode": "EUR"}, "not subscribed to currency EUR"),
        ({"LineItems": []}, "One or more line items"),
        ({"Contact": {}}, "A Contact must be specified"),
        ({"Status": "AUTHORISED", "LineItems": [a_line(AccountCode=None)]}, "Account must be valid"),
    ],
)
def test_a_credit_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        create_credit(some_books(), NOTE | fields)


def test_a_credit_note_number_is_unique() -> None:
    ledger = some_books()
    create_credit(ledger, NOTE)

    with pytest.raises(Invalid, match="Credit note # must be unique"):
        create_credit(ledger, NOTE)
