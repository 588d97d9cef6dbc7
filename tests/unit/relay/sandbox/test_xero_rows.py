from datetime import date

import pytest

from relay.sandbox.xero_rows import Account, Organisation


@pytest.mark.parametrize(
    ("fields", "payments", "lines"),
    [
        ({"type": "BANK"}, True, False),
        ({"type": "CURRENT", "enable_payments": True}, True, True),
        ({"type": "REVENUE"}, False, True),
        ({"type": "CURRENT", "system_account": "DEBTORS"}, False, False),
        ({"type": "EXPENSE", "system_account": "ROUNDING"}, False, True),
    ],
)
def test_an_account_takes_payments_or_lines(fields: dict[str, object], payments: bool, lines: bool) -> None:
    account = Account(
        **{"account_id": "a", "code": "1", "name": "A", "account_class": "ASSET", "tax_type": "X"} | fields
    )

    assert (account.takes_payments, account.takes_lines) == (payments, lines)


def test_the_later_lock_date_counts() -> None:
    open_books = Organisation("tenant", "Name")
    locked = Organisation("tenant", "Name", period_lock_date=date(2026, 9, 30), end_of_year_lock_date=date(2026, 6, 30))

    assert (open_books.locked_until, locked.locked_until) == (None, date(2026, 9, 30))
