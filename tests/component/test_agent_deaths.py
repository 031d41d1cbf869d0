"""agent-state is killed between any two lines, and nobody can tell afterwards."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.agent_lives import Centre
from tests.support.agent_scenes import SCENES, Scene
from tests.support.agent_truths import check, truth_of, truths
from tests.support.hurried import hurried

MOST_STEPS = 1_000


async def killed(scene: Scene, *deaths: int, torn: str | None = None) -> Centre:
    """Return the centre after the scene, in which processes died at these steps."""
    centre = await scene.prepared(Centre(torn=torn))
    centre.doom(*deaths)
    await scene.play(centre)
    await check(centre)
    return centre


@pytest.mark.parametrize("name", SCENES)
def test_a_process_killed_at_any_step_leaves_what_one_that_lives_would(name: str) -> None:
    scene = SCENES[name]
    possible = truths(scene)
    for step in range(1, MOST_STEPS):
        centre = hurried(killed(scene, step))
        assert truth_of(centre) in possible, f"killed at step {step}"
        if not centre.died:
            return
    raise AssertionError(f"it takes more than {MOST_STEPS} steps")


@pytest.mark.parametrize("name", SCENES)
@given(deaths=st.lists(st.integers(1, 40), min_size=2, max_size=6))
@settings(max_examples=4, deadline=None)
def test_nor_do_several_deaths_one_after_the_other(name: str, deaths: list[int]) -> None:
    scene = SCENES[name]
    centre = hurried(killed(scene, *deaths))
    assert truth_of(centre) in truths(scene)


@pytest.mark.parametrize("torn", ["early", "late"])
def test_positions_apart_from_their_effects_would_be_found(torn: str) -> None:
    scene = SCENES["accepted"]
    possible = truths(scene)

    def found(step: int) -> bool:
        try:
            return truth_of(hurried(killed(scene, step, torn=torn))) not in possible
        except (AssertionError, TimeoutError):
            return True

    assert any(found(step) for step in range(1, MOST_STEPS))
