from dataclasses import replace
from datetime import timedelta

import pytest

from consumers.invoice_push.freshness import in_step
from consumers.runtime.handler import QueuedEvent
from relay.store.links import LinkState
from tests.givens.invoice_push import an_event
from tests.givens.store import NOON, at, link

READ = link(state=LinkState.LINKED, ghl_read_at=NOON)


def queued(seconds: float, *, forced: bool = False) -> QueuedEvent:
    event = an_event("ghl-invoice-1", "InvoiceUpdate", "location-1", NOON + timedelta(seconds=seconds))
    return QueuedEvent(event, event.topic, 0, 0, forced=forced)


@pytest.mark.parametrize(("seconds", "told"), [(-3, True), (-2, False), (-1, False), (1, False)])
def test_only_what_came_clearly_before_the_last_read_is_known_already(seconds: float, told: bool) -> None:
    assert in_step(queued(seconds), READ) is told


def test_what_a_person_forces_what_is_not_linked_and_what_was_not_done_is_looked_at() -> None:
    assert not in_step(queued(-60, forced=True), READ)
    assert not in_step(queued(-60), None)
    assert not in_step(queued(-60), replace(READ, ghl_read_at=None))
    assert not in_step(queued(-60), replace(READ, state=LinkState.INTENDED))
    assert in_step(queued(-60), replace(READ, ghl_read_at=at(1)))
