"""Agents who send calls on and ask each other, and their callers, through the public APIs only.

Each agent is the only one who serves their queue (`queue_of`), so that a test says who is rung.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import text

from contact_runtime.database import connect
from contact_runtime.issuer import mint
from sim import centre
from sim.apis import Api, Json, Refused, many_connections, propose
from sim.main import Apis, apis_of
from sim.settings import Settings
from tests.support.local_run import Place
from tests.support.wait import until

CREW: Final = ("anna", "boris", "clara", "dora", "egor", "fedor")
NOBODY: Final = "nobody"
"""Has a queue, and is nobody: what is sent there is not taken."""

RETURNED_AFTER_S: Final = 1.0
RING_S: Final = 90.0
"""Longer than any process needs to come back."""

LIMIT_S: Final = 60.0
DNIS: Final = "+74950009009"
_PROJECT: Final = "volga-switchboard"
_CLIENT: Final = centre.PROJECTS[0].client_id
_LEGS: Final = text(
    "SELECT reason, sent_by, queue_id, agent_id, began_at, connected_at, wait_ms"
    " FROM contact_legs WHERE call_id = :call_id ORDER BY leg"
)


def queue_of(name: str) -> str:
    """Return the queue that only this agent serves."""
    return f"of-{name}"


def skill_of(name: str) -> str:
    """Return the skill that only this agent has."""
    return f"knows-{name}"


class Desk:
    """An agent's commands, each with an id of its own, and what the agent is."""

    def __init__(self, agent_id: str, own: Api, seen: Api) -> None:
        """Command with the agent's token (`own`), look with another (`seen`)."""
        self.agent_id = agent_id
        self.reservation = ""
        self._own, self._seen = own, seen

    async def begins(self) -> None:
        """Sign in, ready for calls."""
        await self.does("sign_in")
        await self.does("ready")

    async def does(self, command: str, **said: str) -> None:
        """Command; whoever is killed meanwhile, it is done once."""
        body = {"command_id": uuid4().hex, "command": command, **said}
        await self._own.post(f"/v1/agents/{self.agent_id}/commands", body)

    async def asks(self, command: str, **said: str) -> None:
        """Command about the call that was taken last, once agent-state knows that it is joined."""

        async def done() -> bool:
            try:
                await self.does(command, reservation_id=self.reservation, **said)
            except Refused as refused:
                if refused.code != "not-connected":
                    raise
                return False
            return True

        await until(f"{self.agent_id} to {command}", done, limit_s=LIMIT_S)

    async def slot(self) -> Json:
        """Return the agent's only slot."""
        found = await self._seen.get(f"/v1/agents/{self.agent_id}")
        slot: Json = found["state"]["slots"][0]
        return slot

    async def takes(self, call_id: str | None = None) -> None:
        """Take the offer, of this call if it is told, once there is one."""
        rung = await self.until_in("reserved", call_id)
        self.reservation = rung["reservation_id"]
        await self.asks("accept")
        await self.until_in("talking", call_id)

    async def until_in(self, state: str, call_id: str | None = None) -> Json:
        """Wait until the slot is in this state, with this call if it is told; return the slot."""

        async def seen() -> Json | None:
            slot = await self.slot()
            ours = call_id is None or slot["call_id"] == call_id
            return slot if slot["state"] == state and ours else None

        slot = await until(f"{self.agent_id} {state} ({call_id})", seen, limit_s=LIMIT_S)
        assert slot is not None
        return slot

    async def until_consulting(self) -> str:
        """Wait until whom the agent asked is joined; return the consultation."""

        async def joined() -> str:
            consult = (await self.slot())["consult"]
            return str(consult["call_id"]) if consult and consult["connected"] else ""

        return await until(f"somebody for {self.agent_id} to ask", joined, limit_s=LIMIT_S)


@dataclass
class Caller:
    """A caller, and how the call is to look in the end."""

    to: Api
    call_id: str
    arrived_at: str

    async def view(self) -> Json:
        """Return the call as ivr shows it."""
        return await self.to.get(f"/v1/calls/{self.call_id}")

    async def talks_with(self, desk: Desk) -> None:
        """Wait until the caller is joined with the agent, whose slot holds the call."""

        async def joined() -> bool:
            view = await self.view()
            return (view["state"], view["agent_id"]) == ("connected", desk.agent_id)

        words = f"{self.call_id} to be with {desk.agent_id}"
        await until(words, joined, limit_s=LIMIT_S)
        await desk.until_in("talking", self.call_id)

    async def waits_for(self, name: str) -> None:
        """Wait until the caller waits in this agent's queue."""

        async def waits() -> bool:
            view = await self.view()
            return (view["state"], view["queue"]) == ("waiting", queue_of(name))

        words = f"{self.call_id} to wait for {name}"
        await until(words, waits, limit_s=LIMIT_S)

    async def hangs_up(self) -> None:
        """End the call, which kept the time at which it came."""
        view = await self.to.post(f"/v1/calls/{self.call_id}/hangup")
        assert (view["ended_as"], view["arrived_at"]) == ("disconnected", self.arrived_at)


@dataclass
class Switchboard:
    """A project whose menu leads to each agent, and these agents, signed in."""

    place: Place
    to: Apis
    desks: dict[str, Desk]
    callers: list[Caller] = field(default_factory=list)

    async def call(self, name: str) -> Caller:
        """Have a caller come and choose this agent's queue."""
        body = {"ani": None, "dnis": DNIS, "entry_site": "moscow"}
        view = await self.to.front_door.post("/v1/calls", body, key=uuid4().hex)
        caller = Caller(self.to.front_door, view["call_id"], view["arrived_at"])
        digit = str(CREW.index(name) + 1)
        await caller.to.post(f"/v1/calls/{caller.call_id}/digits", {"digits": digit})
        self.callers.append(caller)
        return caller

    async def talk(self, name: str) -> tuple[Caller, Desk]:
        """Have a caller come and talk with this agent."""
        caller, desk = await self.call(name), self.desks[name]
        await desk.takes(caller.call_id)
        await caller.talks_with(desk)
        return caller, desk

    async def recorded(self, caller: Caller, *legs: tuple[str, str | None, str | None]) -> Json:
        """See the call in the reports, answered, with these legs: why, sent by whom, who took it.

        The contact keeps the time it came and its first wait; each leg has a wait of its own.
        """

        async def over() -> Json | None:
            query = {"project": _PROJECT, "limit": "500"}
            page = await self.to.reporting.get("/v1/contact-records", **query)
            found = (r for r in page["contact_records"] if r["call_id"] == caller.call_id)
            return next((record for record in found if record["outcome"]), None)

        record = await until(f"{caller.call_id} in the reports", over, limit_s=LIMIT_S)
        assert record is not None
        rows = await self._legs(caller.call_id)
        told = [(row["reason"], row["sent_by"], row["agent_id"]) for row in rows]
        assert told == list(legs), told
        arrived = datetime.fromisoformat(caller.arrived_at)
        assert datetime.fromisoformat(record["arrived_at"]) == arrived
        assert (record["outcome"], record["legs"]) == ("answered", len(legs))
        assert record["agent_id"] == rows[0]["agent_id"]
        assert round(record["wait_s"] * 1_000) == rows[0]["wait_ms"]
        _waits_are_apart(rows)
        return record

    async def _legs(self, call_id: str) -> Sequence[Any]:
        engine = connect(self.place.addresses.database("reporting"))
        try:
            async with engine.connect() as connection:
                found = await connection.execute(_LEGS, {"call_id": call_id})
                return found.mappings().all()
        finally:
            await engine.dispose()


def _waits_are_apart(legs: Sequence[Any]) -> None:
    """See that each leg's wait runs from its begin to its talk, or to where the caller went on."""
    begun = [leg["began_at"] for leg in legs]
    over = [leg["connected_at"] or at for leg, at in zip(legs, [*begun[1:], None], strict=True)]
    for leg, at in zip(legs, over, strict=True):
        waited_ms = (at - leg["began_at"]).total_seconds() * 1_000
        assert abs(waited_ms - leg["wait_ms"]) <= 1, leg
    moments = [at for both in zip(begun, over, strict=True) for at in both]
    assert moments == sorted(moments), "no wait counts twice"


@asynccontextmanager
async def switchboard(place: Place, settings: Settings) -> AsyncIterator[Switchboard]:
    """Describe project, queues and agents, and sign the agents in; in the end all are free."""
    async with many_connections() as client:
        to = apis_of(settings, client)
        await _furnish(to)
        desks = {name: _desk(name, to, settings) for name in CREW}
        await asyncio.gather(*(desk.begins() for desk in desks.values()))
        yield Switchboard(place, to, desks)
        for desk in desks.values():
            await desk.until_in("free")
        await asyncio.gather(*(desk.does("sign_out") for desk in desks.values()))


def _desk(name: str, to: Apis, settings: Settings) -> Desk:
    token = mint(settings.issuer_state, "agent", subject=name, agent_id=name)
    return Desk(name, replace(to.agent_state, token=token), to.agent_state)


async def _furnish(to: Apis) -> None:
    for name in (*CREW, NOBODY):
        called = {"ru": name.capitalize(), "en": name.capitalize()}
        await propose(to.router, f"/v1/skills/{skill_of(name)}", {"name": called})
        queue: Json = {"client_id": _CLIENT, "name": called, "skills": {skill_of(name): 1}}
        queue |= {"ring_s": RING_S}
        if name == NOBODY:
            queue |= {"return_transfers_s": RETURNED_AFTER_S}
        await propose(to.router, f"/v1/queues/{queue_of(name)}", queue)
        if name != NOBODY:
            agent = {"name": called, "site_id": "moscow", "skills": {skill_of(name): 1}}
            await propose(to.agent_state, f"/v1/agents/{name}", agent | {"wrap_up_s": 0})
    await to.ivr.put(f"/v1/projects/{_PROJECT}", _project())


def _project() -> Json:
    said = {"ru": "Кого вам?", "en": "Whom would you like?"}
    menu = [
        {"digit": str(number), "label": said, "queue": queue_of(name)}
        for number, name in enumerate(CREW, 1)
    ]
    return {
        "client_id": _CLIENT,
        "client_name": centre.PROJECTS[0].client_name,
        "name": "Switchboard",
        "dnis": [DNIS],
        "greeting": said,
        "agent_greeting": said,
        "menu": menu,
        "no_input": {"queue": queue_of(CREW[0]), "repeats": 1},
    }
