"""An agent at a desktop: signs in, takes offers, talks, wraps up, and comes back after trouble."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

from sim import profiles
from sim.apis import Json
from sim.callers import Talks
from sim.pace import Time
from sim.roster import LENGTH_S

PICK_UP_S = (1.5, 4.0)
"""Business seconds from the offer to taking it, least and most."""

MISSES_SHARE = 0.01
REST_S = 60.0
"""How long an agent rests who let an offer ring out, before being ready again."""

Action = Callable[[], Coroutine[Any, Any, None]]

RECONNECT_S = (0.2, 1.5)


@dataclass(slots=True)
class Shift:
    """What all agents of a run share."""

    socket_url: str
    token_of: Callable[[str], str]
    time: Time
    talks: Talks
    seed: int
    told: Callable[[Json], None] = lambda message: None
    """Hears every message of every desktop."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    heard: Counter[str] = field(default_factory=Counter)


class Agent:
    """One agent's day. What they do follows from what the desktop shows, so it survives trouble."""

    def __init__(self, agent_id: str, shift: Shift) -> None:
        """Sit down, not yet connected."""
        self._id = agent_id
        self._shift = shift
        self._rnd = random.Random(f"{shift.seed}/{agent_id}")
        self._socket: ClientConnection | None = None
        self._commands = 0
        self._intent: tuple[str, str] | None = None
        self._doing: asyncio.Task[None] | None = None
        self._session = f"{agent_id}.{random.SystemRandom().getrandbits(40):x}"

    async def live(self) -> None:
        """Work until the shift is over, connecting again whenever the line breaks."""
        while not self._shift.over.is_set():
            with suppress(OSError, websockets.WebSocketException, TimeoutError):
                await self._work()
            self._forget()
            if not self._shift.over.is_set():
                await asyncio.sleep(self._rnd.uniform(*RECONNECT_S))

    async def _work(self) -> None:
        url = f"{self._shift.socket_url}/v1/agents/{self._id}/socket"
        headers = {"Authorization": f"Bearer {self._shift.token_of(self._id)}"}
        async with connect(url, additional_headers=headers, compression=None) as socket:
            self._socket = socket
            over = asyncio.create_task(self._shift.over.wait())
            listening = asyncio.create_task(self._listen(socket))
            await asyncio.wait({over, listening}, return_when=asyncio.FIRST_COMPLETED)
            self._forget()
            if self._shift.over.is_set():
                await self._send("sign_out")
                await self._until_offline(listening)
            over.cancel()
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def _until_offline(self, listening: asyncio.Task[None]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.shield(listening)

    async def _listen(self, socket: ClientConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            self._shift.told(message)
            self._shift.heard[message["type"]] += 1
            if message["type"] in ("snapshot", "agent"):
                self._see(message["agent"])
                if self._shift.over.is_set() and message["agent"]["presence"] == "Offline":
                    return
            elif message["type"] == "reply" and not message["ok"]:
                self._shift.heard[f"refused {message['error'].get('code')}"] += 1

    def _see(self, agent: Json) -> None:
        """Decide what to do about what the desktop shows; the same sight changes nothing."""
        intent, action = self._wish(agent)
        if intent == self._intent:
            return
        self._forget()
        self._intent = intent
        if action is not None:
            self._doing = asyncio.create_task(action())

    def _wish(self, agent: Json) -> tuple[tuple[str, str], Action | None]:
        """Return what the agent means to do now, told apart by name, and how."""
        slot = agent["slots"][0] if agent["slots"] else {"state": "free"}
        reservation = str(slot.get("reservation_id"))
        match slot["state"]:
            case "reserved":
                return ("ring", reservation), partial(self._take, reservation)
            case "talking" | "hold":
                call_id = str(slot.get("call_id"))
                return ("talk", call_id), partial(self._talk, call_id, reservation)
            case "wrap_up":
                return ("wrap_up", reservation), partial(self._wrap_up, reservation)
        if agent["presence"] == "Offline" and agent.get("reason") == "shift_over":
            return ("gone", ""), None
        if agent["presence"] == "Offline":
            return ("offline", ""), self._begin
        if agent["presence"] == "NotReady":
            reason = str(agent.get("reason"))
            return ("not_ready", reason), partial(self._rest, reason)
        return ("ready", ""), None

    async def _begin(self) -> None:
        if not self._shift.over.is_set():
            await self._send("sign_in")
            await self._send("ready")

    async def _rest(self, reason: str) -> None:
        if reason == "shift_over":
            return  # about to be signed out
        await self._shift.time.pass_by(REST_S if reason == "rona" else LENGTH_S.get(reason, 1.0))
        await self._send("ready")

    async def _take(self, reservation: str) -> None:
        if self._rnd.random() < MISSES_SHARE:
            return  # away from the desk: it rings out
        await self._shift.time.pass_by(self._rnd.uniform(*PICK_UP_S))
        await self._send("accept", reservation_id=reservation)

    async def _talk(self, call_id: str, reservation: str) -> None:
        """End the talk if that is the agent's part: also where no caller of this run is there."""
        talks = self._shift.talks
        ends_s = talks.ended_by_agent_s.get(call_id)
        await self._shift.time.pass_by(ends_s or profiles.draw_handle_s(self._rnd))
        if ends_s is not None or call_id not in talks.ours:
            await self._send("release", reservation_id=reservation)

    async def _wrap_up(self, reservation: str) -> None:
        await self._shift.time.pass_by(profiles.draw_wrap_up_s(self._rnd))
        await self._send("wrap_up", reservation_id=reservation)

    async def _send(self, command: str, **said: str) -> None:
        self._commands += 1
        order = {"command_id": f"{self._session}.{self._commands}", "command": command, **said}
        if self._socket is not None:
            with suppress(websockets.ConnectionClosed):
                await self._socket.send(json.dumps(order))

    def _forget(self) -> None:
        if self._doing is not None:
            self._doing.cancel()
        self._doing = self._intent = None


async def work(shift: Shift, agents: list[str]) -> None:
    """Have these agents work until the shift is over."""
    async with asyncio.TaskGroup() as desks:
        for agent_id in agents:
            desks.create_task(Agent(agent_id, shift).live())
            await asyncio.sleep(0.002)  # a thousand handshakes at once help nobody
