from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import TypeDecorator
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from relay.store.types import Json, Money, RecordHeaders, UtcDateTime

DIALECTS = [sqlite.dialect(), postgresql.dialect()]
SYDNEY = timezone(timedelta(hours=11))


def through(kind: TypeDecorator[Any], value: Any, dialect: Dialect) -> Any:
    return kind.process_result_value(kind.process_bind_param(value, dialect), dialect)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    "kind", [UtcDateTime(), Money(), Json(), RecordHeaders()], ids=lambda kind: type(kind).__name__
)
def test_nothing_stays_nothing(kind: TypeDecorator[Any], dialect: Dialect) -> None:
    assert through(kind, None, dialect) is None


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_an_instant_comes_back_in_utc(dialect: Dialect) -> None:
    read = through(UtcDateTime(), datetime(2026, 11, 24, 23, 0, 0, 1, SYDNEY), dialect)

    assert (read, read.tzinfo) == (datetime(2026, 11, 24, 12, 0, 0, 1, UTC), UTC)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), DIALECTS[0])  # noqa: DTZ001 - the point


@given(cents=st.integers(-(2**63) + 1, 2**63 - 1))
def test_every_amount_of_whole_cents_comes_back_exactly(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)

    assert Money().process_bind_param(amount, DIALECTS[0]) == cents
    assert through(Money(), amount, DIALECTS[0]) == amount


@pytest.mark.parametrize("amount", ["0.001", "1." + "0" * 40 + "1", "1.005", "-0.009"])
def test_what_is_no_whole_number_of_cents_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="whole number of cents"):
        Money().process_bind_param(Decimal(amount), DIALECTS[0])


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "92233720368547758.08", "1E+30", "-1E+18", "1E+999999"])
def test_an_amount_that_does_not_fit_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Money().process_bind_param(Decimal(amount), DIALECTS[0])


@pytest.mark.parametrize("amount", ["1", "1.1", "1.10", "1.100", "1E+2"])
def test_an_amount_may_be_written_in_any_way(amount: str) -> None:
    assert through(Money(), Decimal(amount), DIALECTS[0]) == Decimal(amount)


def test_a_fraction_in_json_keeps_its_digits() -> None:
    value = {"rate": Decimal("10.125"), "price": Decimal("0.10"), "list": [1, None, "é"]}

    read = through(Json(), value, DIALECTS[0])

    assert (read, str(read["price"])) == (value, "0.10")


@given(st.lists(st.tuples(st.text(max_size=9), st.binary(max_size=9)), max_size=4).map(tuple))
def test_headers_come_back_byte_for_byte_in_order(headers: Any) -> None:
    assert through(RecordHeaders(), headers, DIALECTS[0]) == headers
