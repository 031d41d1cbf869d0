"""The commands of docs/invoices.md do what the page says they do."""

from pathlib import Path

import pytest

from tests.support.doc_page import asked, commands
from tests.support.paying_centre import paying_centre

PAGE = Path(__file__).parents[2] / "docs" / "invoices.md"

pytestmark = pytest.mark.postgres


async def test_each_command_is_answered_as_the_page_says(postgres_url: str, tmp_path: Path) -> None:
    async with paying_centre(postgres_url, tmp_path / "keys") as centre:
        for words, status in commands(PAGE):
            answer = await asked(centre.admin, words, "$REPORTING")
            assert answer.status_code == status, (words, answer.text)
