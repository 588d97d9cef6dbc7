"""Which day a moment belongs to, in the location's zone."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def moment_of(text: str | None) -> datetime | None:
    """Return a HighLevel time stamp, aware; None for nothing or for a bare date."""
    if not text or len(text) <= len("2026-11-09"):
        return None
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def day_of(text: str | None, timezone: str) -> date | None:
    """Return the day of a date or time stamp as HighLevel writes it; None for nothing."""
    if not text:
        return None
    moment = moment_of(text)
    return moment.astimezone(ZoneInfo(timezone)).date() if moment else date.fromisoformat(text)


def noon(day: date, timezone: str) -> datetime:
    """Return noon of that day in the zone, as UTC: a moment that falls on the same day nearly everywhere."""
    return datetime.combine(day, time(12), ZoneInfo(timezone)).astimezone(UTC)
