"""Every metric is declared once, with unit and meaning, and used."""

from pathlib import Path

import pytest

from contact_runtime import metrics
from contact_runtime.catalogue import (
    CATALOGUE,
    COMMAND_BATCH_SIZE,
    HTTP_REQUESTS,
    LEASE_HELD,
    Metric,
)
from contact_runtime.metrics import Metrics

ROOT = Path(__file__).parents[3]


def test_names_follow_prometheus_and_are_not_used_twice() -> None:
    names = [metric.name for metric in CATALOGUE]
    assert len(set(names)) == len(names)
    for metric in CATALOGUE:
        assert metric.unit and metric.meaning.endswith(".")
        assert (metric.kind == "counter") == metric.name.endswith("_total")
        assert metric.unit.endswith("seconds") == metric.name.endswith("_seconds")
        assert not {"call_id", "agent_id", "client", "id"} & set(metric.labels)


def test_every_metric_declared_is_counted_somewhere() -> None:
    sources = [
        path.read_text()
        for folder in ("libs", "services")
        for path in (ROOT / folder).rglob("src/**/*.py")
        if path != Path(metrics.__file__)
    ]
    code = "\n".join(sources)
    for name, value in vars(metrics).items():
        if isinstance(value, Metric):
            assert name in code, f"{name} is never counted"


def test_what_is_counted_is_shown() -> None:
    counts = Metrics()
    counts.add(HTTP_REQUESTS, "GET", "/v1/calls/{id}", "200")
    counts.add(HTTP_REQUESTS, "GET", "/v1/calls/{id}", "200", amount=2)
    counts.set(LEASE_HELD, "ivr", to=1)
    counts.observe(COMMAND_BATCH_SIZE, value=7)
    text = counts.text().decode()
    assert 'http_requests_total{method="GET",route="/v1/calls/{id}",status="200"} 3.0' in text
    assert 'lease_held{lease="ivr"} 1.0' in text
    assert "command_batch_size_sum 7.0" in text


def test_two_registries_share_nothing() -> None:
    first, second = Metrics(), Metrics()
    first.set(LEASE_HELD, "ivr", to=1)
    assert "lease_held{" not in second.text().decode()


def test_a_label_too_many_or_too_few_is_an_error() -> None:
    with pytest.raises(ValueError, match="label"):
        Metrics().add(HTTP_REQUESTS, "GET")
