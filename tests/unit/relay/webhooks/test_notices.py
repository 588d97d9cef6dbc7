import structlog.testing

from relay.clock import FakeClock
from relay.webhooks.answers import Outcome
from relay.webhooks.notices import EVERY_S, Notices


def test_each_vendor_and_outcome_is_said_once_a_minute_with_what_was_kept_quiet() -> None:
    clock = FakeClock()
    notices = Notices(clock)

    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            notices.refused("xero", Outcome.FORGED)
        notices.refused("ghl", Outcome.UNSTORED, "LogUnavailable")
        clock.advance(EVERY_S)
        notices.refused("xero", Outcome.FORGED)

    assert [(line["vendor"], line["outcome"], line["cause"], line["not_logged"]) for line in lines] == [
        ("xero", "forged", None, 0),
        ("ghl", "unstored", "LogUnavailable", 0),
        ("xero", "forged", None, 2),
    ]
