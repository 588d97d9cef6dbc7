"""Column types that hold the same on both databases."""

import base64
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Text, TypeDecorator
from sqlalchemy.engine import Dialect

from schemas import money
from schemas.records import Headers

_MOST_CENTS: Final = 2**63 - 1
_MOST_DIGITS: Final = 17  # before the point


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware and in UTC out. Sorts by time on both databases (SQLite keeps it as text)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return UTC, naive for SQLite, which knows no zones.

        Raises:
            ValueError: the time has no zone: nobody knows which instant it is.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return it aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """An amount in major units, kept as whole cents in a BIGINT: exact, and summed by the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return cents.

        Raises:
            ValueError: not a whole number of cents, or more than fits.
        """
        if value is None:
            return None
        if not value.is_finite() or value.adjusted() > _MOST_DIGITS:
            raise ValueError(f"{value} does not fit")
        units, parts = value.as_integer_ratio()  # exact, whatever the context's precision
        cents, rest = divmod(units * 100, parts)
        if rest:
            raise ValueError(f"{value} is not a whole number of cents")
        if abs(cents) > _MOST_CENTS:
            raise ValueError(f"{value} does not fit")
        return cents

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return major units with two decimals."""
        return None if value is None else Decimal(value).scaleb(-2)


class Json(TypeDecorator[Any]):
    """A JSON value as text; fractions are Decimal in and out, never a float."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return compact JSON."""
        return None if value is None else money.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the value."""
        return None if value is None else money.loads(value)


class RecordHeaders(TypeDecorator[Headers]):
    """Headers of a record, in order, repeated names included: any bytes, so base64 inside JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Headers | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return JSON pairs."""
        if value is None:
            return None
        return money.dumps([(name, base64.b64encode(content).decode()) for name, content in value]).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Headers | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the headers as they were."""
        if value is None:
            return None
        return tuple((name, base64.b64decode(content)) for name, content in money.loads(value))
