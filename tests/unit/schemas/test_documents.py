import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from schemas import documents
from schemas.envelope import Event, sha256
from schemas.topics import ALL, LIVE
from tests.givens.webhooks import RECEIVED_AT, TRACE
from tests.vendor_material import vendor_files

SCHEMAS = documents.json_schemas()
DOCUMENT = yaml.safe_load((documents.FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))


def refers(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (text for name, text in value.items() if name == "$ref")
        for inner in value.values():
            yield from refers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from refers(inner)


def headers(*more: tuple[str, bytes]) -> dict[str, str]:
    event = Event(
        id="e1",
        source="/webhooks/ghl",
        type="com.gohighlevel.InvoicePaid",
        subject="inv1",
        key="loc1",
        topic="ghl.invoices",
        value=b"{}",
        delivery_id=sha256(b"{}"),
        received_at=RECEIVED_AT,
        traceparent=TRACE,
        extra=more,
    )
    return {name: value.decode() for name, value in event.record().headers}


def test_the_documents_are_what_the_code_says() -> None:
    assert documents.stale() == [], "run `python -m schemas.documents`"


def test_a_document_that_is_missing_changed_or_left_over_is_stale(tmp_path: Path) -> None:
    documents.write(tmp_path)
    fresh = documents.stale(tmp_path)
    (tmp_path / "asyncapi.yaml").unlink()
    (tmp_path / "json" / "ghl-contact.json").write_text("{}")
    (tmp_path / "json" / "left-over.json").write_text("{}")

    assert fresh == []
    assert [str(path) for path in documents.stale(tmp_path)] == [
        "asyncapi.yaml",
        "json/ghl-contact.json",
        "json/left-over.json",
    ]


def test_the_command_says_what_is_stale_and_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(documents.stale, "__defaults__", (tmp_path,))
    monkeypatch.setattr(documents.write, "__defaults__", (tmp_path,))

    results = [documents.main(["--check"]), documents.main([]), documents.main(["--check"])]

    assert results == [1, 0, 0]
    assert "schemas/asyncapi.yaml is stale" in capsys.readouterr().err


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_valid_schema(name: str) -> None:
    faults = Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(SCHEMAS[name])

    assert [fault.message for fault in faults] == []


@pytest.mark.usefixtures("vendor_material")
@pytest.mark.parametrize(
    ("schema", "pattern"),
    [("ghl-invoice", "Invoice*.json"), ("ghl-contact", "Contact*.json")],
)
def test_the_vendors_examples_fit_the_schemas(schema: str, pattern: str) -> None:
    validator = Draft202012Validator(SCHEMAS[schema])

    for path in vendor_files("payloads/ghl", pattern):
        faults = validator.iter_errors(json.loads(path.read_bytes()))
        assert [(path.name, fault.message) for fault in faults] == []


@pytest.mark.usefixtures("vendor_material")
def test_the_vendors_elements_fit_the_schema() -> None:
    validator = Draft202012Validator(SCHEMAS["xero-event"])

    for path in vendor_files("payloads/xero", "*.json"):
        for element in json.loads(path.read_bytes()).get("events", []):
            assert [(path.name, fault.message) for fault in validator.iter_errors(element)] == []


@pytest.mark.parametrize(
    ("schema", "more"),
    [
        ("envelope-headers", ()),
        ("replay-headers", (("relay_replay", b"run1"), ("relay_origin", b"ghl.invoices/0/7"), ("relay_forced", b"1"))),
        (
            "dead-letter-headers",
            (
                ("relay_consumer", b"invoice-push"),
                ("relay_reason", b"total_differs"),
                ("relay_detail", b""),
                ("relay_attempts", b"1"),
                ("relay_first_failure", b"2026-11-24T12:00:00.000Z"),
                ("relay_last_failure", b"2026-11-24T12:00:00.000Z"),
                ("relay_origin", b"ghl.invoices/0/7"),
            ),
        ),
    ],
)
def test_the_headers_of_a_record_fit_their_schema_and_each_required_one_is_needed(
    schema: str, more: tuple[tuple[str, bytes], ...]
) -> None:
    validator, sent = Draft202012Validator(SCHEMAS[schema]), headers(*more)

    assert validator.is_valid(sent)
    assert set(sent) <= set(SCHEMAS[schema]["properties"])
    for name in SCHEMAS[schema]["required"]:
        assert not validator.is_valid({each: value for each, value in sent.items() if each != name})


def test_every_topic_is_described() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert [channel["address"] for channel in DOCUMENT["channels"].values()] == [
        name for topic in LIVE for name in (topic, f"{topic}.replay", f"{topic}.dlq")
    ]
    assert set(DOCUMENT["channels"]) == set(ALL) == {name.removeprefix("publish.") for name in DOCUMENT["operations"]}


@pytest.mark.parametrize("reference", sorted(set(refers(DOCUMENT))))
def test_what_the_document_refers_to_is_there(reference: str) -> None:
    if reference.startswith("./"):
        assert (documents.FOLDER / reference).is_file()
        return
    found = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    assert found
