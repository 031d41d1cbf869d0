"""The live board's stream as a page follows it, and reporting's API that serves it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from jsonschema import Draft202012Validator
from sse_starlette.sse import AppStatus

from contact_events.calls import Text
from contact_events.config import QueueChanged, SiteChanged
from contact_events.envelope import encode, headers_of, key_of
from contact_events.topics import TOPICS
from contact_runtime.administration.office import Office
from contact_runtime.clock import BusinessClock, machine_now
from contact_runtime.http.app import create_app
from contact_runtime.http.auth import Auth
from contact_runtime.http.ops import Health, create_ops_app
from contact_runtime.issuer import AUDIENCE, ISSUER, JWKS_FILE, mint
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.metrics import Metrics
from contact_runtime.serve import Background, serve
from contact_runtime.store import SqlStore, connect
from reporting import http
from reporting.billing.invoices import Books
from reporting.boards import Boards
from reporting.builds.building import builds_in
from reporting.consumers import SHOWN
from reporting.domain.live import LiveBoard
from reporting.live_protocol import asyncapi
from reporting.reports.cursors import Cursors
from reporting.reports.desk import Reports
from tests.support.histories import Story
from tests.support.specimens import NOON

LIMIT_S = 20.0
PARTITIONS = 4
FOLDED = [topic.name for topic in SHOWN]
KEYS = {"sites": ("site_id",), "queues": ("queue_id",), "away": ("from", "to")}


def applied(view: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a board shows after the changes: entries replaced, other parts taken whole."""
    result = dict(view)
    for name, part in changes.items():
        keys = KEYS.get(name)
        if name == "position":
            result[name] = {**view.get(name, {}), **part}
        elif keys is None:
            result[name] = part
        else:
            known = {tuple(each[key] for key in keys): each for each in view[name]}
            known.update({tuple(each[key] for key in keys): each for each in part})
            shown = [each for each in known.values() if name != "away" or each["calls"]]
            result[name] = sorted(shown, key=lambda each: [each[key] for key in keys])
    return result


def _described() -> dict[str, Draft202012Validator]:
    document = asyncapi()
    return {
        name: Draft202012Validator({**message["payload"], "components": document["components"]})
        for name, message in document["components"]["messages"].items()
    }


_MESSAGES = _described()


@dataclass(frozen=True)
class Told:
    """One event of the stream."""

    event: str
    id: str
    data: dict[str, Any]


@dataclass
class Board:
    """An open stream and what it has told; each message is as described."""

    lines: AsyncIterator[str]
    told: list[Told] = field(default_factory=list)
    shown: dict[str, Any] = field(default_factory=dict)

    async def hear(self) -> Told:
        """Return the next event."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(LIMIT_S):
            async for line in self.lines:
                if not line and "data" in fields:
                    break
                name, _, value = line.partition(": ")
                fields[name] = value
        told = Told(fields["event"], fields["id"], json.loads(fields["data"]))
        _MESSAGES[told.event].validate(told.data)
        self.told.append(told)
        whole = told.event == "snapshot"
        self.shown = told.data if whole else applied(self.shown, told.data)
        return told

    async def sees(self, part: str, **figures: Any) -> Told:
        """Return the event after which this part holds these figures."""
        while True:
            told = await self.hear()
            if figures.items() <= self.shown[part].items():
                return told


class BoardService:
    """One replica of reporting as boards see it."""

    def __init__(self, boards: Boards, keys: Path) -> None:
        self.boards = boards
        self.url = ""
        self._keys = keys

    @asynccontextmanager
    async def board(
        self, last_id: str | None = None, *, role: str = "supervisor", **claims: Any
    ) -> AsyncIterator[Board]:
        """Open the stream, as who was last sent the event `last_id`."""
        headers = {"Authorization": f"Bearer {mint(self._keys, role, **claims)}"}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        async with (
            httpx.AsyncClient(base_url=self.url, headers=headers, timeout=LIMIT_S) as client,
            client.stream("GET", "/v1/live") as response,
        ):
            assert response.headers["content-type"].startswith("text/event-stream")
            yield Board(response.aiter_lines())


@asynccontextmanager
async def board_service(log: MemoryLog, keys: Path) -> AsyncIterator[BoardService]:
    """Serve boards that follow `log` while the block is open; there is no database."""
    mint(keys, "supervisor")
    AppStatus.should_exit = False  # the library remembers the end of any server of the process
    clock = BusinessClock(NOON, machine_now(), 1.0)
    service = BoardService(Boards(clock, LiveBoard()), keys)
    store = SqlStore(connect("postgresql://nobody@127.0.0.1:1/nothing"), source="/polycentre/t")
    office = Office(store, clock)
    reports = Reports(store, store.engine, Cursors(None), ZoneInfo("UTC"))
    app = create_app(
        "reporting",
        routes=[http.routes],
        auth=Auth(str(keys / JWKS_FILE), ISSUER, AUDIENCE),
        refusals=http.REFUSALS,
        context=http.Context(
            store.engine,
            service.boards,
            store,
            office,
            Books(store, store.engine, log),
            builds_in(store.engine, log),
            reports,
        ),
    )
    listening = asyncio.Event()

    def heard(port: int, _: int) -> None:
        service.url = f"http://127.0.0.1:{port}"
        listening.set()

    async def follow(stop: asyncio.Event) -> None:
        await service.boards.follow(log, FOLDED, stop)

    health = Health()
    running = asyncio.create_task(
        serve(
            app,
            create_ops_app(health, Metrics()),
            health=health,
            http_port=0,
            ops_port=0,
            tasks=[Background("boards", follow)],
            on_listening=heard,
            grace_s=0.1,
        )
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            await listening.wait()
        yield service
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await office.close()
        await store.close()


async def empty_log() -> MemoryLog:
    """Return a log with all topics."""
    log = MemoryLog()
    await log.ensure_topics(TOPICS, PARTITIONS)
    return log


async def write(log: MemoryLog, story: Story, since: int = 0) -> int:
    """Put what the story tells from its record `since` on the log; return how long it is now."""
    writer = await log.writer()
    for seen in story.log[since:]:
        entry = Entry(key_of(seen.envelope), encode(seen.envelope), headers_of(seen.envelope))
        await writer.append(TopicPartition(seen.place.topic, 0), [entry])
    await writer.close()
    return len(story.log)


def centre(story: Story) -> Story:
    """Describe two sites and a queue of the client acme."""
    for site in ("minsk", "moscow"):
        changed = SiteChanged(
            document_id=f"site:{site}",
            revision=1,
            changed_by="t",
            site_id=site,
            name=Text(site, site),
        )
        story.append(changed, changed.document_id)
    queue = QueueChanged(
        document_id="queue:cards",
        revision=1,
        changed_by="t",
        queue_id="cards",
        name=Text("Карты", "Cards"),
        client_id="acme",
    )
    story.append(queue, queue.document_id)
    return story
