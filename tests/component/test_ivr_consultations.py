"""Consultations at the front door, over HTTP and on each store: one transaction, both calls."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contact_events.answering import (
    CallAnswered,
    CallConsultRequested,
    CallTransferRequested,
)
from contact_runtime.rows import Store
from tests.support.ivr_app import FrontDoor, ivr_store

HELP = "+74950000002"


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    url = None if request.param == "memory" else request.getfixturevalue("postgres_url")
    async with ivr_store(url) as made:
        yield made


@pytest.fixture
async def door(store: Store, tmp_path: Path) -> FrontDoor:
    return await FrontDoor(store, tmp_path).with_projects()


async def consulting(door: FrontDoor) -> str:
    """Have a1 in a talk, and a2 in a1's consultation C1; return the caller's call."""
    call_id = str((await door.call(HELP))["call_id"])
    answered: dict[str, Any] = {"call_id": call_id, "attempt": 1, "slot": 0}
    await door.hears(CallAnswered(**answered, reservation_id="R1", agent_id="a1"), 1)
    asked = {"call_id": call_id, "reservation_id": "R1", "agent_id": "a1"}
    await door.hears(CallConsultRequested(**asked, consult_call_id="C1", to_agent_id="a2"), 2)
    answered = {"call_id": "C1", "attempt": 1, "slot": 0}
    await door.hears(CallAnswered(**answered, reservation_id="R2", agent_id="a2"), 1, stream="a2")
    return call_id


async def shown(door: FrontDoor, call_id: str) -> tuple[str, str | None, str | None]:
    async with door.as_("integrator") as reader:
        view = (await reader.get(f"/v1/calls/{call_id}")).json()
    return view["state"], view["ended_as"], view["agent_id"]


async def test_the_caller_who_hangs_up_ends_the_consultation_too(door: FrontDoor) -> None:
    call_id = await consulting(door)
    assert await shown(door, "C1") == ("connected", None, "a2")
    async with door.as_("integrator") as caller:
        answer = await caller.post(f"/v1/calls/{call_id}/hangup")
    assert answer.status_code == 200, answer.text
    assert await shown(door, call_id) == ("ended", "disconnected", "a1")
    assert await shown(door, "C1") == ("ended", "disconnected", "a2")


async def test_completed_the_caller_is_joined_with_whom_was_consulted_who_alone_reads_the_number(
    door: FrontDoor,
) -> None:
    call_id = await consulting(door)
    async with door.as_("agent", agent_id="a2") as expert:
        assert (await expert.get(f"/v1/calls/{call_id}/caller")).status_code == 404
    completed = CallTransferRequested(
        call_id=call_id, reservation_id="R1", agent_id="a1", consult_call_id="C1"
    )
    await door.hears(completed, 3)
    assert await shown(door, call_id) == ("connected", None, "a2")
    assert await shown(door, "C1") == ("ended", "diverted", "a2")
    async with door.as_("agent", agent_id="a2") as expert:
        assert (await expert.get(f"/v1/calls/{call_id}/caller")).status_code == 200
    async with door.as_("agent", agent_id="a1") as asker:
        assert (await asker.get(f"/v1/calls/{call_id}/caller")).status_code == 404
