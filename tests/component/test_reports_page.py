"""The commands of docs/reports.md do what the page says they do."""

from pathlib import Path

import pytest

from reporting.reports.kinds import KINDS
from tests.support.doc_page import asked, commands
from tests.support.reported import reported

pytestmark = pytest.mark.postgres

PAGE = Path(__file__).parents[2] / "docs" / "reports.md"


async def test_each_command_is_answered_as_the_page_says(postgres_url: str, tmp_path: Path) -> None:
    async with (
        reported(postgres_url, tmp_path / "keys", calls=10) as told,
        told.app.client("administrator") as admin,
    ):
        for words, status in commands(PAGE):
            answer = await asked(admin, words, "$REPORTS")
            assert answer.status_code == status, (words, answer.text)


def test_the_page_names_every_report_with_its_groups() -> None:
    lines = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    named = {line[1].strip(" `"): len(line[3].split(",")) for line in lines}
    assert named == {name: len(kind.by) for name, kind in KINDS.items()}
