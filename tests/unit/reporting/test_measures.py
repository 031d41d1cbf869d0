"""The catalogue of measures: each is whole, and gives what its source says it gives."""

import re

import msgspec
import pytest

from reporting.domain.measures.catalogue import MEASURES, measured
from reporting.domain.measures.definition import BUILT_IN, STANDARD, Definition

ICMI_EXAMPLE = {
    "offered": 1060,
    "answered": 1000,
    "abandoned": 60,
    "answered_in_20": 860,
    "abandoned_in_20": 20,
    "abandoned_in_5": 10,
}
"""The worked example of the source: ICMI, Service Level Calculations."""


@pytest.mark.parametrize(
    ("variant", "level"),
    [
        ("positive", (860 + 20) / (1000 + 60)),
        ("answered_only", 860 / 1000),
        ("negative", 860 / (1000 + 60)),
        ("ignore", 860 / (1000 + 40)),
        ("short_abandons_excluded", 860 / (1000 + 60 - 10)),
    ],
)
def test_each_service_level_gives_what_its_source_computes(variant: str, level: float) -> None:
    assert measured(f"service_level_{variant}", ICMI_EXAMPLE, STANDARD) == pytest.approx(level)
    chosen = measured("service_level", ICMI_EXAMPLE, BUILT_IN[variant])
    assert chosen == pytest.approx(level)


def test_the_standard_definition_counts_abandoned_calls_against_the_centre() -> None:
    assert measured("service_level", ICMI_EXAMPLE, STANDARD) == 860 / 1060
    assert measured("short_abandonment", ICMI_EXAMPLE, STANDARD) == 10 / 1060


def test_another_threshold_is_another_sum_of_the_same_intervals() -> None:
    patient = msgspec.structs.replace(STANDARD, threshold_s=60)
    sums = {**ICMI_EXAMPLE, "answered_in_60": 954}
    assert measured("service_level", sums, patient) == pytest.approx(0.9)
    assert MEASURES["service_level"].inputs(patient) == {"answered_in_60", "offered"}


@pytest.mark.parametrize("name", [name for name, each in MEASURES.items() if each.formula.under])
def test_a_share_or_mean_of_nothing_has_no_value(name: str) -> None:
    costly = msgspec.structs.replace(STANDARD, agent_hour_cost=600.0)
    assert measured(name, dict.fromkeys(MEASURES[name].inputs(costly), 0), costly) is None


def test_lengths_are_told_in_seconds_and_costs_by_the_hour() -> None:
    sums = {"talk_ms": 3_000_000, "hold_ms": 200_000, "wrap_up_ms": 600_000, "answered": 10}
    costly = Definition(name="costly", version=1, agent_hour_cost=600.0)
    assert measured("aht", sums, costly) == 360.0
    parts = ("average_talk", "average_hold", "average_wrap_up")
    assert sum(measured(each, sums, costly) or 0 for each in parts) == 360.0
    assert measured("handling_cost", sums, costly) == 600.0
    assert measured("cost_per_answered", sums, costly) == 60.0
    assert measured("handling_cost", sums, STANDARD) is None


def test_every_measure_says_in_both_languages_what_it_is_and_of_which_events() -> None:
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert measure.source
        assert measure.event_names
        for text in (measure.title, measure.meaning, *measure.edges):
            assert re.search("[а-яё]", text.ru), (name, text)
            assert re.search("[a-z]", text.en) and not re.search("[а-яё]", text.en), (name, text)


def test_a_formula_is_printed_from_what_is_computed() -> None:
    assert MEASURES["asa"].formula.text() == "wait_to_answer_ms / 1000 / answered"
    assert MEASURES["service_level_ignore"].formula.text() == (
        "answered_in_T / (offered - abandoned_in_T)"
    )
    assert MEASURES["carried_over"].formula.text() == (
        "(offered - answered - abandoned - overflowed - failed)"
    )
