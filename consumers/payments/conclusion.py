"""What a settled link comes to: one outcome out of what was done, what waits and what a person must decide. Pure."""

from collections import Counter
from collections.abc import Sequence

from consumers.payments.actions import Action, DeadLetter, Wait
from consumers.runtime.outcome import Dead, Done, Outcome, Skipped
from schemas.reasons import Reason

_SAID = {
    "RecordInGhl": "recorded",
    "PayInXero": "paid in Xero",
    "Confirm": "confirmed",
    "Repeat": "repeated",
    "Drop": "dropped",
    "Pair": "paired",
    "Reuse": "taken over",
    "Reverse": "reversal told",
    "Refund": "refund told",
    "Note": "noted",
}


def conclude(
    link_id: str, done: Sequence[Action], left: Sequence[Action], shown: str | None, remarks: Sequence[str]
) -> Outcome:
    """Return the outcome: `done` was performed, `left` is what the last decision still asks of people or time.

    `shown` is the status that was newly shown, None when it did not change.
    """
    letters = [action for action in left if isinstance(action, DeadLetter)]
    if letters:
        told = "; ".join(f"{one.reason.value} {one.external_id}: {one.detail}" for one in letters)
        return Dead(letters[0].reason, told, link_id)
    detail = _detail(done, shown, remarks)
    if detail:
        return Done(detail, link_id)
    if any(isinstance(action, Wait) for action in left):
        return Skipped(Reason.NOT_APPROVED, "payments wait for the approval in Xero", link_id)
    return Skipped(Reason.ALREADY_IN_STEP, link=link_id)


def _detail(done: Sequence[Action], shown: str | None, remarks: Sequence[str]) -> str:
    counts = Counter(_SAID[type(action).__name__] for action in done if type(action).__name__ in _SAID)
    parts = [f"{words}: {count}" for words, count in counts.items()]
    return ", ".join([*parts, *([f"status {shown}"] if shown else []), *remarks])
