"""The agents' sockets of this process: what comes in, what goes out, and who has gone."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
from pydantic import ValidationError
from starlette.websockets import WebSocket

from agent_state.bodies import CommandBody
from agent_state.commands import Order
from agent_state.desktop_protocol import NAME as PROTOCOL
from agent_state.desktop_protocol import must_speak
from agent_state.domain.agent import Agent, Offline
from agent_state.domain.answers import refusal_of
from agent_state.domain.commands import LeaveDesk, LoseConnection
from agent_state.domain.refusals import Refusal
from agent_state.problems import document_of, problem_of, try_again
from agent_state.projections import Reply, frame
from agent_state.seats import RETRY_S, Line, Seat, Submit, insist
from agent_state.tables import AGENT
from contact_runtime.clock import Clock
from contact_runtime.errors import Transient
from contact_runtime.http.auth import Principal, accept
from contact_runtime.http.problems import INVALID_REQUEST, TOKEN_INVALID, Problem
from contact_runtime.rows import Store

TOKEN_EXPIRED = 4401

HEARTBEAT_S = 10.0
"""Machine seconds: a desktop that has heard nothing for two of these connects again."""

BEATS = 20
"""Shares of all lines, so that thousands of heartbeats do not come at once."""


class Sockets:
    """The seats of this process, by agent. `place` names the process, anew at each start."""

    def __init__(
        self,
        store: Store,
        submit: Submit,
        clock: Clock,
        *,
        place: str,
        grace_s: float,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """Feed sockets from `store`; commands go through `submit`."""
        self._clock = clock
        self._heartbeat_s = heartbeat_s
        self._store = store
        self._submit = submit
        self.place = place
        self._grace_s = grace_s
        self._seats: dict[str, Seat] = {}

    async def attend(
        self, websocket: WebSocket, agent_id: str, principal: Principal, after: int | None
    ) -> None:
        """Serve one socket of an agent until it closes or its token ends.

        A desktop that showed the state numbered `after` is told what it missed, if that is known.

        Raises:
            UnknownAgent: there is no such agent; the socket is not open yet.
            UnknownProtocol: the desktop speaks other versions only.
        """
        must_speak(websocket.scope.get("subprotocols", ()))
        line, seat = Line(websocket), self._seat(agent_id)
        try:
            await seat.sit(line, after)
            await accept(websocket, PROTOCOL)
            await self._serve(websocket, line, agent_id, principal)
        finally:
            seat.leave(line, lambda: self._stand_up(agent_id, seat))

    async def _serve(
        self, websocket: WebSocket, line: Line, agent_id: str, principal: Principal
    ) -> None:
        writing = asyncio.create_task(line.write(), name="line")
        try:
            async with asyncio.timeout((principal.expires_at - datetime.now(UTC)).total_seconds()):
                await self._listen(websocket, line, agent_id)
        except TimeoutError:
            await websocket.close(TOKEN_EXPIRED, TOKEN_INVALID.code)
        finally:
            writing.cancel()

    async def run(self, stop: asyncio.Event) -> None:
        """Look after agents whose sockets died with an earlier process, until `stop` is set."""
        told = asyncio.create_task(stop.wait())
        sweeping = asyncio.create_task(self._sweep(), name="sweep")
        beating = asyncio.create_task(self._beat(), name="heartbeats")
        await asyncio.wait({told, sweeping, beating}, return_when=asyncio.FIRST_COMPLETED)
        if sweeping.done():
            sweeping.result()  # a failure of it is one of the process
        await asyncio.wait({told, beating}, return_when=asyncio.FIRST_COMPLETED)
        if beating.done():
            beating.result()
        sweeping.cancel()
        beating.cancel()
        self.close()

    def close(self) -> None:
        """Follow nobody any more."""
        for seat in self._seats.values():
            seat.close()
        self._seats.clear()

    def _seat(self, agent_id: str) -> Seat:
        seat = self._seats.get(agent_id)
        if seat is None:
            seat = Seat(
                agent_id,
                self._store,
                self._submit,
                self._clock,
                place=self.place,
                grace_s=self._grace_s,
            )
            self._seats[agent_id] = seat
        return seat

    def _stand_up(self, agent_id: str, seat: Seat) -> None:
        if self._seats.get(agent_id) is seat:
            del self._seats[agent_id]

    async def _listen(self, websocket: WebSocket, line: Line, agent_id: str) -> None:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            said = message.get("text") or message.get("bytes") or ""
            line.put([frame(await self._reply(agent_id, said))])

    async def _reply(self, agent_id: str, said: str | bytes) -> Reply:
        try:
            body = CommandBody.model_validate_json(said)
        except ValidationError as wrong:
            return _refused(_command_id(said), _invalid(wrong))
        try:
            answer = await self._submit(body.order(agent_id))
        except Refusal as refused:
            return _refused(body.command_id, problem_of(refusal_of(refused)))
        except Transient:
            return _refused(body.command_id, try_again())
        error = document_of(problem_of(answer.refused)) if answer.refused else None
        return Reply(
            command_id=body.command_id, ok=error is None, sequence=answer.version, error=error
        )

    async def _beat(self) -> None:
        """Have every silent line say that it is alive, once in `heartbeat_s`, evenly spread."""
        while True:
            for share in range(BEATS):
                await asyncio.sleep(self._heartbeat_s / BEATS)
                for agent_id, seat in list(self._seats.items()):
                    if hash(agent_id) % BEATS == share:
                        seat.beat()

    async def _sweep(self) -> None:
        """Give everybody whose sockets an earlier process held the grace, then sign them out.

        Who has connected again, here or to another process, keeps the desk.
        """
        agents = await self._all()
        held = [
            (agent_id, agent.desk.place)
            for agent_id, agent in agents.items()
            if agent.desk.place is not None
            and agent.desk.place != self.place
            and not isinstance(agent.presence, Offline)
        ]
        await self._tell_all(Order(key, LeaveDesk(place=place)) for key, place in held)
        await asyncio.sleep(self._grace_s)
        await self._tell_all(Order(key, LoseConnection(place=place)) for key, place in held)

    async def _all(self) -> dict[str, Agent]:
        while True:
            with suppress(Transient):
                return await self._store.scan(AGENT)
            await asyncio.sleep(RETRY_S)

    async def _tell_all(self, orders: Iterable[Order]) -> None:
        await asyncio.gather(*(insist(self._submit, order) for order in orders))


def _refused(command_id: str | None, problem: Problem) -> Reply:
    return Reply(command_id=command_id, ok=False, error=document_of(problem))


def _invalid(wrong: ValidationError) -> Problem:
    errors = [
        {"pointer": "#/" + "/".join(map(str, fault["loc"])), "detail": fault["msg"]}
        for fault in wrong.errors(include_input=False, include_url=False)
    ]
    return Problem(INVALID_REQUEST, f"{len(errors)} fault(s)", errors=errors)


class _Named(msgspec.Struct):
    """Of a wrong message, what names it."""

    command_id: str


def _command_id(said: str | bytes) -> str | None:
    try:
        return msgspec.json.decode(said, type=_Named).command_id[:128]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
