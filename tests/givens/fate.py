"""A run that may die at any point, and writes of which nobody learns whether they landed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relay.clock import FakeClock


class Died(BaseException):
    """The process ended here."""


@dataclass
class Fate:
    """Counts the points where a run can end; at one of them it does. What was on the wire then may land later."""

    clock: FakeClock
    dies_at: int | None = None
    lands_after_s: float | None = None
    passed: int = 0
    on_the_wire: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)

    def point(self, effect: Callable[[], object] | None = None) -> None:
        self.passed += 1
        if self.passed != self.dies_at:
            return
        if effect and self.lands_after_s is not None:
            self.on_the_wire.append((self.clock.now() + timedelta(seconds=self.lands_after_s), effect))
        raise Died

    def land(self) -> None:
        due = [effect for at, effect in self.on_the_wire if at <= self.clock.now()]
        self.on_the_wire = [(at, effect) for at, effect in self.on_the_wire if at > self.clock.now()]
        for effect in due:
            effect()
