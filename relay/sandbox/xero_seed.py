"""The organisation a sandbox starts with: a made-up Australian company with the chart of Xero's demo companies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from relay.clock import Clock
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_rows import Account, Item, Organisation, TaxRate

CLASSES: Final = {
    "CanApplyToAssets": "ASSET",
    "CanApplyToEquity": "EQUITY",
    "CanApplyToExpenses": "EXPENSE",
    "CanApplyToLiabilities": "LIABILITY",
    "CanApplyToRevenue": "REVENUE",
}
EVERYWHERE: Final = frozenset(CLASSES.values())
INCOME: Final = frozenset({"REVENUE"})

TAX_RATES: Final = (
    TaxRate("OUTPUT", "GST on Income", Decimal(10), INCOME),
    TaxRate("EXEMPTOUTPUT", "GST Free Income", Decimal(0), INCOME),
    TaxRate("INPUT", "GST on Expenses", Decimal(10), frozenset({"EXPENSE", "ASSET"})),
    TaxRate("BASEXCLUDED", "BAS Excluded", Decimal(0), EVERYWHERE),
    TaxRate("TAX001", "Luxury Levy", Decimal(15), INCOME),
)

# code, name, type, class, tax type; then what is unusual about it
ACCOUNTS: Final[Sequence[tuple[str, str, str, str, str, Mapping[str, Any]]]] = (
    ("090", "Business Bank Account", "BANK", "ASSET", "BASEXCLUDED", {}),
    ("200", "Sales", "REVENUE", "REVENUE", "OUTPUT", {}),
    ("210", "Consulting", "REVENUE", "REVENUE", "OUTPUT", {}),
    ("260", "Other Revenue", "REVENUE", "REVENUE", "OUTPUT", {}),
    ("299", "Old Sales", "REVENUE", "REVENUE", "OUTPUT", {"status": "ARCHIVED"}),
    ("404", "Bank Fees", "EXPENSE", "EXPENSE", "INPUT", {}),
    ("610", "Accounts Receivable", "CURRENT", "ASSET", "BASEXCLUDED", {"system_account": "DEBTORS"}),
    ("614", "Card Clearing", "CURRENT", "ASSET", "BASEXCLUDED", {"enable_payments": True}),
    ("860", "Rounding", "EXPENSE", "EXPENSE", "BASEXCLUDED", {"system_account": "ROUNDING"}),
)


def demo_organisation(
    *, tenant_id: str, clock: Clock, ids: Callable[[], str], name: str = "Demo Company (AU)"
) -> Ledger:
    """Return fresh books without contacts and documents."""
    organisation = Organisation(
        tenant_id=tenant_id,
        name=name,
        currencies=("AUD", "NZD", "USD", "JPY", "KWD"),
        tracking={"Team": ("North", "Head Office")},
        branding_themes={ids(): "Standard"},
        created=clock.now(),
    )
    ledger = Ledger(organisation, clock=clock, ids=ids)
    for code, title, kind, account_class, tax_type, more in ACCOUNTS:
        account = Account(ids(), code, title, kind, account_class, tax_type, **more, updated=ledger.stamp())
        ledger.accounts[account.account_id] = account
    ledger.tax_rates = {rate.tax_type: rate for rate in TAX_RATES}
    ledger.items = {"CARE-GOLD": Item("CARE-GOLD", "Care plan", Decimal(300), "210")}
    return ledger


def adopt_chart(ledger: Ledger, chart: Mapping[str, Any]) -> None:
    """Replace currencies, accounts and tax rates by others, given in the shape in which GET answers them."""
    ledger.accounts = {}
    for row in chart["Accounts"]:
        account = Account(
            account_id=ledger.new_id(),
            code=row["Code"],
            name=row["Name"],
            type=row["Type"],
            account_class=row["Class"],
            tax_type=row["TaxType"],
            status=row["Status"],
            system_account=row["SystemAccount"],
            enable_payments=row["EnablePaymentsToAccount"],
            updated=ledger.stamp(),
        )
        ledger.accounts[account.account_id] = account
    ledger.tax_rates = {
        row["TaxType"]: TaxRate(
            tax_type=row["TaxType"],
            name=row["Name"],
            rate=Decimal(str(row["EffectiveRate"])),
            classes=frozenset(name for key, name in CLASSES.items() if row.get(key)),
            status=row.get("Status", "ACTIVE"),
        )
        for row in chart["TaxRates"]
    }
    ledger.organisation = replace(
        ledger.organisation, base_currency=chart["BaseCurrency"], currencies=tuple(chart["Currencies"])
    )
