"""A benchmark's figures are kept with all that makes them comparable."""

import json
from pathlib import Path

from bench.__main__ import main
from bench.report import Report


def test_a_report_keeps_value_baseline_and_ratio_with_machine_and_commit(tmp_path: Path) -> None:
    report = Report("chain", note="Three steps are dear.")
    report.add("offer p50 at 5/s", [0.011, 0.012, 0.013], "s", baseline=0.024)
    page = json.loads(report.write(tmp_path).read_text())
    assert page["figures"] == [
        {
            "name": "offer p50 at 5/s",
            "value": 0.012,
            "unit": "s",
            "baseline": 0.024,
            "ratio": 0.5,
            "repetitions": 3,
        }
    ]
    assert page["benchmark"] == "chain"
    assert page["commit"]
    assert page["machine"]["cores"] >= 1


def test_a_figure_without_a_baseline_has_no_ratio() -> None:
    report = Report("router")
    assert report.add("decisions", 31_000, "1/s").ratio is None
    assert report.table().splitlines()[-1].split() == ["decisions", "31,000", "1/s", "1"]


def test_the_columns_of_a_table_stand_under_each_other() -> None:
    report = Report("router")
    report.add("decisions", 31_000, "1/s", baseline=1_000)
    report.add("p99", 0.0041, "s")
    head, line, first, second = report.table().splitlines()
    assert first.index("1/s") == second.index("s", len("p99")) == head.index("unit")
    assert line.startswith("---")


def test_a_benchmark_that_is_not_there_is_refused_by_name() -> None:
    assert main(["no_such_benchmark"]) == 2
