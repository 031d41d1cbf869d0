"""A person is erased over HTTP: what is sealed of them opens no more, and others are told."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contact_events.answering import CallAnswered
from contact_events.calls import CallArrived
from contact_events.envelope import Decoded, decode
from contact_events.people import PersonErased
from contact_events.registry import Event
from tests.support.ivr_app import FrontDoor, ivr_store

NUMBER, NAME = "+79161234567", "Anna Sokolova"
OF_ACME = {"client_id": "acme", "number": NUMBER}
KNOWN = {"number": NUMBER, "name": NAME, "masked": False}
NOBODY = {"number": None, "name": None, "masked": False}


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FrontDoor]:
    url = None if request.param == "memory" else request.getfixturevalue("postgres_url")
    async with ivr_store(url) as store:
        yield await FrontDoor(store, tmp_path).with_projects()


async def erase(door: FrontDoor, key: str, role: str = "administrator", **said: Any) -> Any:
    client = said.pop("client", None)
    async with door.as_(role, client=client) as asks:
        headers = {"Idempotency-Key": key}
        return await asks.post("/v1/people/erasures", json=OF_ACME | said, headers=headers)


async def talk(door: FrontDoor, agent_id: str, number: int, dnis: str = "+74950000001") -> str:
    """Have the caller talk with the agent; `number` is that of the agent's word on the log."""
    call_id = str((await door.call(dnis, name=NAME))["call_id"])
    async with door.as_("integrator") as caller:
        await caller.post(f"/v1/calls/{call_id}/digits", json={"digits": "1"})
    accepted = CallAnswered(
        call_id=call_id, attempt=1, reservation_id=f"R-{agent_id}", agent_id=agent_id, slot=0
    )
    await door.hears(accepted, number)
    return call_id


async def caller_of(door: FrontDoor, call_id: str, agent_id: str) -> Any:
    async with door.as_("agent", agent_id=agent_id) as agent:
        answer = await agent.get(f"/v1/calls/{call_id}/caller")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def told(door: FrontDoor, kind: type[Event]) -> list[Any]:
    found = [decode(event.entry.value) for event in await door.store.unpublished(1_000)]
    events = [each.envelope.data for each in found if isinstance(each, Decoded)]
    return [event for event in events if isinstance(event, kind)]


async def test_who_is_erased_is_nobody_also_for_who_talks_with_them_and_somebody_new_next_time(
    door: FrontDoor,
) -> None:
    first = await talk(door, "a1", 3)
    assert await caller_of(door, first, "a1") == KNOWN
    answer = await erase(door, "e1")
    assert answer.status_code == 200, answer.text
    [arrived] = await told(door, CallArrived)
    assert answer.json()["caller_refs"] == [arrived.caller.ref]
    assert await told(door, PersonErased) == [PersonErased(caller_ref=arrived.caller.ref)]
    assert await caller_of(door, first, "a1") == NOBODY
    again = await talk(door, "a2", 4)
    assert await caller_of(door, again, "a2") == KNOWN
    assert await caller_of(door, first, "a1") == NOBODY


async def test_an_erasure_that_is_asked_for_again_is_done_once(door: FrontDoor) -> None:
    await door.call(name=NAME)
    done, repeated = await erase(door, "e1"), await erase(door, "e1")
    assert (repeated.status_code, repeated.json()) == (200, done.json())
    assert repeated.headers["Idempotency-Replayed"] == "true"
    gone = await erase(door, "e2")
    assert (gone.status_code, gone.json()["code"]) == (404, "not-found")
    other = await erase(door, "e1", number="+79160000000")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len(await told(door, PersonErased)) == 1


async def test_a_client_s_caller_is_erased_for_this_client_only(door: FrontDoor) -> None:
    of_zeta = await talk(door, "a1", 3, dnis="+74950000002")
    nobody = await erase(door, "e1")
    assert nobody.status_code == 404
    await door.call(name=NAME)
    assert (await erase(door, "e1")).status_code == 200, "a refusal is not remembered"
    assert await caller_of(door, of_zeta, "a1") == KNOWN


async def test_only_administrators_erase_and_only_for_their_client(door: FrontDoor) -> None:
    await door.call(name=NAME)
    for role in ("supervisor", "integrator"):
        refused = await erase(door, "e1", role)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    assert (await erase(door, "e1", client="zeta")).status_code == 404
    unknown = await erase(door, "e1", client_id="nobody")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "no-client-key")
    nowhere = await erase(door, "e1", number="+0")
    assert nowhere.status_code == 422
    assert await told(door, PersonErased) == []
    assert (await erase(door, "e1", client="acme")).status_code == 200
