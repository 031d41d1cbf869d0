"""The commands of docs/administration.md do what the page says they do."""

from pathlib import Path

from tests.support.agent_service import agent_service, agent_store
from tests.support.doc_page import asked, commands

PAGE = Path(__file__).parents[2] / "docs" / "administration.md"
KINDS = {
    "agents",
    "calls",
    "not-ready-reasons",
    "screen-pops",
    "skills-of-agents",
    "teams",
    "wrap-up-codes",
    "wrap-up-policies",
}


async def test_each_command_is_answered_as_the_page_says(tmp_path: Path) -> None:
    kinds = set()
    async with (
        agent_store(None) as store,
        agent_service(store, tmp_path / "keys") as service,
        service.client("administrator") as admin,
    ):
        for words, status in commands(PAGE):
            answer = await asked(admin, words, "$AGENTS")
            assert answer.status_code == status, (words, answer.text)
            kinds.add(str(answer.url.path).split("/")[2].partition(".")[0])
    assert kinds == KINDS
