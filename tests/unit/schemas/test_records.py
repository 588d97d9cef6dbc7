from datetime import UTC, datetime

import pytest

from schemas.records import Record, StoredRecord, TopicPartition

RECORD = Record("ghl.invoices", b"loc", b"{}", (("ce_id", b"1"), ("ce_id", b"2"), ("odd", b"\xff")))


@pytest.mark.parametrize(("name", "text"), [("ce_id", "1"), ("odd", "\ufffd"), ("missing", None)])
def test_a_header_is_read_as_text_and_the_first_one_counts(name: str, text: str | None) -> None:
    assert RECORD.header(name) == text


def test_a_stored_record_says_where_it_stands() -> None:
    stored = StoredRecord(
        RECORD.topic, RECORD.key, RECORD.value, RECORD.headers, 3, 42, datetime(2026, 11, 24, tzinfo=UTC)
    )

    assert stored.origin == "ghl.invoices/3/42"
    assert TopicPartition("ghl.invoices", 3) == ("ghl.invoices", 3)
