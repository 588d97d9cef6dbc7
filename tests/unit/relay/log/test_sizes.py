import pytest

from relay.log.errors import EventTooLarge, LogUnavailable
from relay.log.sizes import FRAME_BYTES, Budget, refuse_too_large, size_bytes
from tests.givens.logs import record


def test_key_value_headers_and_framing_count() -> None:
    sized = record(b"12345", key=b"123", headers=(("name", b"12"), ("n", b"")))

    assert size_bytes(sized) == 5 + 3 + (4 + 2 + 4) + (1 + 0 + 4) + FRAME_BYTES


def test_a_record_of_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    exact = record(b"x" * 1_000)
    limit = size_bytes(exact)

    assert refuse_too_large([exact, exact], limit) == 2 * limit
    with pytest.raises(EventTooLarge, match=r"ghl\.invoices"):
        refuse_too_large([exact, record(b"x" * 1_001)], limit)


def test_what_waits_is_bounded_and_freed_again() -> None:
    budget = Budget(100)

    with budget.taken(60), pytest.raises(LogUnavailable, match="60 bytes wait"), budget.taken(50):
        raise AssertionError
    with budget.taken(100):
        taken_again = True

    assert taken_again


def test_a_single_delivery_may_be_larger_than_the_budget() -> None:
    with Budget(100).taken(1_000):
        taken = True

    assert taken


def test_the_budget_is_freed_by_an_error_too() -> None:
    budget = Budget(100)

    with pytest.raises(OSError, match="disk"), budget.taken(100):
        raise OSError("disk")

    with budget.taken(100):
        taken = True
    assert taken
