"""Each of the six rules of leading has a history that needs it: without the rule, it breaks."""

import pytest

from tests.support.protocol_leading import LEADING as HISTORIES
from tests.support.protocol_leading import broken
from tests.support.protocol_patching import Mutant, patched
from tests.unit.protocol.mutants_of_leading import LEADING as MUTANTS

DIRECTED = "tests.support.protocol_leading"


@pytest.mark.parametrize("name", HISTORIES)
def test_production_passes_the_history_of_each_rule_of_leading(name: str) -> None:
    assert broken(name) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.rule}-{mutant.name}")
def test_without_the_rule_of_leading_its_history_breaks(mutant: Mutant) -> None:
    with patched(mutant.patches, DIRECTED) as directed:
        found = directed.broken(mutant.name)
    assert found, "the rule was left out and nothing was seen"


def test_each_of_the_six_rules_is_left_out_once_at_least() -> None:
    assert {mutant.rule for mutant in MUTANTS} == set(range(1, 7))
    assert {mutant.name for mutant in MUTANTS} == HISTORIES.keys()
