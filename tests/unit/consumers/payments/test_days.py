from datetime import UTC, date, datetime

import pytest

from consumers.payments.days import day_of, moment_of, noon


@pytest.mark.parametrize(
    ("text", "timezone", "day"),
    [
        pytest.param("2026-11-08T22:10:00.000Z", "Australia/Sydney", date(2026, 11, 9), id="already tomorrow there"),
        pytest.param("2026-11-08T02:10:00.000Z", "America/New_York", date(2026, 11, 7), id="still yesterday there"),
        pytest.param("2026-11-08", "Australia/Sydney", date(2026, 11, 8), id="a bare date is that day"),
        pytest.param("2026-11-08T22:10:00", "UTC", date(2026, 11, 8), id="without a zone it is UTC"),
        pytest.param(None, "UTC", None, id="nothing"),
        pytest.param("", "UTC", None, id="empty"),
    ],
)
def test_a_time_stamp_belongs_to_the_day_of_the_location(text: str | None, timezone: str, day: date | None) -> None:
    assert day_of(text, timezone) == day


def test_noon_in_the_location_falls_on_that_day_there() -> None:
    assert noon(date(2026, 11, 9), "Australia/Sydney") == datetime(2026, 11, 9, 1, 0, tzinfo=UTC)


def test_a_bare_date_is_no_moment() -> None:
    assert moment_of("2026-11-09") is None
