"""The router with all its parts on a log, and a hand that writes what others would."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from contact_events.agents import Slot
from contact_events.answering import CallAnswered
from contact_events.calls import CallQueued
from contact_events.envelope import Decoded, Envelope, decode, encode, headers_of, key_of
from contact_events.partitions import partition_of
from contact_events.registry import Event, event_type_of
from contact_events.routing import CallRouted
from contact_events.topics import ROUTED, TOPICS
from contact_runtime.clock import Clock, SystemClock
from contact_runtime.issuer import JWKS_FILE, mint
from contact_runtime.log import Entry, Log, LogWriter, TopicPartition
from contact_runtime.metrics import Metrics
from router.loop import Loop
from router.main import build, create_router_app
from router.settings import Settings
from tests.support.router_world import agent_changed, arrived, queue, site
from tests.support.wait import until

PARTITIONS = 4
POOL = "main"
PARTITION = partition_of(POOL, PARTITIONS)


class RunningRouter:
    """One replica, running in this process."""

    def __init__(self, log: Log, clock: Clock | None = None, **more: Any) -> None:
        self.metrics = Metrics()
        parts = (log, clock or SystemClock(), POOL, PARTITIONS, self.metrics)
        self.loop: Loop = build(*parts, **more)
        self._stop = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def start(self) -> "RunningRouter":
        self.task = asyncio.ensure_future(self.loop.run(self._stop))
        return self

    @property
    def leads(self) -> bool:
        return self.loop.replica.leader is not None

    async def leading(self) -> "RunningRouter":
        await until("a leader", lambda: self.leads or (self.task and self.task.done()))
        assert self.leads, self.task
        return self

    async def stop(self) -> None:
        if self.task is not None:
            self._stop.set()
            await self.task

    async def kill(self) -> None:
        """End it where it stands, as `kill -9` does."""
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    def client(
        self, folder: Path, role: str = "administrator", *, client: str | None = None
    ) -> httpx.AsyncClient:
        """Return a client of this replica's API with a token of the role."""
        token = mint(folder, role, client=client)
        settings = Settings(
            kafka_bootstrap="none:1",
            http_port=0,
            ops_port=0,
            jwks=str(folder / JWKS_FILE),
        )
        app = create_router_app(settings, self.loop, self.metrics)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=transport, base_url="http://router", headers=headers)


class Others:
    """ivr, agent-state and the people who order: whatever the router reads, by hand."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.client: str | None = None
        """Whose the calls are that come from now on."""
        self._writer: LogWriter | None = None
        self._numbers: dict[str, int] = {}

    async def open(self) -> "Others":
        await self.log.ensure_topics(TOPICS, PARTITIONS)
        self._writer = await self.log.writer()
        return self

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer.close()

    async def tell(self, event: Event, stream: str | None = None) -> None:
        declared = event_type_of(type(event))
        key = stream or str(getattr(event, declared.key))
        stream = f"{declared.topic.owner}/{key}"
        number = self._numbers[stream] = self._numbers.get(stream, 0) + 1
        envelope = Envelope(
            id=f"{stream}#{number}",
            source=f"/polycentre/{declared.topic.owner}",
            subject=key,
            time=SystemClock().now(),
            pool=POOL,
            stream=key,
            sequence=number,
            client=self.client,
            data=event,
        )
        await self.append(
            declared.topic.name, Entry(key_of(envelope), encode(envelope), headers_of(envelope))
        )

    async def append(self, topic: str, entry: Entry) -> None:
        assert self._writer is not None
        await self._writer.append(TopicPartition(topic, PARTITION), [entry])

    async def open_centre(self, *agents: str) -> None:
        """Declare a site and a queue, and sign these agents in."""
        await self.tell(site("moscow"))
        await self.tell(queue("sales"))
        for agent_id in agents:
            await self.tell(agent_changed(agent_id))

    async def call(self, call_id: str) -> None:
        await self.tell(arrived(call_id))
        await self.tell(CallQueued(call_id=call_id, attempt=1, queue_id="sales"))

    async def take(self, offer: CallRouted) -> None:
        """Let the agent take the offer and be in a talk."""
        about: dict[str, Any] = {
            "call_id": offer.call_id,
            "attempt": offer.attempt,
            "reservation_id": offer.reservation_id,
        }
        answered = CallAnswered(**about, agent_id=offer.agent_id, slot=offer.slot)
        await self.tell(answered, stream=offer.agent_id)
        talking = Slot(slot=0, state="talking", last_reservation_id=offer.reservation_id, **about)
        await self.tell(agent_changed(offer.agent_id, slots=(talking,)))

    async def free(self, offer: CallRouted) -> None:
        """Let the agent be free again after this offer."""
        slot = Slot(slot=0, state="free", last_reservation_id=offer.reservation_id)
        await self.tell(agent_changed(offer.agent_id, slots=(slot,)))

    async def decisions(self) -> list[Any]:
        """Return everything on the topic `routed`, valid or void."""
        tp = TopicPartition(ROUTED.name, PARTITION)
        end = (await self.log.ends([ROUTED.name]))[tp]
        reader = await self.log.reader({tp: 0})
        found: list[Any] = []
        try:
            while len(found) < end:
                for record in await reader.read():
                    decoded = decode(record.value)
                    assert isinstance(decoded, Decoded)
                    found.append(decoded.envelope.data)
        finally:
            await reader.close()
        return found

    async def offers(self) -> list[CallRouted]:
        return [d for d in await self.decisions() if isinstance(d, CallRouted)]

    async def offer_of(self, call_id: str, attempt: int = 1) -> CallRouted:
        """Return the last offer of the call's attempt, once there is one."""

        async def last() -> CallRouted | None:
            mine = [o for o in await self.offers() if (o.call_id, o.attempt) == (call_id, attempt)]
            return mine[-1] if mine else None

        offer = await until(f"an offer of {call_id}", last)
        assert offer is not None
        return offer
