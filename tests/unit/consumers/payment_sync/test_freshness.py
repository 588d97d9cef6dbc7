from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from consumers.payment_sync.freshness import known
from tests.givens.payments import LINK, event, subject

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = timedelta(seconds=1)
SOON = AT + timedelta(seconds=0.5)


@pytest.mark.parametrize(
    ("changed", "received", "updated", "read", "is_known"),
    [
        pytest.param(AT, SOON, None, None, False, id="nothing is held"),
        pytest.param(AT, SOON, AT, None, True, id="as old as what we hold: our own echo"),
        pytest.param(AT, AT + LATER, AT + LATER, None, True, id="older than what we hold"),
        pytest.param(AT + LATER, AT + 2 * LATER, AT, None, False, id="newer than what we hold"),
        pytest.param(AT, SOON, None, AT + timedelta(seconds=3), True, id="received well before the last read"),
        pytest.param(AT, SOON, None, AT + timedelta(seconds=2.4), False, id="received just before the last read"),
        pytest.param(AT, SOON, None, AT - LATER, False, id="received after the last read"),
        pytest.param(AT, AT, AT + LATER, None, False, id="Xero said no time: its receipt is no time of Xero's"),
    ],
)
def test_an_event_is_known_by_xeros_time_or_by_our_read(
    *, changed: datetime, received: datetime, updated: datetime | None, read: datetime | None, is_known: bool
) -> None:
    link = replace(LINK, xero_updated_at=updated, xero_read_at=read)

    found = known(subject(event(at=changed, received_at=received)).events, link)

    assert found is is_known


def test_one_unknown_event_makes_the_subject_unknown() -> None:
    link = replace(LINK, xero_updated_at=AT)
    old, new = event(at=AT - LATER, received_at=AT), event(at=AT + LATER, received_at=AT + 2 * LATER)

    assert known(subject(old).events, link)
    assert not known(subject(old, new).events, link)


def test_what_a_person_forced_is_never_known() -> None:
    link = replace(LINK, xero_updated_at=AT, xero_read_at=AT + timedelta(hours=1))

    assert not known(subject(event(at=AT - LATER, received_at=AT), forced=True).events, link)
