"""Every service has the same shape: a file has the same name and role everywhere."""

from pathlib import Path

from tests.support import trees

ROOT = Path(__file__).parents[2]


def test_a_domain_imports_nothing_but_data_tools_and_events() -> None:
    assert trees.impure(ROOT) == []


def test_a_file_has_the_same_name_and_role_in_every_service() -> None:
    assert trees.misplaced(ROOT) == []


def test_a_module_is_at_most_300_lines() -> None:
    assert trees.too_long(ROOT) == []
