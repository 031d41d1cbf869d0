"""All measures, by name, and the page that shows them."""

from typing import Final

from contact_events.calls import Text
from reporting.domain.measures.agents import AGENTS
from reporting.domain.measures.contacts import CONTACTS
from reporting.domain.measures.definition import BUILT_IN, Definition
from reporting.domain.measures.expected import EXPECTED
from reporting.domain.measures.formula import Sums
from reporting.domain.measures.handling import HANDLING
from reporting.domain.measures.measure import Measure, Moment
from reporting.domain.measures.service_levels import SERVICE_LEVELS
from reporting.domain.measures.waits import WAITS

MEASURES: Final[dict[str, Measure]] = {
    each.name: each for each in (*SERVICE_LEVELS, *WAITS, *EXPECTED, *HANDLING, *CONTACTS, *AGENTS)
}

ATTRIBUTION: Final[dict[Moment, Text]] = {
    "arrived": Text(
        ru="в интервале, когда контакт пришёл", en="in the interval in which the contact came"
    ),
    "happened": Text(ru="в интервале, когда это случилось", en="in the interval where it happened"),
    "passed": Text(ru="в интервалах, в которых прошло время", en="in the intervals it lasted in"),
}


def measured(name: str, sums: Sums, definition: Definition) -> float | None:
    """Return the measure of this name of these sums: the one way to compute any of them."""
    return MEASURES[name].value([(sums, definition)])


def measures_page() -> str:
    """Return docs/measures.md."""
    lines = [
        "# Measures",
        "",
        "What each figure is made of. T is the threshold of the report's definition, S what counts",
        "as a short abandonment, both in seconds. Shares are from 0 to 1. Lengths ending in `_ms`",
        "are whole milliseconds, cut at both ends, so that lengths which adjoin add up exactly.",
        "This page is generated (`make docs`) from `reporting.domain.measures`, which the board,",
        "the reports and `GET /v1/metrics` compute with.",
        "",
        "**Which interval.** What is counted on arrival counts where the contact came into the",
        "queue, what is counted where it happened may be in a later interval. Over any span",
        "`offered = answered + abandoned + overflowed + failed + carried_over`.",
        "",
        "## Definitions that are always there",
        "",
        "| name | version | service level | T | S | target | repeat within |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *map(_definition_row, BUILT_IN.values()),
    ]
    for measure in MEASURES.values():
        lines += _section(measure)
    return "\n".join(lines) + "\n"


def _definition_row(each: Definition) -> str:
    return (
        f"| `{each.name}` | {each.version} | {each.service_level} | {each.threshold_s} s | "
        f"{each.short_abandon_s} s | {each.target:.0%} | {each.repeat_within_days} days |"
    )


def _section(measure: Measure) -> list[str]:
    formula = f"`{measure.formula.text()}`"
    if measure.chosen:
        formula = "; ".join(f"{name}: `{each.text()}`" for name, each in measure.chosen.items())
    return [
        "",
        f"## `{measure.name}`",
        "",
        f"**{measure.title.en}** / **{measure.title.ru}**, version {measure.version}, in "
        f"{measure.unit}.",
        "",
        f"{measure.meaning.en} {measure.meaning.ru}",
        "",
        f"- Formula: {formula}",
        f"- Counted: {ATTRIBUTION[measure.counted].en}",
        f"- Made of: {', '.join(f'`{name}`' for name in measure.event_names)}",
        f"- Source: {measure.source}",
        *(f"- {edge.en} {edge.ru}" for edge in measure.edges),
    ]
