"""Numbers and days of an invoice: amounts as read, the number it gets in Xero, the days it is dated. Pure."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from consumers.invoice_push.verdict import Unmappable
from schemas import ghl
from schemas.connection_settings import ConnectionSettings
from schemas.reasons import Reason

LARGEST: Final = Decimal("9999999999.99")  # a line in Xero (mapping.md 3.6)
_DECIMALS: Final = Decimal("0.000001")
_READABLE: Final = Decimal(10) ** 13
_LONGEST_NUMBER: Final = 255
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def exact(value: Decimal, what: str) -> Decimal:
    """Return a number as HighLevel meant it: more than six decimals are the noise of a float.

    Raises:
        Unmappable: it is no amount anybody can be asked for.
    """
    if not value.is_finite() or abs(value) >= _READABLE:
        raise Unmappable(Reason.BAD_DOCUMENT, f"{what} is {value}")
    if places(value) > places(_DECIMALS):
        return value.quantize(_DECIMALS, rounding=ROUND_HALF_UP)
    return value


def plain(value: Decimal) -> str:
    """Return a number as a person writes it: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def places(value: Decimal) -> int:
    """Return how many decimals a number needs."""
    text = plain(value)
    return len(text.partition(".")[2])


def invoice_number(invoice: ghl.Invoice, settings: ConnectionSettings) -> str:
    """Return the number the invoice gets in Xero: the same each time it is asked."""
    own = settings.invoice_number_prefix
    number, prefix = invoice.invoice_number.strip(), invoice.invoice_number_prefix.strip()
    if number and not number.startswith(prefix):
        number = prefix + number
    if not number or len(own + number) > _LONGEST_NUMBER:
        return f"{own}GHL-{invoice.id}"
    return own + number


def issue_day(invoice: ghl.Invoice, settings: ConnectionSettings) -> date:
    """Return the day the invoice is dated.

    Raises:
        Unmappable: it has no day at all, or one that cannot be read.
    """
    text = invoice.issue_date or invoice.created_at
    if not text:
        raise Unmappable(Reason.BAD_DOCUMENT, "the invoice has neither an issue date nor a time of creation")
    return _day(text, settings)


def due_day(invoice: ghl.Invoice, settings: ConnectionSettings) -> date:
    """Return the day the invoice is due; without one the terms count from the issue date. Dates are never moved.

    Raises:
        Unmappable: as `issue_day`.
    """
    if invoice.due_date:
        return _day(invoice.due_date, settings)
    return issue_day(invoice, settings) + timedelta(days=settings.payment_terms_days or 0)


def _day(text: str, settings: ConnectionSettings) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
        zone = ZoneInfo(settings.timezone)
    except ZoneInfoNotFoundError as error:
        raise Unmappable(Reason.BAD_DOCUMENT, f"the time zone {settings.timezone!r} is unknown") from error
    except ValueError as error:
        raise Unmappable(Reason.BAD_DOCUMENT, f"the date {text[:40]!r} cannot be read") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone).date()
