"""Each rule that closes a race has a history that needs it: without the rule, the checks see it."""

import pytest

from tests.support.protocol_directed import HISTORIES, PROOFS, broken
from tests.support.protocol_patching import Mutant, Patch, PatchOutdated, patched, sources
from tests.unit.protocol.mutants import MUTANTS

DIRECTED = "tests.support.protocol_directed"


@pytest.mark.parametrize("name", [*HISTORIES, *PROOFS])
def test_production_passes_the_history_of_each_rule(name: str) -> None:
    assert broken(name) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.rule}-{mutant.name}")
def test_without_the_rule_its_history_breaks(mutant: Mutant) -> None:
    with patched(mutant.patches, DIRECTED) as directed:
        found = directed.broken(mutant.name)
    assert found, "the rule was left out and nothing was seen"
    wrong_reasons = [what for what in found if what.startswith(("crash", "not possible"))]
    assert not wrong_reasons


def test_the_rules_that_these_services_need_are_all_there() -> None:
    assert {mutant.rule for mutant in MUTANTS} == {0, *range(1, 14)}
    assert {mutant.name for mutant in MUTANTS} == {*HISTORIES, *PROOFS}


def test_a_history_that_breaks_is_shortened_and_told() -> None:
    noisy = (("tick",), ("arrive", "q2"), ("not_ready", "a1"), ("ready", "a1"))
    with patched(mutant_of("outcome_drops_the_leg").patches, DIRECTED) as directed:
        case = directed.HISTORIES["outcome_drops_the_leg"]
        actions = [("ready", "a1"), *noisy, *case.actions]
        world = directed.history.play(case.setting, actions, 0)
        short = directed.history.shortened(case.setting, actions, 0, world.bad[0])
        text = directed.history.told(case.setting, short, 0)
    assert ("reject", "a1", 0) in short
    assert not set(noisy[:3]) & set(short)
    assert "-> ['a telephone rings for nothing']" in text


def mutant_of(name: str) -> Mutant:
    return next(mutant for mutant in MUTANTS if mutant.name == name)


def test_a_patch_whose_text_is_gone_says_so() -> None:
    with pytest.raises(PatchOutdated, match="has 0 times, not once"):
        sources([Patch("ivr.domain.call", "no such text", "")])


def test_after_a_mutant_everything_is_as_it_was() -> None:
    import ivr.domain.joining as before

    with patched(MUTANTS[1].patches, DIRECTED) as directed:
        assert directed.broken(MUTANTS[1].name)
    import ivr.domain.joining as after

    assert after is before
    assert broken(MUTANTS[1].name) == []
