from typing import Any

import pytest
import structlog.testing

from relay.webhooks.vendors import vendors
from tests.givens.webhooks import webhook_settings


@pytest.mark.parametrize(
    ("changes", "names", "warnings"),
    [
        pytest.param({}, ["ghl", "xero"], [], id="all set"),
        pytest.param({"xero_webhook_keys": ""}, ["ghl"], [("vendor.key_missing", "xero")], id="no Xero key"),
        pytest.param({"ghl_public_keys": ()}, ["xero"], [("vendor.key_missing", "ghl")], id="no HighLevel key"),
        pytest.param({"ghl_app_id": None}, ["ghl", "xero"], [("vendor.app_id_unknown", "ghl")], id="app not known"),
        pytest.param({"ghl_app_id": None, "ghl_client_id": "a-b"}, ["ghl", "xero"], [], id="app by its client id"),
    ],
)
def test_start_up_says_what_is_missing(changes: dict[str, Any], names: list[str], warnings: list[tuple]) -> None:
    with structlog.testing.capture_logs() as lines:
        made = vendors(webhook_settings(**changes))

    assert [vendor.name for vendor in made] == names
    assert [(line["event"], line["vendor"]) for line in lines] == warnings
    assert {line["log_level"] for line in lines} <= {"warning"}
