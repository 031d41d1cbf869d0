"""What a page points to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BROUGHT = {".venv", "node_modules", ".polycentre", ".pytest_cache", "dist"}
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def pages() -> list[str]:
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    ours = (path for path in found if not BROUGHT & set(path.parts))
    return sorted(str(path) for path in ours)


@pytest.mark.parametrize("page", pages())
def test_every_link_to_a_file_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    links = [link for link in LINK.findall(text) if "://" not in link]
    dead = [link for link in links if not ((ROOT / page).parent / link).exists()]
    assert not dead


def test_every_habit_that_a_page_names_is_one_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in pages():
        named = set(re.findall(r"`make ([a-z]+)[ `]", (ROOT / page).read_text()))
        assert named <= targets, page
