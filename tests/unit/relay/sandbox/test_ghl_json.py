from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from relay.sandbox.ghl_json import dumps, iso, loads


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(Decimal("121.00"), b"121", id="no trailing zeros"),
        pytest.param(Decimal("12.10"), b"12.1", id="as few digits as needed"),
        pytest.param(Decimal(1000), b"1000", id="no exponent"),
        pytest.param({"a": [Decimal("0.005"), "ü"]}, '{"a":[0.005,"ü"]}'.encode(), id="compact, letters as they are"),
    ],
)
def test_numbers_are_written_as_javascript_writes_them(value: object, text: bytes) -> None:
    assert dumps(value) == text


def test_fractions_are_read_to_the_last_digit() -> None:
    assert loads(b'{"amount": 0.1000000000000000055}') == {"amount": Decimal("0.1000000000000000055")}


@pytest.mark.parametrize("text", [b"{", b"NaN", b'{"amount": Infinity}'])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        loads(text)


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError):
        dumps(object())


def test_times_are_utc_with_milliseconds() -> None:
    moment = datetime(2026, 11, 24, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))

    assert iso(moment) == "2026-11-24T12:00:00.123Z"
    assert iso(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
