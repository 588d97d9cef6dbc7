import pytest

from relay.telemetry.traces import traceparent
from schemas.envelope import sha256

DELIVERY = sha256(b"body")
VALID = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        pytest.param(VALID, True, id="valid"),
        pytest.param(VALID.replace(b"00-", b"01-", 1), True, id="a later version of the same form"),
        pytest.param(None, False, id="absent"),
        pytest.param(b"", False, id="empty"),
        pytest.param(b"ff" + VALID[2:], False, id="forbidden version"),
        pytest.param(VALID.upper(), False, id="capitals"),
        pytest.param(b"00-" + b"0" * 32 + VALID[35:], False, id="trace id of zeros"),
        pytest.param(VALID[:36] + b"0" * 16 + b"-01", False, id="parent id of zeros"),
        pytest.param(VALID + b"\n", False, id="a line break"),
        pytest.param(VALID[:-1], False, id="cut"),
        pytest.param(VALID + b", " + VALID, False, id="sent twice"),
    ],
)
def test_a_valid_trace_is_kept_and_another_replaced_by_that_of_the_delivery(header: bytes | None, kept: bool) -> None:
    made = traceparent(header, DELIVERY)

    assert (made == VALID.decode() or made == VALID.replace(b"00-", b"01-", 1).decode()) is kept
    assert traceparent(made.encode(), "another") == made


def test_a_redelivery_continues_the_trace() -> None:
    assert traceparent(None, DELIVERY) == traceparent(b"nonsense", DELIVERY) != traceparent(None, sha256(b"another"))
