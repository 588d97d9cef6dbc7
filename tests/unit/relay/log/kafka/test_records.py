from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from relay.log.kafka.records import since_epoch_ms, stored_record


def theirs(**changes: Any) -> Any:
    values: dict[str, Any] = {
        "topic": "acme.ghl.invoices",
        "partition": 3,
        "offset": 42,
        "timestamp": 1_700_000_000_123,
        "timestamp_type": 1,
        "key": b"location",
        "value": b"{}",
        "checksum": None,
        "serialized_key_size": 8,
        "serialized_value_size": 2,
        "headers": (("ce_id", b"1"),),
    }
    return ConsumerRecord(**(values | changes))


def test_a_record_is_read_under_our_name_with_its_place_and_time() -> None:
    record = stored_record(theirs(), "ghl.invoices")

    assert record.origin == "ghl.invoices/3/42"
    assert (record.key, record.value, record.headers) == (b"location", b"{}", (("ce_id", b"1"),))
    assert record.stored_at == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)


def test_what_another_program_left_out_is_empty() -> None:
    record = stored_record(theirs(key=None, value=None, headers=(("note", None),)), "ghl.invoices")

    assert (record.key, record.value, record.headers) == (b"", b"", (("note", b""),))


@pytest.mark.parametrize(
    ("instant", "milliseconds"),
    [
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), 0, id="the epoch"),
        pytest.param(datetime(1970, 1, 1, 0, 0, 0, 5_000, tzinfo=UTC), 5, id="whole milliseconds"),
        pytest.param(datetime(1970, 1, 1, 0, 0, 0, 5_001, tzinfo=UTC), 6, id="upwards"),
        pytest.param(datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0, id="another zone"),
    ],
)
def test_an_instant_is_whole_milliseconds_upwards(instant: datetime, milliseconds: int) -> None:
    assert since_epoch_ms(instant) == milliseconds
