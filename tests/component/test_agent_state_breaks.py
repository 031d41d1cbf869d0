"""Breaks over HTTP and the desktop: places, the line, grants that pass on, and stays too long."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from contact_events.agents import AgentStayOverran
from contact_events.calls import CallConnected, CallDisconnected
from contact_events.routing import RouterEpochStarted
from contact_runtime.database import connect
from contact_runtime.memory_log import MemoryLog
from contact_runtime.rows import Store
from tests.support.agent_service import AgentService, Desktop, agent_service, agent_store
from tests.support.wait import until

AGENTS = ("a1", "a2", "a3")
NUMBERS = count()


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    url = None if request.param == "memory" else request.getfixturevalue("postgres_url")
    async with agent_store(url) as made:
        yield made


async def furnished(service: AgentService, **rules: Any) -> None:
    """Have one team of three ready agents, of whom one may be on a break at once."""
    await service.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
    async with service.client("administrator") as admin:
        team = {"name": {"ru": "Команда", "en": "Team"}, "breaks_at_once": 1, **rules}
        assert (await admin.put("/v1/teams/t1", json=team)).status_code == 200
    await service.describe(*AGENTS, team="t1", wrap_up_s=60)
    for agent_id in AGENTS:
        await command(service, agent_id, "ready")


@pytest.fixture
async def service(store: Store, tmp_path: Path) -> AsyncIterator[AgentService]:
    async with agent_service(store, tmp_path / "keys") as made:
        await furnished(made)
        yield made


async def command(service: AgentService, agent_id: str, name: str, **more: Any) -> dict[str, Any]:
    body = {"command_id": f"c{next(NUMBERS)}", "command": name, **more}
    async with service.client("integrator") as client:
        answer = await client.post(f"/v1/agents/{agent_id}/commands", json=body)
    found: dict[str, Any] = answer.json()
    return found


async def ask(service: AgentService, agent_id: str, reason: str = "lunch") -> dict[str, Any]:
    async with service.client("agent", agent_id=agent_id) as agent:
        answer = await agent.post(f"/v1/agents/{agent_id}/break", json={"reason": reason})
    found: dict[str, Any] = answer.json()
    return found


async def team(service: AgentService) -> dict[str, list[str]]:
    """Return who of the team is away, granted, and waits."""
    async with service.client("supervisor") as reader:
        found = (await reader.get("/v1/teams/t1/breaks")).json()
    return {
        where: [one["agent_id"] for one in found[where]] for where in ("away", "granted", "waiting")
    }


async def is_team(service: AgentService, **wanted: list[str]) -> bool:
    found = await team(service)
    return found == {"away": [], "granted": [], "waiting": [], **wanted}


async def status(service: AgentService, agent_id: str) -> tuple[str, str | None]:
    async with service.client("supervisor") as reader:
        state = (await reader.get(f"/v1/agents/{agent_id}")).json()["state"]
    return state["status"], state["reason"]


async def talking(service: AgentService, agent_id: str) -> None:
    offer = service.floor.offer("k1", agent_id)
    await service.append(offer)

    async def rings() -> bool:
        return (await status(service, agent_id))[0] == "Reserved"

    await until("the ring", rings)
    await command(service, agent_id, "accept", reservation_id=offer.reservation_id)
    joined = CallConnected(
        call_id="k1", attempt=1, reservation_id=offer.reservation_id, agent_id=agent_id
    )
    await service.append(joined)


async def test_the_first_goes_at_once_and_the_next_when_the_first_comes_back(
    service: AgentService,
) -> None:
    granted = await ask(service, "a1")
    assert (granted["state"], await status(service, "a1")) == ("granted", ("NotReady", "lunch"))
    await until("a1 is away", lambda: is_team(service, away=["a1"]))
    assert [(await ask(service, a))["position"] for a in ("a2", "a3")] == [1, 2]
    assert await status(service, "a2") == ("Ready", None)
    await command(service, "a1", "ready")
    await until("a2 is away", lambda: is_team(service, away=["a2"], waiting=["a3"]))
    assert await status(service, "a2") == ("NotReady", "lunch")


async def test_of_two_who_ask_for_the_last_place_at_once_one_has_it(service: AgentService) -> None:
    answers = await asyncio.gather(*(ask(service, agent_id) for agent_id in AGENTS))
    assert sorted(answer["state"] for answer in answers) == ["granted", "waiting", "waiting"]
    assert sorted(answer["position"] or 0 for answer in answers) == [0, 1, 2]
    first = next(answer["agent_id"] for answer in answers if answer["state"] == "granted")
    statuses = {agent_id: await status(service, agent_id) for agent_id in AGENTS}
    assert statuses == {
        agent_id: ("NotReady", "lunch") if agent_id == first else ("Ready", None)
        for agent_id in AGENTS
    }


async def test_a_break_granted_in_a_talk_begins_after_the_wrap_up(service: AgentService) -> None:
    await talking(service, "a1")
    assert (await ask(service, "a1"))["state"] == "granted"
    assert await status(service, "a1") == ("Talking", "lunch")
    await service.append(CallDisconnected(call_id="k1", attempt=1, by="caller"))

    async def wraps_up() -> bool:
        return await status(service, "a1") == ("WrapUp", "lunch")

    await until("the wrap-up", wraps_up)
    assert (await team(service))["granted"] == ["a1"]
    service.clock.advance(60)
    await until("the break", lambda: is_team(service, away=["a1"]))
    assert await status(service, "a1") == ("NotReady", "lunch")


async def test_a_grant_not_taken_in_time_passes_to_the_next(service: AgentService) -> None:
    await talking(service, "a1")
    await ask(service, "a1")
    await ask(service, "a2")
    service.clock.advance(600)
    await until("a2 is away", lambda: is_team(service, away=["a2"], waiting=["a1"]))
    assert await status(service, "a1") == ("Talking", None)
    assert await status(service, "a2") == ("NotReady", "lunch")


async def test_a_grant_outlives_the_process_that_gave_it(tmp_path: Path) -> None:
    log = MemoryLog()
    async with agent_store(None) as store:
        async with agent_service(store, tmp_path / "keys", log=log) as first:
            await furnished(first)
            await talking(first, "a1")
            await ask(first, "a1")
            await ask(first, "a2")
            assert (await team(first))["granted"] == ["a1"]
        async with agent_service(store, tmp_path / "keys", log=log) as second:
            assert (await team(second))["waiting"] == ["a2"]
            second.clock.advance(600)
            await until("a2 is away", lambda: is_team(second, away=["a2"], waiting=["a1"]))


async def test_who_changes_their_mind_gives_the_place_back(service: AgentService) -> None:
    await talking(service, "a1")
    await ask(service, "a1")
    await ask(service, "a2")
    async with service.client("agent", agent_id="a1") as agent:
        given_back = await agent.delete("/v1/agents/a1/break")
        assert (given_back.status_code, given_back.json()["state"]) == (200, "none")
        nothing = await agent.delete("/v1/agents/a1/break")
        assert (nothing.status_code, nothing.json()["code"]) == (409, "no-break-asked")
    await until("a2 is away", lambda: is_team(service, away=["a2"]))
    assert await status(service, "a1") == ("Talking", None)


async def test_a_supervisor_grants_above_the_limit_and_is_named(service: AgentService) -> None:
    await ask(service, "a1")
    await ask(service, "a2")
    async with service.client("supervisor") as supervisor:
        given = await supervisor.post("/v1/agents/a2/break/grant")
        assert (given.status_code, given.json()["state"]) == (200, "granted")
    async with service.client("agent", agent_id="a3") as agent:
        refused = await agent.post("/v1/agents/a3/break/grant")
        assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    await until("both are away", lambda: is_team(service, away=["a1", "a2"]))
    told = await service.told("agent-state")
    assert [event.by for event in told if event.agent_id == "a2" and event.reason == "lunch"] == [
        "supervisor"
    ]


async def test_who_signs_out_leaves_the_line_and_the_place(service: AgentService) -> None:
    await ask(service, "a1")
    await ask(service, "a2")
    await ask(service, "a3")
    await command(service, "a2", "sign_out")
    await until("a2 waits no more", lambda: is_team(service, away=["a1"], waiting=["a3"]))
    await command(service, "a1", "sign_out")
    await until("a3 is away", lambda: is_team(service, away=["a3"]))


async def test_nobody_goes_on_a_limited_break_without_a_place(service: AgentService) -> None:
    refused = await command(service, "a1", "not_ready", reason="lunch")
    assert refused["code"] == "break-not-granted"
    assert (await ask(service, "a1", "meeting"))["code"] == "not-a-break"
    assert (await ask(service, "a1"))["state"] == "granted"
    assert (await ask(service, "a1"))["code"] == "on-break-already"
    await command(service, "a2", "sign_out")
    assert (await ask(service, "a2"))["code"] == "not-signed-in"
    async with service.client("agent", agent_id="a3") as agent:
        other = await agent.post("/v1/agents/a1/break", json={"reason": "lunch"})
        assert other.status_code == 404


async def test_a_stay_that_is_too_long_is_told_to_supervisors(service: AgentService) -> None:
    async with service.client("administrator") as admin:
        name = {"ru": "Обед", "en": "Lunch"}
        lunch = {"name": name, "paid": False, "is_break": True, "longest_stay_s": 1800}
        changed = await admin.put(
            "/v1/not-ready-reasons/lunch", json=lunch, headers={"If-Match": "*"}
        )
        assert changed.status_code == 200
    await ask(service, "a1")
    await until("a1 is away", lambda: is_team(service, away=["a1"]))
    service.clock.advance(1800)

    async def overdue() -> Any:
        async with service.client("supervisor") as reader:
            [away] = (await reader.get("/v1/teams/t1/breaks")).json()["away"]
        return away if away["overdue"] else None

    away = await until("the break is overdue", overdue)
    assert (away["agent_id"], away["limit"]) == ("a1", "longest_stay")
    assert service.counted("agent_stays_overdue_total", limit="longest_stay") == 1

    async def told() -> list[Any]:
        return [e for e in await service.told("agent-state") if isinstance(e, AgentStayOverran)]

    [event] = await until("the log tells of it", told)
    assert (event.agent_id, event.reason, event.team_id) == ("a1", "lunch", "t1")
    assert (event.limit, event.overdue_at) == ("longest_stay", service.clock.now())


async def test_the_desktop_shows_the_place_in_the_line(service: AgentService) -> None:
    await ask(service, "a1")
    async with service.desktop("a3") as desktop:
        await desktop.heard("snapshot")
        await ask(service, "a2")
        await ask(service, "a3")
        place = (await shown(desktop, 2))["break_place"]
        assert (place["state"], place["reason"]) == ("waiting", "lunch")
        await command(service, "a1", "ready")
        await shown(desktop, 1)


async def test_a_break_is_asked_for_waited_for_and_granted_over_the_socket(
    service: AgentService,
) -> None:
    async with service.desktop("a1") as first, service.desktop("a2") as desk:
        assert (await first.ask("ask_for_break", reason="lunch"))["ok"]
        for _ in range(2):  # said again, it is one wish with one answer
            assert (await desk.ask("ask_for_break", reason="lunch", command_id="b1"))["ok"]
        assert (await place(desk, "waiting"))["position"] == 1
        assert await status(service, "a2") == ("Ready", None)
        await until("a1 is away", lambda: is_team(service, away=["a1"], waiting=["a2"]))
        assert (await first.ask("ready"))["ok"]
        assert (await place(desk, "granted"))["take_by"]
        await place(desk, "away")
        assert await status(service, "a2") == ("NotReady", "lunch")
        async with service.desktop("a2") as again:
            assert (await again.heard("snapshot"))["agent"]["break_place"]["state"] == "away"


async def test_who_leaves_the_line_over_the_socket_is_shown_no_place(service: AgentService) -> None:
    await ask(service, "a1")
    async with service.desktop("a2") as desk:
        assert (await desk.ask("ask_for_break", reason="lunch"))["ok"]
        await place(desk, "waiting")
        assert (await desk.ask("withdraw_break"))["ok"]
        await place(desk, None)
        nothing = await desk.ask("withdraw_break", command_id="w2")
        assert (nothing["ok"], nothing["error"]["code"]) == (False, "no-break-asked")
        another = await desk.ask("ask_for_break", reason="lunch", command_id="w2")
        assert another["error"]["code"] == "command-id-reused"
        meeting = await desk.ask("ask_for_break", reason="meeting")
        assert meeting["error"]["code"] == "not-a-break"
        of_none = await desk.ask("ask_for_break")
        assert of_none["error"]["code"] == "invalid-request"
    assert await is_team(service, away=["a1"])


async def place(desktop: Desktop, state: str | None) -> dict[str, Any]:
    """Return the agent's place in the team's breaks once the desktop shows it in this state."""
    while True:
        places = [told["agent"]["break_place"] for told in desktop.told if "agent" in told]
        found: dict[str, Any] = (places[-1] if places else None) or {}
        if found.get("state") == state:
            return found
        await desktop.heard("agent")


async def shown(desktop: Any, position: int) -> dict[str, Any]:
    while True:
        agent: dict[str, Any] = (await desktop.heard("agent"))["agent"]
        place = agent["break_place"]
        if place is not None and place.get("position") == position:
            return agent


@pytest.mark.postgres
async def test_who_leaves_the_line_is_not_locked_before_a_lower_id_whose_turn_changes(
    postgres_url: str, tmp_path: Path
) -> None:
    """Timers lock agents in the order of their ids; against that order each would wait for both."""
    engine = connect(postgres_url)
    async with agent_store(postgres_url) as store, agent_service(store, tmp_path / "k") as service:
        await furnished(service)
        for agent_id in ("a1", "a3", "a2"):
            await ask(service, agent_id)
        async with engine.connect() as others, engine.connect() as looks:
            await looks.execution_options(isolation_level="AUTOCOMMIT")  # each look is a new one
            await others.execute(_LOCKS, {"key": "a2"})
            wanted = asyncio.create_task(command(service, "a3", "withdraw_break"))

            async def waits() -> bool:
                return bool(await looks.scalar(_WAITING))

            await until("somebody to wait for a2", waits)
            await others.execute(_LOCKS, {"key": "a3"})
            await others.rollback()
        assert (await wanted)["agent"]["agent_id"] == "a3"
    await engine.dispose()


_LOCKS = text("SELECT 1 FROM states WHERE kind = 'agent' AND key = :key FOR UPDATE NOWAIT")
_WAITING = text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE NOT granted AND datname = current_database()"
)
