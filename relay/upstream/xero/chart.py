"""What the mapping must know of an organisation: currencies, accounts, tax rates, lock dates."""

from collections.abc import Sequence
from typing import Any

from relay.upstream.call import Caller, Request
from relay.upstream.xero.replies import elements
from schemas import xero


class Chart:
    """`ports.XeroChart` of one tenant."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def organisation(self) -> xero.Organisation:
        """Return one snapshot, in four calls."""
        organisation = await self._caller.call(_get("Organisation"), _organisation)
        parts = {
            "currencies": await self._caller.call(_get("Currencies"), _currencies),
            "accounts": await self._caller.call(_get("Accounts"), _accounts),
            "tax_rates": await self._caller.call(_get("TaxRates"), _tax_rates),
        }
        return organisation.model_copy(update=parts)


def _get(name: str) -> Request:
    return Request(f"GET /{name}", "GET", f"/{name}")


def _organisation(document: Any) -> xero.Organisation:
    found = elements(document, "Organisations")
    if not found:
        raise ValueError("an answer without an organisation")
    return xero.Organisation.model_validate(found[0])


def _currencies(document: Any) -> Sequence[str]:
    return tuple(str(currency["Code"]) for currency in elements(document, "Currencies") if "Code" in currency)


def _accounts(document: Any) -> Sequence[xero.Account]:
    return tuple(xero.Account.model_validate(account) for account in elements(document, "Accounts"))


def _tax_rates(document: Any) -> Sequence[xero.TaxRate]:
    rates = elements(document, "TaxRates")
    # nothing can be reckoned with a rate that tells no percentage
    return tuple(xero.TaxRate.model_validate(rate) for rate in rates if "EffectiveRate" in rate)
