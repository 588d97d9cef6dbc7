"""Exchanges held against Xero's own API descriptions, but for the faults these are known to have.

What a description does not name is a difference too: a misspelt key must not pass for an unknown one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from tests.vendor_material import vendor_folder

HOST: Final = "https://api.xero.com"
SPEC: Final = "XeroAPI/Xero-OpenAPI 16.1.0 @e952d0b"
CODES: Final = "developer.xero.com, HTTP response codes"


@dataclass(frozen=True)
class Description:
    """One description: its file, which paths it speaks of, and where it is wrong or silent, each with the source."""

    file: str
    paths: str  # pattern; group 1 is the path as the description has it
    faults: Mapping[str, str]  # pattern of a difference -> why we know better
    statuses: Mapping[int, str]  # answers that it does not name -> where they are told; their bodies are not held to it


ACCOUNTING: Final = Description(
    file="xero-accounting-16.1.0.yaml",
    paths=r".*(/api\.xro/2\.0/.*)",
    faults={
        r"^answer (Id|Status|ProviderName|DateTimeUTC): undeclared$": f"the envelope of its own examples ({SPEC})",
        r"^answer .*\b(Date|DueDate)String: undeclared$": f"in its own example of Invoices ({SPEC})",
        r"^answer HistoryRecords\.\*\.DateUTCString: undeclared$": f"in its own example of history ({SPEC})",
        r"^answer .*LineItems\.\*\.ValidationErrors: undeclared$": f"in its own example of Invoices ({SPEC})",
        r"^request : format .* is not a 'uuid'": "an invoice is found by its number too (developer.xero.com, Invoices)",
        r"^answer Elements\.\*\..*: undeclared$": f"a refused element comes back whole: its example of 400 ({SPEC})",
    },
    statuses={
        400: f"a filter that is not understood, on GET too ({CODES})",
        401: CODES,
        403: CODES,
        404: CODES,
        412: CODES,
        429: "developer.xero.com, OAuth 2 API limits",
        500: CODES,
        503: CODES,
    },
)
IDENTITY: Final = Description(
    file="xero-identity-16.1.0.yaml",
    paths=r".*(/[Cc]onnections.*)",
    faults={r"^answer \*\.(created|updated)DateUtc: format": f"its own example is without a zone too ({SPEC})"},
    statuses={401: CODES, 429: "developer.xero.com, OAuth 2 API limits"},
)
DESCRIPTIONS: Final = {"xero": (ACCOUNTING, IDENTITY)}


def check_exchange(
    vendor: str, method: str, path: str, *, query: str, request_body: bytes, status: int, response_body: bytes
) -> list[str]:
    """Return how a request and its answer differ from the vendor's description, without its known faults.

    `path` may stand below a mount point; `query` is as in the address. Skips the test where the description is not.
    """
    description, asked = description_of(vendor, path)
    return [
        difference
        for difference in all_differences(
            description,
            method,
            asked,
            query=query,
            request_body=request_body,
            status=status,
            response_body=response_body,
        )
        if not any(re.search(pattern, difference) for pattern in description.faults)
    ]


def description_of(vendor: str, path: str) -> tuple[Description, str]:
    """Return the description that speaks of the path, and the path as it is written there."""
    for description in DESCRIPTIONS[vendor]:
        if found := re.fullmatch(description.paths, path):
            return description, found[1].replace("/connections", "/Connections")
    raise AssertionError(f"no description of {vendor} speaks of {path}")


def all_differences(
    description: Description,
    method: str,
    path: str,
    *,
    query: str,
    request_body: bytes,
    status: int,
    response_body: bytes,
) -> Iterator[str]:
    """Yield every difference, the known ones too, as `request|answer place: rule`."""
    opened = _opened(description.file)
    pairs = parse_qsl(query, keep_blank_values=True)
    request = MockRequest(
        HOST, method, path, args=dict(pairs), headers={"xero-tenant-id": "a tenant"}, data=request_body or None
    )
    if 200 <= status < 300:  # what is refused may be anything
        yield from _told("request", opened.iter_request_errors(request))
        yield from _unnamed_parameters(opened, request, pairs)
    answer = MockResponse(response_body, status_code=status)
    errors = list(opened.iter_response_errors(request, answer))
    if status in description.statuses and any(type(error).__name__ == "ResponseNotFound" for error in errors):
        return
    yield from _told("answer", errors)


def _told(side: str, errors: Any) -> Iterator[str]:
    for error in errors:
        schema_errors = getattr(error.__cause__, "schema_errors", None)
        if schema_errors is None:
            yield f"{side}: {type(error).__name__} {error}"
            continue
        for broken in schema_errors:
            yield from _broken(side, broken)


def _broken(side: str, broken: Any) -> Iterator[str]:
    place = ".".join("*" if isinstance(step, int) else str(step) for step in broken.absolute_path)
    if broken.validator != "additionalProperties":
        yield f"{side} {place}: {broken.validator} ({broken.message[:200]})"
        return
    for key in broken.instance.keys() - broken.schema["properties"].keys():
        yield f"{side} {f'{place}.' if place else ''}{key}: undeclared"


def _unnamed_parameters(opened: OpenAPI, request: MockRequest, pairs: list[tuple[str, str]]) -> Iterator[str]:
    operation = opened.request_validator._find_path(request).operation
    parameters = operation / "parameters" if "parameters" in operation else ()
    named = {(parameter / "name").read_value() for parameter in parameters}
    for name, _ in pairs:
        if name not in named:
            yield f"request ?{name}: undeclared"


@cache
def _opened(file: str) -> OpenAPI:
    folder = vendor_folder("openapi")
    if folder is None:
        pytest.skip("the vendors' descriptions are not here: set TEST_SHARED to check against them")
    with (folder / file).open("rb") as stream:
        document = yaml.load(stream, Loader=yaml.CSafeLoader)
    document = json.loads(json.dumps(document, default=str))  # its examples hold dates
    _close(document["components"]["schemas"])
    for operations in document["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict):
                operation.pop("security", None)  # who may ask is not told by a description
    # its own validator refuses the description: siblings of $ref, examples of other types
    return OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))


def _close(schema: Any) -> None:
    """Let no object hold what it does not name."""
    if isinstance(schema, list):
        for each in schema:
            _close(each)
    if isinstance(schema, dict):
        for each in schema.values():
            _close(each)
        if isinstance(schema.get("properties"), dict) and schema.get("type", "object") == "object":
            schema.setdefault("additionalProperties", False)
