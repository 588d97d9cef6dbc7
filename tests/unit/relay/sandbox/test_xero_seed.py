from decimal import Decimal

from relay.clock import FakeClock
from relay.sandbox.xero import numbered_ids
from relay.sandbox.xero_seed import adopt_chart, demo_organisation


def test_the_demo_organisation_has_what_the_mapping_names() -> None:
    ledger = demo_organisation(tenant_id="tenant", clock=FakeClock(), ids=numbered_ids("seed"))

    codes = {account.code: account for account in ledger.accounts.values()}
    assert {"090", "200", "210", "260", "299", "404", "610", "614", "860"} == set(codes)
    assert (codes["090"].takes_payments, codes["614"].takes_payments, codes["200"].takes_payments) == (
        True,
        True,
        False,
    )
    assert (codes["299"].status, codes["610"].system_account, codes["860"].system_account) == (
        "ARCHIVED",
        "DEBTORS",
        "ROUNDING",
    )
    assert {name: rate.rate for name, rate in ledger.tax_rates.items()} == {
        "OUTPUT": 10,
        "EXEMPTOUTPUT": 0,
        "INPUT": 10,
        "BASEXCLUDED": 0,
        "TAX001": 15,
    }


def test_another_chart_can_be_adopted() -> None:
    ledger = demo_organisation(tenant_id="tenant", clock=FakeClock(), ids=numbered_ids("seed"))
    account = {"Code": "1", "Name": "Bank", "Type": "BANK", "Class": "ASSET", "TaxType": "NONE", "Status": "ACTIVE"}
    rate = {"TaxType": "NONE", "Name": "Exempt", "EffectiveRate": 0, "CanApplyToRevenue": True}
    chart = {
        "BaseCurrency": "NZD",
        "Currencies": ["NZD"],
        "Accounts": [account | {"SystemAccount": "", "EnablePaymentsToAccount": False}],
        "TaxRates": [rate],
    }

    adopt_chart(ledger, chart)

    assert [each.code for each in ledger.accounts.values()] == ["1"]
    assert (ledger.tax_rates["NONE"].rate, ledger.tax_rates["NONE"].classes) == (Decimal(0), {"REVENUE"})
    assert ledger.organisation.currencies == ("NZD",)
