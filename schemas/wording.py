"""Fills the words of a reason: with the facts that are known, and so that they still read without the others."""

import re
from collections.abc import Mapping
from typing import Final

from schemas.reasons import TEXTS, Reason

# what stands for a fact that is not known
UNKNOWN: Final[dict[str, str]] = {
    "account": "this account",
    "amount": "some amount",
    "code": "",
    "consumer": "this consumer",
    "crm": "the CRM",
    "currency": "this currency",
    "days": "some",
    "deed": "do this",
    "field": "field",
    "id": "an error",
    "m": "some",
    "n": "some",
    "name": "this connection",
    "new": "a new organisation",
    "number": "this document",
    "old": "the one from before",
    "organisation": "the organisation",
    "other": "another",
    "purpose": "this connection",
    "rate": "some",
    "rates": "see the tax rates in Xero",
    "status": "no longer open",
    "system": "the other system",
    "tax": "this tax",
    "time": "some time",
    "value": "we did not keep what it was",
    "who": "somebody",
    "words": "it gave no reason that we could keep",
}

# and where that word does not fit
_UNKNOWN_IN: Final[Mapping[Reason, dict[str, str]]] = {
    Reason.ACCOUNT_UNUSABLE: {"code": "of yours", "name": ""},
    Reason.CONSUMER_STOPPED: {"n": "too many", "m": "", "reason": "unexpected errors"},
    Reason.CONTACT_ARCHIVED: {"name": "this contact"},
    Reason.CONTACT_NAME_TAKEN: {"name": "that name", "suffix": "with a suffix"},
    Reason.CURRENCY_PRECISION: {"total": "an amount with more decimals"},
    Reason.EDITED_IN_XERO: {"date": "one day", "date2": "another"},
    Reason.MINUTE_LIMIT: {"n": "only so many", "time": "a minute"},
    Reason.MIXED_CURRENCIES: {"a": "one currency", "b": "another"},
    Reason.NEGATIVE_TOTAL: {"total": "less than nothing"},
    Reason.NUMBER_TAKEN: {"number": "with this number", "total": "total unknown", "date": "date unknown"},
    Reason.PAYMENT_TOO_LARGE: {"a": "some amount", "b": "amount"},
    Reason.PAYMENT_UNCLEAR: {"n": "several"},
    Reason.PERIOD_LOCKED: {"date": "in a closed period", "lock": "a later day"},
    Reason.TAX_ACCOUNT_MISMATCH: {"code": "(unknown)", "name": ""},
    Reason.TAX_AMBIGUOUS: {"rate": "the same"},
    Reason.TAX_NOT_MAPPED: {"n": "", "tax": "with a tax", "rate": "of some"},
    Reason.TOTAL_DIFFERS: {"a": "one amount", "b": "another", "c": "they are"},
    Reason.WEBHOOKS_SILENT: {"n": "several"},
}

_FACT: Final = re.compile(r" ?{(\w+)}")


def words(reason: Reason, /, **facts: object) -> str:
    """Return the text of a reason with the facts put in; a missing one (or None) leaves a text that still reads."""
    return _filled(reason, TEXTS[reason].words, facts)


def words_for_others(reason: Reason, /, **facts: object) -> str:
    """Return the text for people who do not run the relay; that of everybody where there is no other."""
    text = TEXTS[reason]
    return _filled(reason, text.for_others or text.words, facts)


def _filled(reason: Reason, template: str, facts: Mapping[str, object]) -> str:
    stand_ins = UNKNOWN | _UNKNOWN_IN.get(reason, {})

    def fact(match: re.Match[str]) -> str:
        space = " " if match[0].startswith(" ") else ""
        value = facts.get(match[1])
        if value is not None:
            return f"{space}{value}"
        unknown = stand_ins[match[1]]
        before = template[: match.start()]
        if not before or before.endswith((".", "?")):
            unknown = unknown[:1].upper() + unknown[1:]
        return f"{space}{unknown}" if unknown else ""

    return _FACT.sub(fact, template)
