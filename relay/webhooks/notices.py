"""Warnings about deliveries, at a bounded rate: whoever floods the port must not flood the log."""

from dataclasses import dataclass
from typing import Final

import structlog

from relay.clock import Clock
from relay.webhooks.answers import Outcome

EVERY_S: Final = 60.0

log = structlog.get_logger()


@dataclass(slots=True)
class _Silence:
    until: float
    held_back: int = 0


class Notices:
    """Says at most once a minute, per vendor and outcome, that deliveries were refused, and how many it kept quiet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._silences: dict[tuple[str, Outcome], _Silence] = {}  # bounded: vendors times outcomes

    def refused(self, vendor: str, outcome: Outcome, cause: str | None = None) -> None:
        """Warn of a delivery that was not taken. A forged one is no attack: Xero sends some on set-up."""
        now = self._clock.monotonic()
        silence = self._silences.get((vendor, outcome))
        if silence is not None and now < silence.until:
            silence.held_back += 1
            return
        held_back = silence.held_back if silence else 0
        self._silences[vendor, outcome] = _Silence(now + EVERY_S)
        log.warning("delivery.refused", vendor=vendor, outcome=outcome.value, cause=cause, not_logged=held_back)
