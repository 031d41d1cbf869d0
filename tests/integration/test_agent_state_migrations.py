"""What earlier releases of agent-state wrote is there after the migrations of this one."""

import json

import pytest
from sqlalchemy import text

from agent_state.domain.agent import Profile
from agent_state.tables import AGENT, PROFILE, TEAM
from contact_events.calls import Text
from contact_runtime.administration.documents import history_of, revision_key
from contact_runtime.database import connect
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore

ANNA = {"name": "Анна", "site_id": "minsk", "team": "t1", "skills": {"sales": 3}}
INSERT = text("INSERT INTO states (kind, key, version, state) VALUES ('agent', :key, 1, :state)")


@pytest.mark.postgres
async def test_agents_of_before_have_documents_and_teams(postgres_url: str) -> None:
    await migrate("agent_state", postgres_url, revision="0001")
    store = SqlStore(connect(postgres_url), source="/polycentre/agent-state", partitions=4)
    rows: list[dict[str, object]] = [
        {"agent_id": "a1", "profile": ANNA, "version": 7},
        {"agent_id": "unknown"},
    ]
    async with store.engine.begin() as connection:
        for row in rows:
            state = json.dumps(row, ensure_ascii=False)
            await connection.execute(INSERT, {"key": row["agent_id"], "state": state})
    await migrate("agent_state", postgres_url)
    expected = Profile(
        name=Text(ru="Анна", en="Анна"), site_id="minsk", team="t1", skills={"sales": 3}
    )
    agent = await store.peek(AGENT, "a1")
    assert (agent.profile, agent.version) == (expected, 7)
    document = await store.peek(PROFILE, "a1")
    assert document is not None and (document.revision, document.said) == (1, expected)
    assert await store.peek(history_of(PROFILE), revision_key("a1", 1)) == document
    team = await store.peek(TEAM, "t1")
    assert team is not None and team.said.name == Text(ru="t1", en="t1")
    assert await store.peek(PROFILE, "unknown") is None
    await store.close()
