"""Which Xero tax type a line gets, and whether tax stands on top of prices or inside (mapping.md 3.2, 3.3). Pure."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from consumers.invoice_push.numbers import exact, plain
from consumers.invoice_push.verdict import Unmappable
from schemas.connection_settings import ConnectionSettings, ItemMapping
from schemas.ghl import InvoiceItem
from schemas.reasons import Reason
from schemas.xero import Account, Organisation, TaxRate

_CLASSES = {
    "REVENUE": "can_apply_to_revenue",
    "EXPENSE": "can_apply_to_expenses",
    "ASSET": "can_apply_to_assets",
    "LIABILITY": "can_apply_to_liabilities",
    "EQUITY": "can_apply_to_equity",
}


class Kind(StrEnum):
    """LineAmountTypes of a document."""

    EXCLUSIVE = "Exclusive"
    INCLUSIVE = "Inclusive"
    NO_TAX = "NoTax"


class Tax(StrEnum):
    """Where the tax of a line stands."""

    NONE = "none"
    ON_TOP = "on top"
    INSIDE = "inside"


def rate_of(item: InvoiceItem) -> Decimal:
    """Return the sum of a line's tax rates, in percent: HighLevel knows no compound taxes.

    Raises:
        Unmappable: a tax that is not computed on top of an amount.
    """
    if odd := [tax.calculation for tax in item.taxes if tax.calculation != "exclusive"]:
        raise Unmappable(Reason.TAX_NOT_MAPPED, f"a tax is calculated {odd[0]!r}, which is not known")
    return sum((exact(tax.rate, "a tax rate") for tax in item.taxes), Decimal(0))


def find(tax_type: str | None, organisation: Organisation) -> TaxRate | None:
    """Return the rate of a tax type, ACTIVE or not; None when the organisation does not have it."""
    return next((rate for rate in organisation.tax_rates if rate.tax_type == tax_type), None)


def applies(rate: TaxRate, account: Account) -> bool:
    """Say whether a rate may be used on accounts of that class."""
    attribute = _CLASSES.get(account.account_class)
    return attribute is not None and bool(getattr(rate, attribute))


def mapped_zero(item: InvoiceItem, settings: ConnectionSettings) -> str | None:
    """Return the type that `tax_map` names for a line's 0 % tax, None where there is none."""
    joined = settings.tax_map.get(_key(item))
    return joined or next((settings.tax_map[tax.id] for tax in item.taxes if tax.id in settings.tax_map), None)


def hidden_rate(item: InvoiceItem, settings: ConnectionSettings, organisation: Organisation) -> TaxRate | None:
    """Return the rate that an untaxed price contains, because the business keeps no taxes in HighLevel."""
    rate = find(settings.untaxed_tax_type, organisation)
    return rate if rate and rate.effective_rate > 0 and not item.taxes else None


def taxed_type(
    item: InvoiceItem,
    mapping: ItemMapping | None,
    account: Account,
    settings: ConnectionSettings,
    organisation: Organisation,
) -> str:
    """Return the tax type of a line with tax.

    Raises:
        Unmappable: none fits, or nothing decides between several.
    """
    percent = rate_of(item)
    own = find(mapping.tax_type, organisation) if mapping and mapping.tax_type else None
    if own and own.effective_rate == percent:
        return checked(own.tax_type, percent, account, organisation)
    if mapped := settings.tax_map.get(_key(item)):
        return checked(mapped, percent, account, organisation)
    names = " + ".join(tax.name for tax in item.taxes)
    if settings.tax_fallback == "stop":
        raise Unmappable(Reason.TAX_NOT_MAPPED, f"the tax {names!r} is not mapped")
    return _by_rate(percent, names, account, settings, organisation)


def _by_rate(
    percent: Decimal, names: str, account: Account, settings: ConnectionSettings, organisation: Organisation
) -> str:
    fitting = [
        rate
        for rate in organisation.tax_rates
        if rate.status == "ACTIVE" and rate.effective_rate == percent and applies(rate, account)
    ]
    types = [rate.tax_type for rate in fitting]
    named = [rate.tax_type for rate in fitting if rate.name.casefold() == names.casefold()]
    if not types:
        raise Unmappable(
            Reason.TAX_NOT_MAPPED, f"no active Xero rate of {plain(percent)} % may be used on account {account.code}"
        )
    if len(types) == 1:
        return types[0]
    if settings.default_tax_type in types:
        return settings.default_tax_type or ""
    if account.tax_type in types:
        return account.tax_type or ""
    if len(named) == 1:
        return named[0]
    raise Unmappable(Reason.TAX_AMBIGUOUS, f"{', '.join(types)} are all {plain(percent)} %: nothing decides")


def checked(tax_type: str, percent: Decimal, account: Account, organisation: Organisation) -> str:
    """Return the type when it may stand on this line.

    Raises:
        Unmappable: it is not there or not active, has another rate, or may not be used on this account.
    """
    rate = find(tax_type, organisation)
    if rate is None or rate.status != "ACTIVE":
        raise Unmappable(Reason.TAX_NOT_MAPPED, f"the tax type {tax_type} does not exist or is not active")
    if rate.effective_rate != percent:
        raise Unmappable(
            Reason.TAX_RATE_MISMATCH,
            f"the line has {plain(percent)} %, the tax type {tax_type} {plain(rate.effective_rate)} %",
        )
    if not applies(rate, account):
        raise Unmappable(
            Reason.TAX_ACCOUNT_MISMATCH, f"the tax type {tax_type} may not be used on account {account.code}"
        )
    return tax_type


def zero_type(account: Account, settings: ConnectionSettings, organisation: Organisation) -> str:
    """Return the type of a line without tax.

    Raises:
        Unmappable: the organisation has none for that account.
    """
    # a chain, because not every country has NONE
    for tax_type in (settings.untaxed_tax_type, account.tax_type, "NONE", "BASEXCLUDED", "EXEMPTOUTPUT"):
        rate = find(tax_type, organisation) if tax_type else None
        if rate and rate.status == "ACTIVE" and rate.effective_rate == 0 and applies(rate, account):
            return rate.tax_type
    raise Unmappable(Reason.TAX_NOT_MAPPED, f"no tax type of 0 % may be used on account {account.code}")


def taxless(items: Sequence[InvoiceItem], settings: ConnectionSettings) -> bool:
    """Say whether nothing about tax is said: no line has any, and no setting speaks of lines without."""
    return settings.untaxed_tax_type is None and not any(rate_of(item) or mapped_zero(item, settings) for item in items)


def kind_of(taxes: Sequence[Tax], *, taxless: bool) -> Kind:
    """Return the kind of a document: a mixture is Inclusive, whose total is the sum of its lines."""
    if Tax.INSIDE in taxes:
        return Kind.INCLUSIVE
    return Kind.NO_TAX if taxless else Kind.EXCLUSIVE


def _key(item: InvoiceItem) -> str:
    return "+".join(sorted(tax.id for tax in item.taxes))
