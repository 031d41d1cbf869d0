"""agent-state with its page, for a browser: a process that a test of another language drives.

`python -m tests.support.desktop_process ORIGIN PAGES KEYS`. It prints where it is and the agents'
tokens as a line of JSON, then reads a line of JSON per thing that happens and answers each. ivr and
the router are played: what agents ask for on the log is done, and ivr says who is on the line.
The centre is that of `desktop_centre`; the agent `a99` does not exist.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from msgspec.structs import replace

from agent_state.pages import serve_desktop
from contact_events.answering import (
    CallAnswered,
    CallConsultRequested,
    CallReleaseRequested,
    CallTransferRequested,
)
from contact_events.calls import (
    CallArrived,
    CallConnected,
    CallDisconnected,
    Caller,
    CallFlowStep,
    CallPartyJoined,
    CallPartyLeft,
    CallQueued,
    Text,
)
from contact_events.locations import CallerLocated
from contact_events.registry import Event
from contact_events.routing import CallRouted, RouterEpochStarted
from contact_events.topics import ANSWERED
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth, Principal, require
from contact_runtime.http.ops import Health, create_ops_app
from contact_runtime.http.problems import not_found
from contact_runtime.issuer import AUDIENCE, ISSUER, JWKS_FILE, mint
from contact_runtime.metrics import Metrics
from contact_runtime.serve import serve
from tests.support.agent_service import AgentService, agent_service, agent_store
from tests.support.desktop_centre import AGENTS, describe

UNKNOWN = "a99"
TICK_S = 0.05
HEARTBEAT_S = 1.0
GRACE_S = 600.0
CALLER = Caller(ref="r1", ref_version=1, prefix="+7495", sealed="")
CalledBy = Annotated[Principal, Depends(require("callers:read"))]


class Others:
    """ivr and the router: offers, and what agents ask for about calls."""

    def __init__(self, service: AgentService, joined: dict[str, str]) -> None:
        """Play them for `service`; `joined` says who talks in each call."""
        self._service = service
        self._seen = 0
        self._waits_for: dict[str, str] = {}
        self._consulted: dict[str, str] = {}
        self.joined = joined

    async def call(self, call_id: str, agent: str, *, ring_s: float = 60.0) -> None:
        """Have a caller of Acme arrive and ring an agent."""
        append, floor = self._service.append, self._service.floor
        attributes = {"customer_ref": "C-17", "tariff": "Gold"}
        await append(
            replace(floor.arrived(call_id), attributes=attributes, caller=CALLER),
            CallFlowStep(
                call_id=call_id,
                flow_id="menu",
                step="queue",
                choice="1",
                label=Text(ru="Продажи", en="Sales"),
            ),
            CallerLocated(
                call_id=call_id, precision="region", source="plan", country="RU", region="RU-MOW"
            ),
        )
        await append(floor.offer(call_id, agent, ring_s=ring_s))

    async def hang_up(self, call_id: str) -> None:
        """Have the caller end the talk."""
        self.joined.pop(call_id, None)
        await self._service.append(CallDisconnected(call_id=call_id, attempt=1, by="caller"))

    async def let_pass(self, seconds: float) -> None:
        """Let business time go on at once."""
        self._service.clock.advance(seconds)

    async def next_goes_to(self, call_id: str, agent: str) -> None:
        """Have the router offer the call to this agent wherever it is sent next."""
        self._waits_for[call_id] = agent

    async def run(self) -> None:
        """Let business time pass and do what is asked for on the log."""
        while True:
            await asyncio.sleep(TICK_S)
            self._service.clock.advance(TICK_S)
            asked = await self._service.told(ANSWERED.name)
            for event in asked[self._seen :]:
                await self._service.append(*self._done(event))
            self._seen = len(asked)

    def _done(self, event: object) -> list[Event]:
        match event:
            case CallAnswered(
                call_id=call_id, attempt=attempt, reservation_id=reservation_id, agent_id=agent_id
            ):
                self.joined[call_id] = agent_id
                return [
                    CallConnected(
                        call_id=call_id,
                        attempt=attempt,
                        reservation_id=reservation_id,
                        agent_id=agent_id,
                    )
                ]
            case CallTransferRequested(call_id=call_id, consult_call_id=str(consultation)):
                return self._handed_over(event, call_id, consultation)
            case CallTransferRequested():
                return self._sent(event)
            case CallConsultRequested():
                return self._consultation(event)
            case CallReleaseRequested(call_id=call_id, consult_call_id=None):
                self.joined.pop(call_id, None)
                return [CallDisconnected(call_id=call_id, attempt=1, by="agent")]
            case CallReleaseRequested(consult_call_id=str(consultation)):
                return [CallDisconnected(call_id=consultation, attempt=1, by="agent")]
            case _:
                return []

    def _sent(self, event: CallTransferRequested) -> list[Event]:
        self.joined.pop(event.call_id, None)
        queue, agent = event.to_queue_id, event.to_agent_id
        queued = CallQueued(
            call_id=event.call_id,
            attempt=2,
            queue_id=queue,
            agent_id=agent,
            sent_by=event.agent_id,
            reason="transfer",
        )
        return [queued, self._offered(event.call_id, 2, queue, agent)]

    def _consultation(self, event: CallConsultRequested) -> list[Event]:
        consultation, queue, agent = event.consult_call_id, event.to_queue_id, event.to_agent_id
        arrived = CallArrived(
            call_id=consultation,
            channel="voice",
            direction="inbound",
            dnis="",
            entry_site_id="moscow",
            parent_call_id=event.call_id,
            asked_by_agent_id=event.agent_id,
        )
        queued = CallQueued(
            call_id=consultation,
            attempt=1,
            queue_id=queue,
            agent_id=agent,
            sent_by=event.agent_id,
            reason="consult",
        )
        self._waits_for[consultation] = self._waits_for.get(event.call_id, "")
        offer = self._offered(consultation, 1, queue, agent)
        self._consulted[consultation] = offer.reservation_id
        return [arrived, queued, offer]

    def _handed_over(
        self, event: CallTransferRequested, call_id: str, consultation: str
    ) -> list[Event]:
        """Join whom was consulted to the caller; who asked leaves."""
        taker = self.joined[call_id] = self.joined.pop(consultation)
        reservation = self._consulted[consultation]
        return [
            CallPartyJoined(call_id=call_id, attempt=1, reservation_id=reservation, agent_id=taker),
            CallPartyLeft(
                call_id=call_id,
                attempt=1,
                reservation_id=event.reservation_id,
                agent_id=event.agent_id,
            ),
        ]

    def _offered(
        self, call_id: str, attempt: int, queue: str | None, agent: str | None
    ) -> CallRouted:
        to = agent or self._waits_for[call_id]
        offer = self._service.floor.offer(call_id, to, attempt=attempt, ring_s=60.0)
        return replace(offer, queue_id=queue or "")


@asynccontextmanager
async def ivr(joined: Mapping[str, str], origin: str, keys: Path) -> AsyncIterator[str]:
    """Serve the one thing of ivr that the page asks: who is on the line. Yield its address."""
    routes = APIRouter(prefix="/v1")

    @routes.get("/calls/{call_id}/caller")
    async def read_caller(call_id: str, principal: CalledBy) -> dict[str, str]:
        if principal.agent_id is None or joined.get(call_id) != principal.agent_id:
            raise not_found("the call")
        return {"number": "+79161234567", "name": "Ольга Петрова"}

    auth = Auth(str(keys / JWKS_FILE), ISSUER, AUDIENCE)
    app = create_app("ivr", routes=[routes], auth=auth, cors_origins=[origin])
    health, ports = Health(), asyncio.Queue[int]()
    running = asyncio.create_task(
        serve(
            app,
            create_ops_app(health, Metrics()),
            health=health,
            http_port=0,
            ops_port=0,
            on_listening=lambda http_port, _: ports.put_nowait(http_port),
            grace_s=1.0,
        )
    )
    try:
        yield f"http://127.0.0.1:{await ports.get()}"
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def obey(others: Others, service: AgentService) -> None:
    """Do what each line of standard input says, and answer it, until there is no more."""
    does: dict[str, Callable[..., Awaitable[None]]] = {
        "call": others.call,
        "hang_up": others.hang_up,
        "next_goes_to": others.next_goes_to,
        "pass": others.let_pass,
    }
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        said = json.loads(line)
        await does[said.pop("do")](**said)
        print(json.dumps({"done": True}), flush=True)


async def main(origin: str, pages: Path, keys: Path) -> None:
    """Run until standard input ends."""
    mint(keys, "supervisor")
    joined: dict[str, str] = {}
    async with (
        ivr(joined, origin, keys) as ivr_url,
        agent_store(None) as store,
        agent_service(
            store,
            keys,
            grace_s=GRACE_S,
            heartbeat_s=HEARTBEAT_S,
            furnish=lambda app: serve_desktop(app, pages, ivr_url),
        ) as service,
    ):
        others = Others(service, joined)
        await service.append(RouterEpochStarted(pool="main", epoch=1, owner="r1", code_version="1"))
        await describe(service)
        tokens = {agent: service.token("agent", agent_id=agent) for agent in (*AGENTS, UNKNOWN)}
        tokens["supervisor"] = service.token("supervisor")
        print(json.dumps({"address": service.url, "ivr": ivr_url, "tokens": tokens}), flush=True)
        running = asyncio.create_task(others.run())
        try:
            await obey(others, service)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
