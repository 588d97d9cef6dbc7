from datetime import date

import pytest
from pydantic import ValidationError

from schemas.connection_settings import ConnectionSettings, Tracking, settings_from


@pytest.mark.parametrize("name", ConnectionSettings.model_fields)
def test_a_setting_is_explained(name: str) -> None:
    assert (ConnectionSettings.model_fields[name].description or "").endswith(".")


def test_without_values_nothing_is_overwritten_and_nothing_flows_that_was_not_asked_for() -> None:
    settings = settings_from({})

    assert (settings.sync_contacts, settings.sync_invoices, settings.push_payments) == ("off", "to_xero", False)
    assert (settings.edited_in_xero, settings.contact_update, settings.push_test_invoices) == ("ask", "fill", False)


def test_values_are_read_as_yaml_gives_them() -> None:
    settings = settings_from(
        {
            "push_since": "2026-01-31",
            "default_tracking": [{"name": "Region", "option": "North"}],
            "item_map": {"price1": {"account_code": "200"}},
            "crm_status": {"overdue": {"add_tags": ["overdue"]}},
            "payment_account_map": {"card": "090", "cash": None},
        }
    )

    assert settings.push_since == date(2026, 1, 31)
    assert settings.default_tracking == (Tracking(name="Region", option="North"),)
    assert settings.item_map["price1"].account_code == "200"
    assert settings.crm_status["overdue"].add_tags == ("overdue",)
    assert settings.payment_account_map == {"card": "090", "cash": None}


@pytest.mark.parametrize(
    "values",
    [
        {"sync_invoice": "to_xero"},
        {"sync_invoices": "both"},
        {"payment_terms_days": -1},
        {"crm_status": {"late": {}}},
        {"item_map": {"p": {"account": "200"}}},
    ],
)
def test_an_unknown_key_or_a_value_that_does_not_fit_is_an_error(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_from(values)


def test_settings_survive_being_stored() -> None:
    settings = settings_from({"push_since": "2026-01-31", "invoice_number_prefix": "GHL-"})

    assert settings_from(settings.model_dump(mode="json")) == settings
