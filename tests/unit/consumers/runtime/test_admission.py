from dataclasses import replace
from datetime import timedelta

import pytest

from consumers.runtime.admission import RECHECK, halted, waiting_since
from consumers.runtime.outcome import Dead, Park, Scope
from relay.store.connections import ConnectionState
from schemas.reasons import Reason
from tests.givens.runtime import NOW, a_connection, a_parked, a_queued

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("connection", "needed", "reason"),
    [
        pytest.param(None, True, Reason.NOT_CONNECTED, id="nobody connected it"),
        pytest.param(a_connection(state=ConnectionState.DISCONNECTED), False, Reason.NOT_CONNECTED, id="disconnected"),
        pytest.param(a_connection(state=ConnectionState.PAUSED), True, Reason.PAUSED, id="paused"),
        pytest.param(a_connection(state=ConnectionState.SETTING_UP), True, Reason.BEING_SET_UP, id="being set up"),
    ],
)
def test_what_is_not_there_or_halted_waits_as_a_lane(connection, needed, reason):
    wait = halted(connection, needed=needed, since=NOW, now=NOW)

    assert isinstance(wait, Park)
    assert (wait.until, wait.reason, wait.scope) == (NOW + RECHECK, reason, Scope.CONNECTION)


@pytest.mark.parametrize(("connection", "needed"), [(a_connection(), True), (a_connection(), False), (None, False)])
def test_everything_else_goes(connection, needed):
    assert halted(connection, needed=needed, since=NOW, now=NOW) is None


@pytest.mark.parametrize("connection", [None, a_connection(state=ConnectionState.DISCONNECTED)])
def test_an_event_waits_thirty_days_for_its_connection_and_then_needs_a_person(connection):
    early = halted(connection, needed=True, since=NOW, now=NOW + timedelta(days=29))
    late = halted(connection, needed=True, since=NOW, now=NOW + timedelta(days=31))

    assert isinstance(early, Park)
    assert isinstance(late, Dead)
    assert late.reason is Reason.NOT_CONNECTED


def test_a_paused_connection_may_stay_so_for_ever():
    paused = a_connection(state=ConnectionState.PAUSED)

    assert isinstance(halted(paused, needed=True, since=NOW, now=NOW + timedelta(days=400)), Park)


def test_a_replayed_event_has_waited_only_since_it_parked_here_however_old_it_is():
    fresh, parked = a_queued(), replace(a_queued(), row=a_parked())

    assert waiting_since(fresh, NOW + HOUR) == NOW + HOUR
    assert waiting_since(parked, NOW + HOUR) == NOW
