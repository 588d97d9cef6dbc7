from dataclasses import replace

from consumers.runtime.deadletter import brief_letter, letter, redriven, run_of
from relay.log.sizes import size_bytes
from schemas.envelope import event
from tests.givens.runtime import a_parked


def test_a_letter_is_the_event_as_it_was_with_what_went_wrong():
    row = replace(a_parked(7), reason="tax_not_mapped", detail="GST 12 %", attempts=2)

    record = letter(row)

    assert (record.topic, record.key, record.value) == ("ghl.invoices.dlq", row.key, row.value)
    assert record.header("relay_reason") == "tax_not_mapped"
    assert record.header("relay_attempts") == "2"
    assert record.header("relay_origin") == "ghl.invoices/0/7"
    assert event(record).id == row.ce_id


def test_a_redriven_letter_goes_to_the_replay_lane_under_a_run_that_freshness_does_not_swallow():
    row = replace(a_parked(7), topic="ghl.invoices.replay")

    record = redriven(row, "run-1")

    assert record.topic == "ghl.invoices.replay"
    assert run_of(record.headers) == ("run-1", True)


def test_a_second_life_carries_its_own_run_and_no_header_twice():
    row = a_parked(7)
    first = redriven(row, "run-1")

    second = redriven(replace(row, headers=first.headers), "run-2")

    names = [name for name, _ in second.headers]
    assert len(names) == len(set(names))
    assert run_of(second.headers) == ("run-2", True)


def test_a_letter_too_large_leaves_out_the_event_and_says_how_large_it_is():
    row = replace(a_parked(7), key=b"k" * 5_000, value=b"v" * 10_000, headers=(("theirs", b"h" * 10_000),))

    record = brief_letter(row)

    assert (record.topic, record.value, record.header("relay_left_out")) == ("ghl.invoices.dlq", b"", "10000")
    assert record.header("relay_origin") == "ghl.invoices/0/7"
    assert size_bytes(record) < 4_000
