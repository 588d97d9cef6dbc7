from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from relay.upstream.errors import Unavailable
from relay.upstream.xero.chart import Chart
from tests.givens.upstream import Script, answer, xero_caller

ORGANISATION = {
    "Name": "Demo",
    "BaseCurrency": "NZD",
    "PaysTax": True,
    "PeriodLockDate": "/Date(1552262400000+0000)/",
    "EndOfYearLockDate": None,
}
ACCOUNT = {"AccountID": "a", "Code": "200", "Name": "Sales", "Type": "REVENUE", "Class": "REVENUE", "TaxType": None}
RATE = {"Name": "15% GST", "TaxType": "OUTPUT2", "EffectiveRate": 15.0, "CanApplyToRevenue": True}


async def test_an_organisation_is_one_snapshot_of_four_calls() -> None:
    vendor = Script(
        answer({"Organisations": [ORGANISATION]}),
        answer({"Currencies": [{"Code": "NZD"}, {"Code": "AUD"}]}),
        answer({"Accounts": [ACCOUNT]}),
        answer({"TaxRates": [RATE, {"Name": "odd", "TaxType": "X"}]}),
    )

    found = await Chart(xero_caller(vendor)).organisation()

    names = ("Organisation", "Currencies", "Accounts", "TaxRates")
    assert vendor.paths == [f"GET /api.xro/2.0/{name}" for name in names]
    assert (found.name, found.base_currency, found.currencies) == ("Demo", "NZD", ("NZD", "AUD"))
    assert (found.period_lock_date, found.end_of_year_lock_date) == (date(2019, 3, 11), None)
    assert [account.code for account in found.accounts] == ["200"]
    assert [(rate.tax_type, rate.effective_rate) for rate in found.tax_rates] == [("OUTPUT2", Decimal("15.0"))]


@pytest.mark.parametrize("document", [{"Organisations": []}, {}])
async def test_an_answer_without_organisation_is_no_answer(document: Any) -> None:
    with pytest.raises(Unavailable):
        await Chart(xero_caller(Script(answer(document)))).organisation()
