"""What can be read of a caller, by whom and when: every route and message, through a whole call.

Number, name, reference, prefix and seal are for the agent in the talk alone, by one route of ivr.
What the card shows besides is for the agent who is offered the call, and gone with it.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from agent_state.tables import CALLER
from contact_events.answering import CallAnswered
from contact_events.calls import CallArrived
from contact_events.locations import CallerLocated
from contact_events.people import CallerRead
from contact_events.registry import event_type_of
from contact_events.routing import RouterEpochStarted
from contact_events.topics import CALL_ARRIVED, PEOPLE
from contact_runtime.http.roles import ROLES
from contact_runtime.logs import Line
from contact_runtime.memory_store import MemoryStore
from tests.support.agent_service import AgentService, Desktop, agent_service, agent_store
from tests.support.ivr_app import FrontDoor
from tests.support.wait import until

NUMBER = "+79161234567"
NAME = "Xenia Plankina"
IN_CLEAR = (NUMBER, NUMBER[1:], NUMBER[2:], NAME, *NAME.split())
CASE, ATTRIBUTE, REGION, NOTE = "CASE-7781", "attribute-7782", "RU-KDA", "note-7783"
ON_THE_CARD = (CASE, ATTRIBUTE, REGION, NOTE)
STRANGERS: list[tuple[str, dict[str, Any]]] = [
    ("agent", {"agent_id": "a2"}),
    ("partner", {"agent_id": "a2"}),
    ("client", {"client": "acme"}),
    ("client", {"client": "zeta"}),
]
"""Who is not on the call, and may read nothing at all of the caller."""

OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("supervisor", {}),
    ("integrator", {}),
    ("administrator", {}),
]
"""Who runs the centre: they may read what agents wrote, and never who called."""


@dataclass
class Centre:
    """ivr and agent-state with one log between them, and one caller of acme."""

    door: FrontDoor
    service: AgentService
    call_id: str = ""
    passed_on: int = 0

    async def relay(self) -> None:
        """Let agent-state read what ivr has told of calls since this was last asked."""
        assert isinstance(self.door.store, MemoryStore)
        told = [envelope.data for envelope in self.door.store.outbox]
        new = told[self.passed_on :]
        self.passed_on = len(told)
        heard = (CALL_ARRIVED, PEOPLE)
        on_topic = [fact for fact in new if event_type_of(type(fact)).topic in heard]
        await self.service.append(*on_topic)

    def secrets(self) -> list[str]:
        """Return what tells who calls, in all the ways it may be written."""
        assert isinstance(self.door.store, MemoryStore)
        [caller] = [
            envelope.data.caller
            for envelope in self.door.store.outbox
            if isinstance(envelope.data, CallArrived) and envelope.data.caller
        ]
        return [*IN_CLEAR, caller.ref, caller.prefix, caller.sealed]

    def kept(self) -> Iterable[tuple[str, str]]:
        """Return all that both services keep and have told, and where it stands."""
        for store in (self.door.store, self.service.store):
            assert isinstance(store, MemoryStore)
            for (kind, key), row in store.rows.items():
                yield f"row {kind} {key}", f"{key} {row.text}"
            for _, event in store.events:
                yield f"topic {event.tp.topic}", str(event)

    def clients(self, role: str, claims: dict[str, Any]) -> Iterable[httpx.AsyncClient]:
        """Return this one's ways to both services."""
        yield self.door.as_(role, **claims)
        yield self.service.client(role, **claims)


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Centre]:
    door = await FrontDoor(MemoryStore(source="/polycentre/ivr"), tmp_path / "ivr").with_projects()
    async with agent_store(None) as store, agent_service(store, tmp_path / "keys") as service:
        await service.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        await service.describe("a1", "a2")
        yield Centre(door, service)


async def everything_said(
    centre: Centre, role: str, claims: dict[str, Any], *, only_reading: bool
) -> list[tuple[str, int, str]]:
    """Return what each route of both services answers this one: where, the status, the text."""
    values = {"call_id": centre.call_id, "agent_id": "a1", "project_id": "acme-shop"}
    said: list[tuple[str, int, str]] = []
    for client in centre.clients(role, claims):

        async def ask(method: str, path: str, client: httpx.AsyncClient = client) -> None:
            url = re.sub(r"{(\w+)}", lambda found: values.get(found[1], "x"), path)
            answer = await client.request(method, url, json=None if method == "get" else {})
            text = answer.text + str(sorted(answer.headers.items()))
            said.append((f"{role} {method} {url}", answer.status_code, text))

        async with client:
            described = (await client.get("/openapi.json")).json()["paths"]
            asked = [(method, path) for path, each in described.items() for method in each]
            wanted = [each for each in asked if each[0] == "get" or not only_reading]
            await asyncio.gather(*(ask(method, path) for method, path in wanted))
    return said


async def nobody_reads(centre: Centre, *, orders: bool = False) -> set[str]:
    """Check that no role reads who calls, and no stranger anything; return what answered.

    With `orders` strangers also try each route that changes something.
    """
    answered = set()
    for role, claims in STRANGERS + OTHERS:
        stranger = (role, claims) in STRANGERS
        told = centre.secrets() + (list(ON_THE_CARD) if stranger else [])
        said = await everything_said(centre, role, claims, only_reading=not (orders and stranger))
        for where, status, text in said:
            assert not [secret for secret in told if secret in text], where
            assert status < 500, (where, text)
            if status == 200:
                answered.add(where.replace(centre.call_id, "K"))
    return answered


def tells(desk: Desktop, words: Iterable[str]) -> list[str]:
    """Return which of the words the desktop was ever told."""
    return [word for word in words if word in str(desk.told)]


def nothing_stands_in_clear(centre: Centre, caplog: pytest.LogCaptureFixture) -> None:
    """Check that number and name are in no event, row or line of the logs of either service."""
    line = Line("any")
    kept = [
        *centre.kept(),
        *((f"log of {each.name}", line.format(each)) for each in caplog.records),
    ]
    for where in ("row call", "row person", "topic call-arrived", "topic people", "log of "):
        assert [each for each, _ in kept if each.startswith(where)], where
    for where, text in kept:
        assert not [word for word in IN_CLEAR if word in text], where


async def caller_as_read(
    centre: Centre, role: str, agent_id: str | None
) -> tuple[int, dict[str, Any]]:
    async with centre.door.as_(role, agent_id=agent_id) as asks:
        answer = await asks.get(f"/v1/calls/{centre.call_id}/caller")
        return answer.status_code, answer.json()


async def arrive(centre: Centre) -> None:
    """Let the caller in, until they wait in a queue and geo has said where they are."""
    attributes = {"customer_ref": CASE, "kept": ATTRIBUTE}
    centre.call_id = (await centre.door.call(ani=NUMBER, name=NAME, attributes=attributes))[
        "call_id"
    ]
    async with centre.door.as_("integrator") as caller:
        await caller.post(f"/v1/calls/{centre.call_id}/digits", json={"digits": "1"})
    await centre.relay()
    place = CallerLocated(
        call_id=centre.call_id, precision="region", source="p", country="RU", region=REGION
    )
    await centre.service.append(place)


async def test_of_a_caller_only_the_agent_in_the_talk_reads_who_it_is(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service = centre.service
    async with service.desktop("a1") as desk, service.desktop("a2") as other:
        await desk.ask("ready")
        await arrive(centre)
        offer = service.floor.offer(centre.call_id, "a1")
        await service.append(offer)
        await desk.heard("offer", customer_ref=CASE)
        while not tells(desk, [REGION]):
            await desk.heard("offer")
        answered = await nobody_reads(centre)  # it rings at a1
        assert "supervisor get /v1/calls/K" in answered
        assert "supervisor get /v1/agents/a1" in answered
        assert (await caller_as_read(centre, "agent", "a1"))[0] == 404

        assert (await desk.ask("accept", reservation_id=offer.reservation_id))["ok"]
        [accepted] = await until("the acceptance", lambda: service.told("answered"))
        assert isinstance(accepted, CallAnswered)
        await centre.door.hears(accepted, 3)
        await centre.relay()
        await desk.heard("call", state="connected", customer_ref=CASE)
        await nobody_reads(centre, orders=True)  # a1 talks with the caller
        for role in set(ROLES) - {"client"}:
            status, _ = await caller_as_read(centre, role, "a2")
            assert status == (404 if "callers:read" in ROLES[role] else 403), role
        whole = await caller_as_read(centre, "agent", "a1")
        assert whole == (200, {"number": NUMBER, "name": NAME, "masked": False})
        masked = await caller_as_read(centre, "partner", "a1")
        assert masked == (200, {"number": "+7916123****", "name": "X. P.", "masked": True})

        async with centre.door.as_("integrator") as caller:
            await caller.post(f"/v1/calls/{centre.call_id}/hangup")
        await centre.relay()
        await desk.heard("call", state="ended")
        assert (await caller_as_read(centre, "agent", "a1"))[0] == 404
        wrapped = await desk.ask("wrap_up", reservation_id=offer.reservation_id, notes=NOTE)
        assert wrapped["ok"], wrapped
        await nobody_reads(centre)  # it is over
        async with service.desktop("a1") as again:
            await again.ask("ready")
            assert tells(again, [*ON_THE_CARD, *centre.secrets()]) == []
        assert tells(desk, centre.secrets()) == []
        await other.ask("ready")
        assert tells(other, [*ON_THE_CARD, *centre.secrets()]) == []
    nothing_stands_in_clear(centre, caplog)
    read = [e.data for e in centre.door.store.outbox if isinstance(e.data, CallerRead)]  # type: ignore[attr-defined]
    assert [fact.masked for fact in read] == [False, True]


async def test_of_who_was_erased_nobody_reads_number_name_notes_or_former_calls(
    centre: Centre,
) -> None:
    service = centre.service
    async with service.desktop("a1") as desk, service.client("supervisor") as reader:
        await desk.ask("ready")
        path = await talked_and_written(centre, desk)
        [note] = (await reader.get(path)).json()["items"]
        assert note["text"] == NOTE
        await until("the call to be remembered", lambda: remembered(centre))
        async with centre.door.as_("administrator") as administrator:
            answer = await administrator.post(
                "/v1/people/erasures",
                json={"client_id": "acme", "number": NUMBER},
                headers={"Idempotency-Key": "e1"},
            )
        assert answer.status_code == 200, answer.text
        assert not [word for word in IN_CLEAR if word in answer.text]
        await centre.relay()

        async def unread() -> bool:
            [note] = (await reader.get(path)).json()["items"]
            return note["text"] is None

        await until("the note to open no more", unread)
        await until("the former calls to be forgotten", lambda: forgotten(centre))


async def talked_and_written(centre: Centre, desk: Desktop) -> str:
    """Have a caller talk with a1, who writes a note; return where it is read."""
    service = centre.service
    await arrive(centre)
    offer = service.floor.offer(centre.call_id, "a1")
    await service.append(offer)
    await desk.heard("offer", customer_ref=CASE)
    assert (await desk.ask("accept", reservation_id=offer.reservation_id))["ok"]
    [accepted] = await until("the acceptance", lambda: service.told("answered"))
    await centre.door.hears(accepted, 3)
    async with centre.door.as_("integrator") as caller:
        await caller.post(f"/v1/calls/{centre.call_id}/hangup")
    await centre.relay()
    await desk.heard("call", state="ended")
    wrapped = await desk.ask("wrap_up", reservation_id=offer.reservation_id, notes=NOTE)
    assert wrapped["ok"], wrapped
    return f"/v1/calls/{centre.call_id}/notes"


async def former_calls(centre: Centre) -> int:
    """Return how many ended calls the next agent would be shown of the caller."""
    assert isinstance(centre.door.store, MemoryStore)
    [ref] = {
        envelope.data.caller.ref
        for envelope in centre.door.store.outbox
        if isinstance(envelope.data, CallArrived) and envelope.data.caller
    }
    return len((await centre.service.store.peek(CALLER, ref)).calls)


async def remembered(centre: Centre) -> bool:
    return await former_calls(centre) > 0


async def forgotten(centre: Centre) -> bool:
    return await former_calls(centre) == 0


@pytest.mark.parametrize("role", ["agent", "partner"])
async def test_another_agent_neither_sees_nor_settles_the_call(centre: Centre, role: str) -> None:
    service = centre.service
    async with service.desktop("a1") as desk:
        await desk.ask("ready")
        await arrive(centre)
        offer = service.floor.offer(centre.call_id, "a1")
        await service.append(offer)
        await desk.heard("offer", customer_ref=CASE)
        token = service.token(role, agent_id="a2")
        with pytest.raises(InvalidStatus) as refused:
            async with connect(
                f"ws://{service.url}/v1/agents/a1/socket",
                additional_headers={"Authorization": f"Bearer {token}"},
            ):
                pass
        assert refused.value.response.status_code == 404
        about = {"reservation_id": offer.reservation_id}
        accept = {"command_id": "c1", "command": "accept", **about}
        async with service.client(role, agent_id="a2") as stranger:
            as_a1 = await stranger.post("/v1/agents/a1/commands", json=accept)
            as_a2 = await stranger.post("/v1/agents/a2/commands", json=accept)
        assert (as_a1.status_code, as_a2.status_code) == (404, 409)
        for answer in (as_a1, as_a2):
            assert not [word for word in (*ON_THE_CARD, *centre.secrets()) if word in answer.text]


async def test_the_answer_to_a_command_said_again_tells_nothing_of_the_caller(
    centre: Centre,
) -> None:
    service = centre.service
    async with service.desktop("a1") as desk:
        await desk.ask("ready")
        await arrive(centre)
        offer = service.floor.offer(centre.call_id, "a1")
        await service.append(offer)
        await desk.heard("offer", customer_ref=CASE)
        accept = {
            "command_id": "c1",
            "command": "accept",
            "reservation_id": offer.reservation_id,
        }
        async with service.client("agent", agent_id="a1") as agent:
            for _ in range(2):
                answer = await agent.post("/v1/agents/a1/commands", json=accept)
                assert answer.status_code == 200
                words = [*ON_THE_CARD, *centre.secrets()]
                assert not [word for word in words if word in answer.text]
