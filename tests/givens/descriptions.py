"""Exchanges held against the vendors' own API descriptions, but for the faults these are known to have.

What a description does not name is a difference too: a misspelt key must not pass for an unknown one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import pytest
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.testing import MockRequest, MockResponse

from tests.givens.known_faults import DESCRIPTIONS, Description
from tests.vendor_material import vendor_folder


def check_exchange(vendor: str, method: str, path: str, **said: Any) -> list[str]:
    """Return how a request and its answer differ from the vendor's description, without its known faults.

    `path` may stand below a mount point; `said` is as for `all_differences`. Skips the test where the description
    is not.
    """
    description, asked = description_of(vendor, path)
    found = all_differences(description, method, asked, **said)
    return [difference for difference in found if not any(re.search(known, difference) for known in description.faults)]


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
    request_headers: Mapping[str, str],
    request_body: bytes,
    status: int,
    response_headers: Mapping[str, str],
    response_body: bytes,
) -> Iterator[str]:
    """Yield every difference, the known ones too, as `request|answer place: rule`.

    `query` is as in the address; names of headers are in lower case. The body of an answer whose status is not named
    is held to nothing but what every refusal of the vendor holds.
    """
    opened = _opened(description.file)
    pairs = parse_qsl(query, keep_blank_values=True)
    request = MockRequest(
        description.host,
        method,
        path,
        args=dict(pairs),
        headers=dict(request_headers),
        data=request_body or None,
        content_type=request_headers.get("content-type", ""),
    )
    if 200 <= status < 300:  # what is refused may be anything
        yield from _told("request", opened.iter_request_errors(request))
        yield from _unnamed_parameters(opened, request, pairs)
    elif description.refusals and not any(keys <= _keys(response_body) for keys in description.refusals):
        yield f"answer: a refusal of none of its shapes ({response_body[:200]!r})"
    answer = MockResponse(response_body, status, content_type=response_headers.get("content-type", ""))
    yield from _told("answer", opened.iter_response_errors(request, answer))


def _keys(body: bytes) -> set[str]:
    document = json.loads(body)
    return set(document) if isinstance(document, dict) else set()


def _told(side: str, errors: Any) -> Iterator[str]:
    for error in errors:
        schema_errors = getattr(error.__cause__, "schema_errors", None)
        if isinstance(error, ResponseNotFound):
            yield f"{side}: status {error.http_status} undeclared"
        elif schema_errors is None:
            yield f"{side}: {type(error).__name__} {error}"
        else:
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
        document = yaml.load(stream, Loader=yaml.CSafeLoader)  # JSON is YAML
    document = _within_itself(json.loads(json.dumps(document, default=str)))  # its examples hold dates
    _close(document["components"]["schemas"])
    for operations in document["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict):
                operation.pop("security", None)  # who may ask is not told by a description
    # its own validator refuses the description: siblings of $ref, examples of other types
    return OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))


def _within_itself(node: Any) -> Any:
    """Return the description with no reference into a file that is not published here: that allows anything."""
    if isinstance(node, list):
        return [_within_itself(each) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str) and not reference.startswith("#/"):
        return {}
    return {key: _within_itself(value) for key, value in node.items()}


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
