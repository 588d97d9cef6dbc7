"""The registry of vendors: a third one is its module, and its line here."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from relay.settings import Settings
from relay.webhooks import ghl, xero
from relay.webhooks.vendor import Vendor

MAKERS: Final[Mapping[str, Callable[[Settings], Vendor | None]]] = {ghl.NAME: ghl.vendor, xero.NAME: xero.vendor}

log = structlog.get_logger()


def vendors(settings: Settings) -> Sequence[Vendor]:
    """Return the vendors that have a key; of the others start-up says that their routes answer 404.

    Called once at start-up.

    Raises:
        SettingsError: a key cannot be read.
    """
    made = {name: make(settings) for name, make in MAKERS.items()}
    for name, vendor in made.items():
        if vendor is None:
            log.warning("vendor.key_missing", vendor=name, route=f"/webhooks/{name}", answers=404)
    return [vendor for vendor in made.values() if vendor is not None]
