"""Writes down what stands on the log, for others: JSON Schemas in `schemas/json/`, and `schemas/asyncapi.yaml`.

`python -m schemas.documents` writes them, `--check` says whether they are stale. Deterministic: the same code, the
same bytes.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson
import yaml
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import DecimalSchema

from schemas import ghl, topics, xero
from schemas.reasons import Reason

FOLDER: Final = Path(__file__).resolve().parent
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

INSTANT: Final = {"type": "string", "format": "date-time"}
TEXT: Final = {"type": "string", "minLength": 1}
ORIGIN: Final = {"type": "string", "pattern": r"^[^/]+/[0-9]+/[0-9]+$", "description": "topic/partition/offset"}

ENVELOPE: Final[Mapping[str, Mapping[str, Any]]] = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": TEXT | {"description": "The vendor's id, else a hash of signed content: a redelivery carries the same."},
    "ce_source": TEXT | {"format": "uri-reference"},
    "ce_type": TEXT | {"examples": ["com.gohighlevel.InvoiceCreate", "com.xero.invoice.update"]},
    "ce_subject": TEXT | {"description": "Id of the invoice, contact or payment; absent where there is none."},
    "ce_time": INSTANT | {"description": "The vendor's time of the event, else the time of receipt."},
    "content-type": {"type": "string", "examples": ["application/json", "application/octet-stream"]},
    "ce_deliveryid": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "sha256 of the request's body."},
    "ce_receivedat": INSTANT,
    "traceparent": {"type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"},
}
REPLAY: Final[Mapping[str, Mapping[str, Any]]] = {
    "relay_replay": TEXT | {"description": "Id of the run that published it again."},
    "relay_origin": ORIGIN,
    "relay_forced": {"const": "1", "description": "A person asked: freshness is not looked at."},
}
DEAD_LETTER: Final[Mapping[str, Mapping[str, Any]]] = {
    "relay_consumer": TEXT,
    "relay_reason": {"enum": sorted(Reason)},
    "relay_detail": {"type": "string"},
    "relay_attempts": {"type": "string", "pattern": "^[0-9]+$"},
    "relay_left_out": {
        "type": "string",
        "pattern": "^[0-9]+$",
        "description": "Bytes of a body that was too large for this topic: its row in the database holds it.",
    },
    "relay_first_failure": INSTANT,
    "relay_last_failure": INSTANT,
    "relay_origin": ORIGIN,
}
_OPTIONAL: Final = frozenset({"ce_subject", "traceparent", "relay_forced", "relay_consumer", "relay_left_out"})

# what a topic's value is; the others hold whatever the vendor signed
PAYLOADS: Final = {
    topics.GHL_INVOICES: "ghl-invoice",
    topics.GHL_CONTACTS: "ghl-contact",
    topics.XERO_INVOICES: "xero-event",
    topics.XERO_PAYMENTS: "xero-event",
    topics.XERO_CONTACTS: "xero-event",
}
KEYS: Final = {
    "ghl": "Location id, else company id, else app id, else `ghl`.",
    "xero": "Tenant id, else `xero`.",
}
_LANES: Final = (
    ("", "envelope-headers", "Events as the vendor sent them."),
    (".replay", "replay-headers", "The same events again, at lower priority."),
    (".dlq", "dead-letter-headers", "Events that only a person can free."),
)


def json_schemas() -> Mapping[str, dict[str, Any]]:
    """Return every JSON Schema by its name."""
    return {
        "ghl-invoice": _of_model(ghl.Invoice, "An invoice as HighLevel's webhooks carry it"),
        "ghl-contact": _of_model(ghl.Contact, "A contact as HighLevel's webhooks carry it"),
        "xero-event": _of_model(xero.WebhookEvent, "One element of `events` of a Xero webhook"),
        "envelope-headers": _of_headers(ENVELOPE, "CloudEvents 1.0 in Kafka binary mode, with our extensions"),
        "replay-headers": _of_headers({**ENVELOPE, **REPLAY}, "Headers of a replayed event"),
        "dead-letter-headers": _of_headers({**ENVELOPE, **DEAD_LETTER}, "Headers of a dead letter"),
    }


def _of_model(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True, schema_generator=_Plain)
    return {"$schema": DIALECT, **schema, "title": title}


class _Plain(GenerateJsonSchema):
    """Without titles that repeat a name, and with amounts as vendors send them, whatever pydantic's version."""

    def decimal_schema(self, _schema: DecimalSchema) -> dict[str, Any]:
        return {"type": ["number", "string"]}

    def field_title_should_be_set(self, _schema: Any) -> bool:
        return False


def _of_headers(headers: Mapping[str, Mapping[str, Any]], title: str) -> dict[str, Any]:
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": {name: dict(schema) for name, schema in headers.items()},
        "required": [name for name in headers if name not in _OPTIONAL],
    }


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of all topics."""
    lanes = [(f"{topic}{lane}", topic, headers, words) for topic in topics.LIVE for lane, headers, words in _LANES]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "HighLevel-Xero relay: what stands on Kafka",
            "version": "1.0.0",
            "description": "CloudEvents 1.0, Kafka binary mode. A configured prefix goes before every address.",
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": {"host": "kafka:9092", "protocol": "kafka"}},
        "channels": {name: _channel(name, topic, words) for name, topic, _, words in lanes},
        "operations": {f"publish.{name}": _operation(name) for name, _, _, _ in lanes},
        "components": {"messages": {name: _message(topic, headers) for name, topic, headers, _ in lanes}},
    }


def _channel(name: str, topic: str, words: str) -> dict[str, Any]:
    return {
        "address": name,
        "description": words,
        "messages": {"event": {"$ref": f"#/components/messages/{name}"}},
        "tags": [{"name": topic.partition(".")[0]}],
        "bindings": {"kafka": {"topic": name, "bindingVersion": "0.5.0"}},
    }


def _operation(name: str) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/event"}],
    }


def _message(topic: str, headers: str) -> dict[str, Any]:
    vendor = topic.partition(".")[0]
    message: dict[str, Any] = {
        "summary": f"An event of {topic}",
        "contentType": "application/json",
        "headers": _schema(headers),
        "bindings": {"kafka": {"key": {"type": "string", "description": KEYS[vendor]}, "bindingVersion": "0.5.0"}},
    }
    if topic in PAYLOADS:
        message["payload"] = _schema(PAYLOADS[topic])
    return message


def _schema(name: str) -> dict[str, Any]:
    return {
        "schemaFormat": "application/schema+json;version=draft-2020-12",
        "schema": {"$ref": f"./json/{name}.json"},
    }


def documents() -> Mapping[Path, bytes]:
    """Return what every generated file must hold, by its path under this folder."""
    made = {
        Path("json") / f"{name}.json": orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        for name, schema in json_schemas().items()
    }
    text = yaml.dump(asyncapi(), Dumper=_WithoutAnchors, sort_keys=False, allow_unicode=True, width=120)
    return {
        **made,
        Path("asyncapi.yaml"): b"# Generated by `python -m schemas.documents`; do not edit.\n" + text.encode(),
    }


class _WithoutAnchors(yaml.SafeDumper):
    """Writes what is used twice out twice: anchors are for machines."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def stale(folder: Path = FOLDER) -> Sequence[Path]:
    """Return the files that are not what they must be: missing, different, or generated by nothing."""
    wanted = documents()
    found = {path.relative_to(folder) for path in (folder / "json").glob("*")}
    wrong = [path for path, content in wanted.items() if not _holds(folder / path, content)]
    return sorted({*wrong, *(found - set(wanted))})


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def write(folder: Path = FOLDER) -> None:
    """Write every file."""
    for path, content in documents().items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(content)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the documents, or with `--check` name those that are stale and return 1."""
    parser = argparse.ArgumentParser(prog="python -m schemas.documents", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a document is stale")
    if not parser.parse_args(arguments).check:
        write()
        return 0
    wrong = stale()
    for path in wrong:
        sys.stderr.write(f"schemas/{path} is stale: run `python -m schemas.documents`\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
