"""ivr over HTTP, on its real database and on the double: calls, keys, hanging up, projects."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contact_events.agents import AgentChanged, Slot
from contact_events.answering import CallAnswered, CallReleaseRequested
from contact_events.calls import CallArrived
from contact_events.envelope import encode
from contact_events.people import CallerRead
from contact_events.routing import CallOverflowed
from contact_runtime.memory_store import MemoryStore
from contact_runtime.rows import Store
from tests.support.ivr_app import HELP, SHOP, FrontDoor, ivr_store
from tests.support.ivr_histories import NINE
from tests.support.wait import until


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    url = None if request.param == "memory" else request.getfixturevalue("postgres_url")
    async with ivr_store(url) as made:
        yield made


@pytest.fixture
async def door(store: Store, tmp_path: Path) -> FrontDoor:
    return await FrontDoor(store, tmp_path).with_projects()


async def _events(store: Store) -> list[Any]:
    return await store.unpublished(1000)


def _answered(call_id: str, reservation_id: str = "R1") -> CallAnswered:
    return CallAnswered(
        call_id=call_id, attempt=1, reservation_id=reservation_id, agent_id="a1", slot=0
    )


async def test_a_call_is_greeted_by_the_project_of_the_number_dialled(door: FrontDoor) -> None:
    view = await door.call()
    assert view["state"] == "in_flow"
    assert (view["client"], view["project"]) == ("acme", "acme-shop")
    assert view["hears"]["say"] == SHOP["greeting"]
    assert [option["digit"] for option in view["hears"]["menu"]] == ["1", "2"]
    assert view["arrived_at"] == NINE.isoformat().replace("+00:00", "Z")


async def test_keys_lead_through_the_menu_to_a_queue(door: FrontDoor) -> None:
    call_id = (await door.call())["call_id"]
    async with door.as_("integrator") as caller:
        again = await caller.post(f"/v1/calls/{call_id}/digits", json={"digits": "7"})
        assert (again.json()["state"], again.json()["hears"]["say"]["en"]) == (
            "in_flow",
            "Please choose again.",
        )
        queued = await caller.post(f"/v1/calls/{call_id}/digits", json={"digits": "1"})
    assert queued.json() | {"version": 0} == queued.json() | {
        "version": 0,
        "state": "waiting",
        "queue": "acme-sales",
        "attempt": 1,
        "hears": None,
    }


async def test_an_answer_that_is_enough_is_heard_and_the_call_is_contained(
    door: FrontDoor,
) -> None:
    call_id = (await door.call())["call_id"]
    async with door.as_("integrator") as caller:
        answer = await caller.post(f"/v1/calls/{call_id}/digits", json={"digits": "2"})
        assert (answer.json()["ended_as"], answer.json()["hears"]["say"]["en"]) == (
            "contained",
            "From nine",
        )
        refused = await caller.post(f"/v1/calls/{call_id}/digits", json={"digits": "1"})
    assert (refused.status_code, refused.json()["code"]) == (409, "call-over")


async def test_hanging_up_twice_ends_the_call_once(door: FrontDoor) -> None:
    call_id = (await door.call("+74950000002"))["call_id"]
    async with door.as_("integrator") as caller:
        first = await caller.post(f"/v1/calls/{call_id}/hangup")
        again = await caller.post(f"/v1/calls/{call_id}/hangup")
    assert first.json()["ended_as"] == "abandoned"
    assert again.json() == first.json()


async def test_a_caller_who_waits_hears_of_the_connection_at_once(door: FrontDoor) -> None:
    view = await door.call("+74950000002")
    path = f"/v1/calls/{view['call_id']}?wait_s=20&after_version={view['version']}"
    async with door.as_("integrator") as caller:
        waiting = asyncio.create_task(caller.get(path))
        await until("the poll waits", lambda: not waiting.done())
        await door.hears(_answered(view["call_id"]), 3)
        answer = await asyncio.wait_for(waiting, 5)
    assert (answer.json()["state"], answer.json()["agent_id"]) == ("connected", "a1")


async def test_a_poll_that_nothing_answers_shows_the_call_as_it_is(door: FrontDoor) -> None:
    view = await door.call("+74950000002")
    async with door.as_("integrator") as caller:
        answer = await caller.get(
            f"/v1/calls/{view['call_id']}?wait_s=0.05&after_version={view['version']}"
        )
    assert answer.json() == view


async def test_offline_acceptance_and_release_are_told_apart_by_sequence(door: FrontDoor) -> None:
    call_id = (await door.call("+74950000002"))["call_id"]
    await door.hears(_answered(call_id), 3)
    await door.hears(_offline(), 2)
    assert (await _view(door, call_id))["state"] == "connected"
    await door.hears(_offline(), 5)
    lost = await _view(door, call_id)
    assert (lost["state"], lost["attempt"], lost["queue"]) == ("waiting", 2, "zeta-help")
    await door.hears(CallReleaseRequested(call_id=call_id, reservation_id="R1", agent_id="a1"), 6)
    assert (await _view(door, call_id))["state"] == "waiting"


async def test_an_overflow_sends_the_waiting_call_to_the_default_queue(door: FrontDoor) -> None:
    call_id = (await door.call())["call_id"]
    async with door.as_("integrator") as caller:
        await caller.post(f"/v1/calls/{call_id}/digits", json={"digits": "1"})
    await door.hears(
        CallOverflowed(
            pool="main",
            epoch=1,
            owner="x",
            number=1,
            decided_at=NINE,
            positions={},
            call_id=call_id,
            attempt=1,
            to="sender",
            reason="agent_unavailable",
        ),
        1,
        stream="router/main/1/x",
    )
    assert (await _view(door, call_id))["queue"] == "acme-any"


async def test_the_same_request_again_is_the_same_call(door: FrontDoor) -> None:
    body = {"ani": None, "dnis": "+74950000001", "entry_site": "moscow"}
    async with door.as_("integrator", subject="telephony") as caller:
        first, again = [
            await caller.post("/v1/calls", json=body, headers={"Idempotency-Key": "once"})
            for _ in range(2)
        ]
        other = await caller.post(
            "/v1/calls", json={**body, "entry_site": "minsk"}, headers={"Idempotency-Key": "once"}
        )
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    arrivals = [e for e in await _events(door.store) if b'"call.arrived"' in e.entry.value]
    assert len(arrivals) == 1


async def test_no_number_and_no_name_stands_in_clear_in_any_event_or_row(door: FrontDoor) -> None:
    await door.call(ani="+7 916 123-45-67", name="Anna Sokolova")
    written = b"".join(event.entry.value or b"" for event in await _events(door.store))
    assert b"call.arrived" in written
    assert b"1234567" not in written
    assert b"Sokolova" not in written
    assert b"+7916123" in written
    if isinstance(door.store, MemoryStore):
        kept = "".join(row.text or "" for row in door.store.rows.values())
        assert "1234567" not in kept.replace("+7916123", "")
        assert "Sokolova" not in kept


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "Anna Sokolova", "ani": None}, "name_of_nobody"),
        ({"name": "Anna Sokolova", "attributes": {"vip": "for anna  SOKOLOVA"}}, "name_in_attr"),
        ({"name": " "}, "string_too_short"),
        ({"name": "Anna Sokolova" * 20}, "string_too_long"),
    ],
    ids=["without a number", "in the attributes", "empty", "too long"],
)
async def test_a_name_that_cannot_be_sealed_is_refused_and_not_repeated(
    door: FrontDoor, changes: dict[str, Any], code: str
) -> None:
    body = {"ani": "+79161234567", "dnis": "+74950000001", "entry_site": "moscow", **changes}
    async with door.as_("integrator") as gateway:
        answer = await gateway.post("/v1/calls", json=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 422
    assert code in answer.text
    assert "sokolova" not in answer.text.casefold()


async def test_the_same_caller_has_one_reference_with_each_client(door: FrontDoor) -> None:
    for dnis in ("+74950000001", "+74950000001", "+74950000002"):
        await door.call(dnis)
    if not isinstance(door.store, MemoryStore):
        return
    first, second, other = [
        e.data.caller for e in door.store.outbox if isinstance(e.data, CallArrived)
    ]
    assert first is not None and second is not None and other is not None
    assert first.ref == second.ref
    assert first.sealed != second.sealed
    assert first.ref != other.ref


async def test_only_the_agent_on_the_live_call_reads_the_number_and_that_is_told(
    door: FrontDoor,
) -> None:
    call_id = (await door.call("+74950000002", name=" Anna Sokolova "))["call_id"]
    path = f"/v1/calls/{call_id}/caller"
    async with door.as_("agent", agent_id="a1") as agent, door.as_("administrator") as other:
        assert (await agent.get(path)).status_code == 404
        await door.hears(_answered(call_id), 3)
        assert (await agent.get(path)).json() == {
            "number": "+79161234567",
            "name": "Anna Sokolova",
            "masked": False,
        }
        assert (await other.get(path)).status_code == 404
        async with door.as_("agent", agent_id="a2") as stranger:
            assert (await stranger.get(path)).status_code == 404
        await door.hears(
            CallReleaseRequested(call_id=call_id, reservation_id="R1", agent_id="a1"), 4
        )
        assert (await agent.get(path)).status_code == 404
    read = [e for e in await _events(door.store) if e.tp.topic == "people"]
    assert len(read) == 1
    if isinstance(door.store, MemoryStore):
        [told] = [e for e in door.store.outbox if isinstance(e.data, CallerRead)]
        assert encode(told)
        assert told.data.agent_id == "a1"  # type: ignore[attr-defined]


async def test_a_partner_s_agent_sees_a_number_that_ten_thousand_others_share(
    door: FrontDoor,
) -> None:
    call_id = (await door.call("+74950000002", name="Anna Sokolova"))["call_id"]
    await door.hears(_answered(call_id), 3)
    async with door.as_("partner", agent_id="a1") as partner:
        answer = await partner.get(f"/v1/calls/{call_id}/caller")
    assert answer.json() == {"number": "+7916123****", "name": "A. S.", "masked": True}
    if isinstance(door.store, MemoryStore):
        [told] = [e.data for e in door.store.outbox if isinstance(e.data, CallerRead)]
        assert told.masked


async def test_a_withheld_number_stays_withheld(door: FrontDoor) -> None:
    call_id = (await door.call("+74950000002", ani=None))["call_id"]
    await door.hears(_answered(call_id), 3)
    async with door.as_("agent", agent_id="a1") as agent:
        answer = await agent.get(f"/v1/calls/{call_id}/caller")
    assert answer.json() == {"number": None, "name": None, "masked": False}


async def test_a_project_is_kept_whole_and_its_numbers_move_with_it(door: FrontDoor) -> None:
    moved = {**SHOP, "dnis": ["+74950000009"]}
    async with door.as_("administrator") as administrator:
        answer = await administrator.put("/v1/projects/acme-shop", json=moved)
        assert answer.json() == (await administrator.get("/v1/projects/acme-shop")).json()
        assert answer.json()["dnis"] == ["+74950000009"]
        freed = await administrator.put(
            "/v1/projects/zeta-help", json={**HELP, "dnis": ["+74950000001"]}
        )
        taken = await administrator.put(
            "/v1/projects/zeta-help", json={**HELP, "dnis": ["+74950000009"]}
        )
        given = await administrator.put(
            "/v1/projects/zeta-help", json={**HELP, "client_id": "acme"}
        )
    assert freed.status_code == 200
    assert (taken.status_code, taken.json()["code"]) == (409, "dnis-taken")
    assert (given.status_code, given.json()["code"]) == (409, "project-fixed")


def _offline() -> AgentChanged:
    return AgentChanged(
        agent_id="a1",
        presence="Offline",
        status="Offline",
        site_id="moscow",
        slots=(Slot(slot=0, state="free"),),
        cause="socket",
    )


async def _view(door: FrontDoor, call_id: str) -> dict[str, Any]:
    async with door.as_("supervisor") as supervisor:
        view: dict[str, Any] = (await supervisor.get(f"/v1/calls/{call_id}")).json()
        return view
