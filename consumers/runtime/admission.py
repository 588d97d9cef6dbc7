"""Whether the events of a connection may go to their handler now. Pure."""

from datetime import datetime, timedelta
from typing import Final

from consumers.runtime.handler import QueuedEvent
from consumers.runtime.outcome import Dead, Park, Scope
from relay.store.connections import Connection, ConnectionState
from schemas.reasons import Reason

RECHECK: Final = timedelta(seconds=60)  # how often a lane asks whether its connection is there, or goes on
UNCONNECTED: Final = timedelta(days=30)  # so long an event waits for its location to be connected
_HALTED: Final = {ConnectionState.PAUSED: Reason.PAUSED, ConnectionState.SETTING_UP: Reason.BEING_SET_UP}


def waiting_since(queued: QueuedEvent, now: datetime) -> datetime:
    """Return since when an event waits here: a replayed one may have been received long before."""
    return queued.row.first_failure if queued.row else now


def halted(connection: Connection | None, *, needed: bool, since: datetime, now: datetime) -> Park | Dead | None:
    """Return why events must wait for their connection, or can wait no longer; None when they may go.

    `since` is when the event first had to wait. What waits, waits as a lane: one event of it asks again for all.
    """
    if (connection is None and needed) or (connection and connection.state == ConnectionState.DISCONNECTED):
        if now - since > UNCONNECTED:
            return Dead(Reason.NOT_CONNECTED, f"waited {UNCONNECTED.days} days, and is not connected")
        return Park(now + RECHECK, Reason.NOT_CONNECTED, "goes by itself after connecting", Scope.CONNECTION)
    if connection is not None and (reason := _HALTED.get(connection.state)) is not None:
        return Park(now + RECHECK, reason, scope=Scope.CONNECTION)
    return None
