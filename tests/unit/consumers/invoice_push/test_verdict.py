import dataclasses

import pytest

from consumers.invoice_push.verdict import Dead, Unmappable
from schemas.reasons import Reason


def test_what_stops_the_mapping_says_why_and_where() -> None:
    stop = Unmappable(Reason.NO_LINES, "the invoice has no lines")

    assert (stop.reason, stop.detail) == (Reason.NO_LINES, "the invoice has no lines")
    assert str(stop) == "no_lines: the invoice has no lines"


def test_a_verdict_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Dead(Reason.NO_LINES).reason = Reason.REFUSED  # type: ignore[misc]
