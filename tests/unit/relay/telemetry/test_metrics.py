import re
from pathlib import Path

from relay.telemetry import metrics

ROOT = Path(__file__).resolve().parents[4]


def test_every_metric_has_our_prefix_and_words():
    assert [metric.name for metric in metrics.ALL if not metric.name.startswith("relay_") or not metric.words] == []


def test_the_page_shows_a_metric_that_was_counted():
    metrics.HANDLED.labels("invoice-push", "done").inc()

    page, kind = metrics.exposition()

    assert b'relay_handled_total{consumer="invoice-push",outcome="done"}' in page
    assert kind.startswith("text/plain")


def test_no_metric_is_named_outside_the_list():
    declared = {metric.name for metric in metrics.ALL}
    used = {
        name
        for package in ("relay", "consumers", "schemas")
        for path in (ROOT / package).rglob("*.py")
        for name in re.findall(r'"(relay_[a-z_]+_(?:total|seconds|bytes|size))"', path.read_text(encoding="utf-8"))
    }

    assert used <= declared
