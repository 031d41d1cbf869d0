"""One agent's sockets in this process: each shows the same, and the last to go is waited for."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from agent_state.commands import BreakOrder, Order
from agent_state.domain.agent import Agent, Desk
from agent_state.domain.answers import Answer
from agent_state.domain.commands import DeskCommand, LeaveDesk, LoseConnection, TakeDesk
from agent_state.domain.refusals import UnknownAgent
from agent_state.domain.view import view_of
from agent_state.projections import (
    Heartbeat,
    Message,
    Resumed,
    Snapshot,
    between,
    frame,
    nothing_shown,
)
from agent_state.tables import AGENT
from contact_runtime.clock import Clock
from contact_runtime.errors import Transient
from contact_runtime.rows import Store
from contact_runtime.wakeups import Watch

MOST_KEPT = 8
"""States that were shown: a desktop that showed one of them is told what has changed since."""

MOST_FRAMES = 1_000
"""A socket that is so far behind is closed: its desktop connects again and gets a snapshot."""

LOOK_EVERY_S = 120.0
"""Machine seconds between looks at the row: a last resort, since notices come with each commit."""

RETRY_S = 0.5
TOO_SLOW = 4408

Submit = Callable[[Order | BreakOrder], Awaitable[Answer]]


class Line:
    """One socket: frames are put without waiting and written in their order."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._frames: asyncio.Queue[str] = asyncio.Queue(MOST_FRAMES)
        self._late = False
        self._silent = True

    def beat(self, text: str) -> None:
        """Have `text` written if nothing else was put since the last beat."""
        if self._silent:
            self.put([text])
        self._silent = True

    def put(self, frames: Iterable[str]) -> None:
        """Have `frames` written."""
        self._silent = False
        for one in frames:
            try:
                self._frames.put_nowait(one)
            except asyncio.QueueFull:
                self._late = True

    async def write(self) -> None:
        """Write frames until the socket is gone or too far behind."""
        with suppress(WebSocketDisconnect, RuntimeError):  # what a closed socket answers
            while not self._late:
                await self._websocket.send_text(await self._frames.get())
            await self._websocket.close(TOO_SLOW, "too slow")


class Seat:
    """The sockets of one agent in this process (`place`), fed from the agent's row.

    When the last of them has closed, the agent has `grace_s` of machine time to come back. What was
    shown last is kept, so that a desktop whose line broke is told only what it missed.
    """

    def __init__(
        self,
        agent_id: str,
        store: Store,
        submit: Submit,
        clock: Clock,
        *,
        place: str,
        grace_s: float,
    ) -> None:
        self._agent_id = agent_id
        self._store = store
        self._submit = submit
        self._place = place
        self._grace_s = grace_s
        self._sitting = 0
        self._lines: set[Line] = set()
        self._clock = clock
        self._agent = Agent.new(agent_id)
        self._shown: deque[Agent] = deque(maxlen=MOST_KEPT)
        self._known = asyncio.Event()
        self._following = asyncio.create_task(self._follow(), name="seat")
        self._taking: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None

    async def sit(self, line: Line, after: int | None) -> None:
        """Show `line` the agent as they are, or what it missed `after`, and then every change.

        Raises:
            UnknownAgent: nobody has described such an agent.
        """
        self._sitting += 1
        if self._leaving is not None:
            self._leaving.cancel()
        await self._known.wait()
        if self._agent.profile is None:
            raise UnknownAgent(f"agent {self._agent_id} does not exist")
        line.put(map(frame, self._opening(after)))
        self._lines.add(line)
        if self._agent.desk != Desk(self._place):
            self._take_desk()

    def _opening(self, after: int | None) -> list[Message]:
        now, agent = self._clock.now(), self._agent
        kept = next((past for past in (*self._shown, agent) if past.version == after), None)
        if after is None or kept is None:
            told = between(nothing_shown(agent), agent)
            return [Snapshot(agent.version, now, self._clock.scale, view_of(agent)), *told]
        first = Resumed(agent.version, now, self._clock.scale, after)
        return [first, *between(kept, agent)]

    def beat(self) -> None:
        """Say that the line is alive where nothing else has said so since the last beat."""
        if self._lines:
            text = frame(Heartbeat(self._agent.version, self._clock.now()))
            for line in self._lines:
                line.beat(text)

    def leave(self, line: Line, gone: Callable[[], None]) -> None:
        """Show `line` nothing more; `gone` is called when the grace of the last one is over."""
        self._sitting -= 1
        self._lines.discard(line)
        if self._sitting == 0 and self._agent.profile is None:
            gone()
            self.close()
        elif self._sitting == 0:
            self._leaving = asyncio.create_task(self._leave(gone), name="grace")

    def close(self) -> None:
        """Follow the agent no more."""
        for task in (self._following, self._taking, self._leaving):
            if task is not None:
                task.cancel()

    async def _follow(self) -> None:
        with self._store.watch(AGENT, self._agent_id) as watch:
            self._agent = await self._peek(watch)
            self._known.set()
            while True:
                try:
                    after = await watch.next(LOOK_EVERY_S)
                except Transient:
                    after = None
                self._show(after or await self._peek(watch))

    async def _peek(self, watch: Watch[Agent]) -> Agent:
        while True:
            with suppress(Transient):
                return await watch.peek()
            await asyncio.sleep(RETRY_S)

    def _show(self, after: Agent) -> None:
        before = self._agent
        if after.version < before.version:
            return  # read from the database before the last commit of this process
        self._agent = after
        if after.version > before.version:
            self._shown.append(before)
        if not self._lines:
            return
        frames = [frame(message) for message in between(before, after)]
        for line in self._lines:
            line.put(frames)
        if after.desk.left or after.desk.place is None:
            self._take_desk()

    def _take_desk(self) -> None:
        if self._taking is None or self._taking.done():
            command = TakeDesk(place=self._place)
            self._taking = asyncio.create_task(self._order(command), name="desk")

    async def _leave(self, gone: Callable[[], None]) -> None:
        await asyncio.sleep(self._grace_s / 2)  # who is back by then costs the database nothing
        await self._order(LeaveDesk(place=self._place))
        await asyncio.sleep(self._grace_s / 2)
        await self._order(LoseConnection(place=self._place))
        gone()
        self._following.cancel()

    async def _order(self, command: DeskCommand) -> None:
        await insist(self._submit, Order(self._agent_id, command))


async def insist(submit: Submit, order: Order) -> None:
    """Carry out an order, however often the database must be asked."""
    while True:
        with suppress(Transient):
            await submit(order)
            return
        await asyncio.sleep(RETRY_S)
