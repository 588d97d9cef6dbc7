"""The organisation as the mapping sees it: a stored snapshot while it is young, else read again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from relay.clock import Clock
from relay.store.organisations import Organisations
from relay.upstream.ports import XeroClient
from schemas.reasons import Reason
from schemas.xero import Organisation

YOUNG: Final = timedelta(minutes=10)
JUST_NOW: Final = timedelta(seconds=5)
# what a person may have mended in Xero since the snapshot
MENDED_IN_XERO: Final = frozenset(
    {
        Reason.ACCOUNT_UNUSABLE,
        Reason.CURRENCY_NOT_SUBSCRIBED,
        Reason.PERIOD_LOCKED,
        Reason.TAX_ACCOUNT_MISMATCH,
        Reason.TAX_AMBIGUOUS,
        Reason.TAX_NOT_MAPPED,
        Reason.TAX_RATE_MISMATCH,
    }
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An organisation, and when its reading began."""

    organisation: Organisation
    read_at: datetime


class Snapshots:
    """Reads organisations, at most once in a while."""

    def __init__(self, organisations: Organisations, clock: Clock) -> None:
        self._organisations = organisations
        self._clock = clock

    async def of(self, client: XeroClient, tenant_id: str, *, age: timedelta = YOUNG) -> Snapshot:
        """Return a snapshot no older than `age`: the stored one, else four calls.

        Raises:
            UpstreamError: as the client.
        """
        stored = await self._organisations.get(tenant_id)
        if stored is not None and self._clock.now() - stored[1] < age:
            return Snapshot(*stored)
        began = self._clock.now()
        organisation = await client.chart.organisation()
        await self._organisations.put(tenant_id, organisation, began)
        return Snapshot(organisation, began)
