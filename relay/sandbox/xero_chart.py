"""`/Organisation`, `/Currencies`, `/Accounts`, `/TaxRates` and `/BrandingThemes` of the API: read only here."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.routing import Route

from relay.sandbox.xero_answers import account_answer
from relay.sandbox.xero_gate import Asked, Gate, Reply
from relay.sandbox.xero_queries import matching, modified_since, ordered
from relay.sandbox.xero_rows import Account, TaxRate
from relay.sandbox.xero_seed import CLASSES
from relay.sandbox.xero_wire import ms_date

ACCOUNT_FIELDS: Final[Mapping[str, Callable[[Account], Any]]] = {
    "AccountID": lambda account: account.account_id,
    "Code": lambda account: account.code,
    "Name": lambda account: account.name,
    "Type": lambda account: account.type,
    "Class": lambda account: account.account_class,
    "Status": lambda account: account.status,
    "TaxType": lambda account: account.tax_type,
    "SystemAccount": lambda account: account.system_account,
    "EnablePaymentsToAccount": lambda account: account.enable_payments,
}
RATE_FIELDS: Final[Mapping[str, Callable[[TaxRate], Any]]] = {
    "Name": lambda rate: rate.name,
    "TaxType": lambda rate: rate.tax_type,
    "Status": lambda rate: rate.status,
}


def routes(gate: Gate) -> list[Route]:
    """Return the routes below the API's base."""
    return [
        Route(path, gate.opened(handler, "accounting.settings"), methods=["GET"])
        for path, handler in (
            ("/Organisation", get_organisation),
            ("/Organisations", get_organisation),
            ("/Currencies", list_currencies),
            ("/Accounts", list_accounts),
            ("/TaxRates", list_tax_rates),
            ("/BrandingThemes", list_branding_themes),
        )
    ]


def get_organisation(asked: Asked) -> Reply:
    """Answer GET /Organisation."""
    organisation = asked.ledger.organisation
    answer: dict[str, Any] = {
        "Name": organisation.name,
        "LegalName": organisation.name,
        "PaysTax": True,
        "Version": organisation.country,
        "OrganisationType": "COMPANY",
        "OrganisationEntityType": "COMPANY",
        "BaseCurrency": organisation.base_currency,
        "CountryCode": organisation.country,
        "IsDemoCompany": True,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 30,
        "FinancialYearEndMonth": 6,
        "SalesTaxBasis": "ACCRUALS",
        "SalesTaxPeriod": "QUARTERLY",
        "Timezone": "AUSEASTERNSTANDARDTIME",
        "ShortCode": organisation.short_code,
        "OrganisationID": organisation.tenant_id,
        "Edition": "BUSINESS",
        "Class": "DEMO",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
    dates = {
        "PeriodLockDate": organisation.period_lock_date,
        "EndOfYearLockDate": organisation.end_of_year_lock_date,
        "CreatedDateUTC": organisation.created,
    }
    return Reply("Organisations", [answer | {key: ms_date(value) for key, value in dates.items() if value}])


def list_currencies(asked: Asked) -> Reply:
    """Answer GET /Currencies."""
    codes = asked.ledger.organisation.currencies
    return Reply("Currencies", [{"Code": code, "Description": code} for code in codes])


def list_accounts(asked: Asked) -> Reply:
    """Answer GET /Accounts."""
    query, since = asked.query, modified_since(asked.headers.get("if-modified-since"))
    accounts = [each for each in asked.ledger.accounts.values() if not since or (each.updated and each.updated > since)]
    if where := query.get("where"):
        accounts = list(filter(matching(where, "Account", ACCOUNT_FIELDS), accounts))
    if order := query.get("order"):
        accounts = ordered(accounts, order, "Account", ACCOUNT_FIELDS)
    return Reply("Accounts", [account_answer(account) for account in accounts])


def list_tax_rates(asked: Asked) -> Reply:
    """Answer GET /TaxRates."""
    rates = list(asked.ledger.tax_rates.values())
    if where := asked.query.get("where"):
        rates = list(filter(matching(where, "TaxRate", RATE_FIELDS), rates))
    if order := asked.query.get("order"):
        rates = ordered(rates, order, "TaxRate", RATE_FIELDS)
    return Reply("TaxRates", [_rate(rate) for rate in rates])


def _rate(rate: TaxRate) -> dict[str, Any]:
    component = {"Name": rate.name, "Rate": rate.rate, "IsCompound": False, "IsNonRecoverable": False}
    return {
        "Name": rate.name,
        "TaxType": rate.tax_type,
        "ReportTaxType": "OUTPUT" if rate.tax_type.startswith("TAX") else rate.tax_type,
        "Status": rate.status,
        "DisplayTaxRate": rate.rate,
        "EffectiveRate": rate.rate,
        "TaxComponents": [component],
        **{key: name in rate.classes for key, name in CLASSES.items()},
    }


def list_branding_themes(asked: Asked) -> Reply:
    """Answer GET /BrandingThemes."""
    themes = asked.ledger.organisation.branding_themes or {}
    rows = [
        {"BrandingThemeID": key, "Name": name, "SortOrder": place} for place, (key, name) in enumerate(themes.items())
    ]
    return Reply("BrandingThemes", rows)
