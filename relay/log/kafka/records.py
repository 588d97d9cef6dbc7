"""A record of aiokafka as one of ours. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiokafka import ConsumerRecord

from schemas.records import StoredRecord

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def stored_record(record: "ConsumerRecord[Any, Any]", topic: str) -> StoredRecord:
    """Return what was read, under our name for its topic; what another program left out is empty."""
    return StoredRecord(
        topic,
        record.key or b"",
        record.value or b"",
        tuple((name, value or b"") for name, value in record.headers),
        record.partition,
        record.offset,
        EPOCH + timedelta(milliseconds=record.timestamp),
    )


def since_epoch_ms(instant: datetime) -> int:
    """Return an instant in whole milliseconds, upwards: 0.2 ms past a record's time is after the record."""
    return -((EPOCH - instant) // timedelta(milliseconds=1))
