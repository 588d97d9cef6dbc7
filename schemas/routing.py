"""Which topic an event goes to. What nobody knows yet goes to `*.other`, never to the floor."""

from typing import Final

from schemas.topics import (
    GHL_APPS,
    GHL_CONTACTS,
    GHL_INVOICES,
    GHL_OTHER,
    XERO_CONTACTS,
    XERO_INVOICES,
    XERO_OTHER,
    XERO_PAYMENTS,
)

# HighLevel documents an app's life under page names, but sends other words (facts: webhook pages and live samples)
APP_PAGES: Final = {
    "AppInstall": "INSTALL",
    "AppUninstall": "UNINSTALL",
    "AppUpdate": "UPDATE",
    "PlanChange": "PLAN_CHANGE",
}

_APPS: Final = frozenset((*APP_PAGES, *APP_PAGES.values()))
_XERO: Final = {
    "INVOICE": XERO_INVOICES,
    "PAYMENT": XERO_PAYMENTS,
    "CREDITNOTE": XERO_PAYMENTS,
    "PREPAYMENT": XERO_PAYMENTS,
    "OVERPAYMENT": XERO_PAYMENTS,
    "CONTACT": XERO_CONTACTS,
}


def ghl_topic(kind: str) -> str:
    """Return the topic of a HighLevel event by its kind, spelled as HighLevel spells it."""
    if kind.startswith("Invoice"):
        return GHL_INVOICES
    if kind.startswith("Contact"):
        return GHL_CONTACTS
    return GHL_APPS if kind in _APPS else GHL_OTHER


def xero_topic(category: str) -> str:
    """Return the topic of a Xero event by its category, in any case: Xero's own pages differ in it."""
    return _XERO.get(category.upper(), XERO_OTHER)
