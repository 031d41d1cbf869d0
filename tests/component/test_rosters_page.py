"""The commands of docs/rosters.md do what the page says they do."""

from pathlib import Path

from tests.support.agent_service import agent_service, agent_store
from tests.support.doc_page import asked, commands

PAGE = Path(__file__).parents[2] / "docs" / "rosters.md"


async def test_each_command_is_answered_as_the_page_says(tmp_path: Path) -> None:
    async with (
        agent_store(None) as store,
        agent_service(store, tmp_path / "keys") as service,
        service.client("administrator") as admin,
    ):
        await service.sites(minsk="Europe/Minsk", krasnoyarsk="Asia/Krasnoyarsk")
        for words, status in commands(PAGE):
            answer = await asked(admin, words, "$AGENTS")
            assert answer.status_code == status, (words, answer.text)
