import pytest

from relay.cli.reference import FOLDER, PAGES
from relay.settings import PREFIX, Settings
from relay.telemetry import metrics
from schemas.connection_settings import ConnectionSettings
from schemas.reasons import Reason
from schemas.topics import ALL


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_reference_is_not_stale(page):
    assert (FOLDER / page).read_text(encoding="utf-8") == PAGES[page](), "run: python -m relay.cli.reference"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_explained_and_stands_in_the_reference(name):
    assert f"| `{PREFIX}{name.upper()}` | {Settings.model_fields[name].description}" in PAGES["settings.md"]()


@pytest.mark.parametrize("name", ConnectionSettings.model_fields)
def test_a_setting_of_a_connection_is_explained_and_stands_in_the_reference(name):
    description = ConnectionSettings.model_fields[name].description

    assert description
    assert f"| `{name}` | {description}" in PAGES["settings.md"]()


@pytest.mark.parametrize("metric", metrics.ALL, ids=lambda metric: metric.name)
def test_a_metric_stands_in_the_reference(metric):
    assert f"| `{metric.name}` |" in PAGES["metrics.md"]()


@pytest.mark.parametrize("topic", ALL)
def test_a_topic_stands_in_the_reference(topic):
    assert f"| `{topic}` |" in PAGES["topics.md"]()


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_stands_in_the_reference(reason):
    assert f"| `{reason}` |" in PAGES["reasons.md"]()


def test_every_command_is_explained_with_an_example():
    page = PAGES["commands.md"]()

    for section in page.split("## ")[1:]:
        assert "Example: " in section, section
        assert ": \n" not in section, f"a flag without words in {section}"
