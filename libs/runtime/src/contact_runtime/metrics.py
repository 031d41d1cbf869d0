"""The registry that counts the metrics of the catalogue, and the page that lists them."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.process_collector import ProcessCollector

from contact_runtime.catalogue import CATALOGUE, Metric


class Metrics:
    """The counts of one process, or of one test: nothing is global."""

    def __init__(self, catalogue: Sequence[Metric] = CATALOGUE) -> None:
        """Start every metric at nothing."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, of no use here
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._made = {metric.name: self._make(metric) for metric in catalogue}
        self._children: dict[tuple[str, ...], Counter | Gauge | Histogram] = {}

    def _make(self, metric: Metric) -> Counter | Gauge | Histogram:
        about = (metric.name, metric.meaning, metric.labels)
        if metric.kind == "counter":
            return Counter(*about, registry=self.registry)
        if metric.kind == "gauge":
            return Gauge(*about, registry=self.registry)
        return Histogram(*about, registry=self.registry, buckets=metric.buckets)

    def _child(self, metric: Metric, labels: tuple[str, ...]) -> Counter | Gauge | Histogram:
        key = (metric.name, *labels)
        found = self._children.get(key)
        if found is None:
            made = self._made[metric.name]
            found = self._children[key] = made.labels(*labels) if labels else made
        return found

    def add(self, metric: Metric, *labels: str, amount: float = 1.0) -> None:
        """Add to a counter or a gauge; the labels in the order of its declaration."""
        child = self._child(metric, labels)
        assert not isinstance(child, Histogram), metric.name
        child.inc(amount)

    def set(self, metric: Metric, *labels: str, to: float) -> None:
        """Set a gauge."""
        child = self._child(metric, labels)
        assert isinstance(child, Gauge), metric.name
        child.set(to)

    def observe(self, metric: Metric, *labels: str, value: float) -> None:
        """Add one observation to a histogram."""
        child = self._child(metric, labels)
        assert isinstance(child, Histogram), metric.name
        child.observe(value)

    def text(self) -> bytes:
        """Return all metrics as Prometheus reads them."""
        return generate_latest(self.registry)


def metrics_page(catalogue: Sequence[Metric] = CATALOGUE) -> str:
    """Return docs/metrics.md: every metric with kind, unit, labels and meaning."""
    lines = [
        "# Metrics",
        "",
        "Served by every process at `/metrics` of its ops port. Labels are closed sets, never an",
        "id. This page is generated (`make docs`).",
        "",
        "| metric | kind | unit | labels | meaning |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{m.name}` | {m.kind} | {m.unit} | {', '.join(m.labels)} | {m.meaning} |"
        for m in sorted(catalogue, key=lambda m: m.name)
    ]
    return "\n".join(lines) + "\n"
