"""agent-state as it runs, on a log in memory: HTTP, sockets, reader, timers and relay."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from websockets.asyncio.client import ClientConnection, connect

from agent_state import http
from agent_state.desktop_protocol import asyncapi
from agent_state.main import background, furnished, parts
from agent_state.seats import Submit
from agent_state.tables import CALL_MEMO, SITE
from agent_state.webhooks.telling import TELLING
from contact_events.calls import Text
from contact_events.config import Document, SiteChanged
from contact_events.envelope import Envelope, decode, encode, headers_of, key_of
from contact_events.partitions import partition_of
from contact_events.registry import Event
from contact_events.topics import ROUTING_CONFIG, TOPICS
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth
from contact_runtime.http.ops import Health, create_ops_app
from contact_runtime.issuer import AUDIENCE, ISSUER, JWKS_FILE, mint
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.memory_store import MemoryStore
from contact_runtime.metrics import Metrics
from contact_runtime.migrate import migrate
from contact_runtime.rows import Store
from contact_runtime.serve import serve
from contact_runtime.store import SqlStore
from contact_runtime.store import connect as connect_database
from contact_runtime.webhooks.addresses import networks_of
from contact_runtime.webhooks.desk import Webhooks
from contact_runtime.webhooks.http import with_webhooks
from contact_runtime.webhooks.sending import Sender
from tests.support.agent_floor import Floor
from tests.support.receiver import on_this_machine
from tests.support.wait import until

PARTITIONS = 4
SOURCE = "/polycentre/agent-state"
LIMIT_S = 10.0


def application(context: http.Context, auth: Auth, metrics: Metrics) -> FastAPI:
    """Return agent-state's HTTP application on these parts."""
    return create_app(
        "agent-state",
        routes=[http.routes],
        sockets=http.SOCKETS,
        auth=auth,
        refusals=http.REFUSALS,
        context=context,
        larger=http.LARGER,
        metrics=metrics,
    )


def _described() -> dict[str, Draft202012Validator]:
    """Return what checks each message of the desktop's protocol, by its type."""
    document = asyncapi()
    return {
        name: Draft202012Validator({**message["payload"], "components": document["components"]})
        for name, message in document["components"]["messages"].items()
    }


_MESSAGES = _described()


class Desktop:
    """One socket of an agent, with everything it was told; each message is as described."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.told: list[dict[str, Any]] = []
        self._commands = 0

    async def heard(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Return the next message of this kind with these fields; others before it are kept."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                message: dict[str, Any] = json.loads(await self.socket.recv())
                _MESSAGES[message["type"]].validate(message)
                self.told.append(message)
                if message["type"] == kind and fields.items() <= message.items():
                    return message

    async def say(self, command: str, command_id: str | None = None, **fields: Any) -> None:
        """Send a command and wait for nothing."""
        self._commands += 1
        made = f"{id(self)}-{self._commands}"
        asked = {"command_id": command_id or made, "command": command, **fields}
        await self.socket.send(json.dumps(asked))

    async def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        """Send a command and return its reply."""
        await self.say(command, **fields)
        return await self.heard("reply")


class AgentService:
    """The running service, the log it reads, and its clock, which stands still."""

    def __init__(self, store: Store, log: MemoryLog, keys: Path) -> None:
        self.store = store
        self.floor = Floor()
        self.clock = self.floor.clock
        self.url = ""
        self.submit: Submit
        self.metrics = Metrics()
        self._log = log
        self._keys = keys

    def token(self, role: str, **claims: Any) -> str:
        """Return a token of the local issuer."""
        return mint(self._keys, role, **claims)

    def client(self, role: str, **claims: Any) -> httpx.AsyncClient:
        """Return an HTTP client of somebody with this role."""
        headers = {"Authorization": f"Bearer {self.token(role, **claims)}"}
        url, patience_s = f"http://{self.url}", 30.0  # other tests may have the machine
        return httpx.AsyncClient(base_url=url, headers=headers, verify=False, timeout=patience_s)

    async def describe(self, *agents: str, **fields: Any) -> None:
        """Have administrators describe these agents."""
        async with self.client("administrator") as admin:
            for agent_id in agents:
                name = {"ru": agent_id, "en": agent_id}
                about = {"name": name, "site_id": "moscow", **fields}
                answer = await admin.put(f"/v1/agents/{agent_id}", json=about)
                assert answer.status_code == 200, answer.text

    @asynccontextmanager
    async def desktop(self, agent_id: str, *, after: int | None = None) -> AsyncIterator[Desktop]:
        """Open a socket of the agent; what was shown `after` stands on the desktop."""
        headers = {"Authorization": f"Bearer {self.token('agent', agent_id=agent_id)}"}
        missed = "" if after is None else f"?after={after}"
        url = f"ws://{self.url}/v1/agents/{agent_id}/socket{missed}"
        async with connect(url, additional_headers=headers) as socket:
            yield Desktop(socket)

    async def append(self, *events: Event) -> None:
        """Write what ivr or the router says to the log."""
        writer = await self._log.writer()
        for event in events:
            received = self.floor.record(event)
            envelope = received.envelope
            entry = Entry(key_of(envelope), received.record.value, headers_of(envelope))
            place = TopicPartition(received.record.topic, partition_of("main", PARTITIONS))
            await writer.append(place, [entry])
        await writer.close()

    async def remembers(self, call_id: str) -> bool:
        """Return whether the service has read of the call's arrival."""
        return (await self.store.peek(CALL_MEMO, call_id)).card is not None

    async def documents(self, *documents: Document) -> None:
        """Have the router tell of these documents."""
        writer = await self._log.writer()
        place = TopicPartition(ROUTING_CONFIG.name, partition_of("main", PARTITIONS))
        for document in documents:
            envelope = Envelope(
                id=f"{document.document_id}/{document.revision}",
                source="/polycentre/router",
                subject=document.document_id,
                time=self.clock.now(),
                pool="main",
                stream=document.document_id,
                sequence=document.revision,
                data=document,
            )
            entry = Entry(key_of(envelope), encode(envelope), headers_of(envelope))
            await writer.append(place, [entry])
        await writer.close()

    async def sites(self, **zones: str) -> None:
        """Have the router tell of these sites, each in its time zone, and wait until it is read."""
        told = (
            SiteChanged(
                document_id=f"site:{site_id}",
                revision=1,
                changed_by="test",
                site_id=site_id,
                name=Text(ru=site_id, en=site_id),
                time_zone=zone,
            )
            for site_id, zone in zones.items()
        )
        await self.documents(*told)

        async def read() -> bool:
            return len(await self.store.peek_many(SITE, zones)) == len(zones)

        await until("the sites are known", read)

    def counted(self, metric: str, **labels: str) -> float:
        """Return what a metric of the service stands at."""
        return self.metrics.registry.get_sample_value(metric, labels) or 0.0

    async def told(self, topic: str) -> list[Any]:
        """Return what the relay has published on a topic of ours."""
        place = TopicPartition(topic, partition_of("main", PARTITIONS))
        reader = await self._log.reader({place: 0})
        records = await reader.read(max_records=10_000, timeout_s=0.0)
        await reader.close()
        decoded = [decode(record.value) for record in records]
        return [found.envelope.data for found in decoded if hasattr(found, "envelope")]


@asynccontextmanager
async def agent_store(url: str | None) -> AsyncIterator[Store]:
    """Open the store of a database, migrated as in production, or one in memory."""
    if url is None:
        yield MemoryStore(source=SOURCE)
        return
    await migrate("agent_state", url)
    store = SqlStore(connect_database(url), source=SOURCE, partitions=PARTITIONS)
    yield store
    await store.close()


@asynccontextmanager
async def agent_service(
    store: Store,
    keys: Path,
    *,
    log: MemoryLog | None = None,
    grace_s: float = 0.3,
    heartbeat_s: float = 600.0,
    networks: str = "127.0.0.0/8",
    furnish: Callable[[FastAPI], None] = lambda app: None,
) -> AsyncIterator[AgentService]:
    """Run agent-state on `store` while the block is open; webhooks need a database.

    `furnish` brings to its application what `main` does only by a setting.
    """
    log = log or MemoryLog()
    await log.ensure_topics(TOPICS, PARTITIONS)
    mint(keys, "supervisor")
    service = AgentService(store, log, keys)
    metrics, health, ports = service.metrics, Health(), asyncio.Queue[int]()
    context = parts(store, service.clock, metrics, grace_s=grace_s, heartbeat_s=heartbeat_s)
    service.submit = context.submit
    await furnished(store, service.clock)
    app = application(context, Auth(str(keys / JWKS_FILE), ISSUER, AUDIENCE), metrics)
    furnish(app)
    webhooks = None
    if isinstance(store, SqlStore):
        sender = Sender(networks_of(networks), resolve=on_this_machine)
        webhooks = Webhooks(TELLING, store, service.clock, metrics, sender)
        with_webhooks(app, webhooks)
    beside = webhooks.work(log) if webhooks else []
    running = asyncio.create_task(
        serve(
            app,
            create_ops_app(health, metrics),
            health=health,
            http_port=0,
            ops_port=0,
            tasks=background(store, log, service.clock, context.sockets, metrics, beside),
            on_listening=lambda http_port, _: ports.put_nowait(http_port),
            grace_s=1.0,
        )
    )
    try:
        await until("the service to listen", lambda: running.done() or not ports.empty())
        service.url = f"127.0.0.1:{ports.get_nowait()}"
        yield service
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        if webhooks:
            await webhooks.close()
        await context.close()
