"""A decision is held by something that exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "adr"
DECISIONS = sorted(FOLDER.glob("0*.md"))
PARTS = ("**Context.**", "**Decision.**", "**Consequences.**", "**Alternatives.**", "**Held by**")
LINES_OF_A_PAGE = 45


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts_on_one_page(path: Path) -> None:
    text = path.read_text()
    places = [text.find(part) for part in PARTS]
    assert -1 not in places
    assert places == sorted(places)
    assert len(text.splitlines()) <= LINES_OF_A_PAGE


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_what_holds_a_decision_exists(path: Path) -> None:
    held_by = path.read_text().split("**Held by**")[1]
    named = re.findall(r"`((?:tests|libs|services|\.importlinter)[^` ]*)`", held_by)
    assert named, "a decision that nothing holds is a wish"
    for place in named:
        assert (ROOT / place).exists(), place


def test_every_decision_is_listed_in_order() -> None:
    listed = re.findall(r"\((0\d+[^)]*\.md)\)", (FOLDER / "README.md").read_text())
    assert listed == [path.name for path in DECISIONS]
