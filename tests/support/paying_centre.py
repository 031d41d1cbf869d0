"""A centre with a client who pays by a tariff: its log, its tables, and reporting's API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from contact_events.agents import AgentChanged
from contact_events.envelope import encode
from contact_events.wrapping import CallReleased, CallWrappedUp
from contact_runtime.consuming import reading
from contact_runtime.database import connect
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.metrics import Metrics
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from reporting import tables
from reporting.consumers import READS
from reporting.main import fold
from tests.support.histories import Story
from tests.support.reporting_app import SOURCE, Reporting, reporting_app
from tests.support.wait import until

NAME = {"ru": "Имя", "en": "Name"}
MARCH = {"tariff_id": "acme-2026", "begins_on": "2026-03-01", "ends_on": "2026-04-01"}
RULES: list[dict[str, Any]] = [
    {"rule_id": "talk", "kind": "per_minute", "price": "12.50", "round_up_s": 60},
    {"rule_id": "calls", "kind": "per_contact", "price": "3"},
    {"rule_id": "sales", "kind": "per_result", "price": "150", "codes": ["sold"]},
    {"rule_id": "team", "kind": "per_agent_hour", "price": "600", "team_ids": ["ours"]},
    {
        "rule_id": "level",
        "kind": "service_level",
        "definition_id": "acme-sl",
        "bonus_from": "0.9",
        "bonus_percent": "10",
        "penalty_below": "0.8",
        "penalty_percent": "20",
    },
]
TARIFF = {
    "name": NAME,
    "client_id": "acme",
    "currency": "RUB",
    "terms": [{"valid_from": "2026-01-01", "rules": RULES}],
}
DEFINITION = {"name": NAME, "client_id": "acme", "threshold_s": 20}


@dataclass
class Centre:
    """A log that is being folded, the service on its tables, and who wrote what already."""

    app: Reporting
    store: SqlStore
    log: MemoryLog
    story: Story
    written: int = 0
    admin: httpx.AsyncClient = field(init=False)

    async def folds(self) -> None:
        """Write what was told since, and wait until the tables hold it."""
        writer = await self.log.writer()
        for seen in self.story.log[self.written :]:
            entry = Entry(b"k", encode(seen.envelope))
            await writer.append(TopicPartition(seen.place.topic, 0), [entry])
        self.written = len(self.story.log)
        await writer.close()
        ends = {TopicPartition(topic, 0): end for topic, end in self.story.ends().items()}

        async def folded() -> bool:
            return ends.items() <= (await self.store.positions(tables.READER)).items()

        await until("the tables to hold the log", folded)

    async def issue(self, key: str = "k1", **more: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        return await self.admin.post("/v1/invoices", json={**MARCH, **more}, headers=headers)

    async def put(self, path: str, body: dict[str, Any]) -> None:
        answer = await self.admin.put(path, json=body, headers={"If-Match": "*"})
        if answer.status_code == 412:
            answer = await self.admin.put(path, json=body)
        assert answer.status_code == 200, answer.text


@asynccontextmanager
async def paying_centre(postgres_url: str, keys: Path) -> AsyncIterator[Centre]:
    """Run the centre while the block is open: its story is folded, nothing is agreed yet."""
    await migrate("reporting", postgres_url)
    store, log = SqlStore(connect(postgres_url), source=SOURCE, partitions=1), MemoryLog()
    await log.ensure_topics(READS, 1)
    async with reporting_app(keys, store, log) as app:
        stop = asyncio.Event()
        read = reading(
            store,
            log,
            reader=tables.READER,
            topics=READS,
            handler=fold,
            clock=app.clock,
            metrics=Metrics(),
            linger_s=0.01,
        )
        running = asyncio.ensure_future(read(stop))
        made = Centre(app, store, log, march())
        async with app.client("administrator", subject="boss") as made.admin:
            await made.folds()
            app.clock.advance(40 * 86_400)
            yield made
        stop.set()
        with suppress(asyncio.CancelledError):
            await running


def march() -> Story:
    """Return the story of 4 calls: 2 answered at once, one late, one given up; and of a team."""
    story = Story()
    story.claim()
    signed_in(story, "anna", "Ready")
    for call, waits_s, talks_s in (("c1", 5, 61), ("c2", 20, 30), ("c3", 45, 600)):
        talked(story, call, waits_s, talks_s, codes=("sold",) if call == "c2" else ())
    story.arrives("c4")
    story.queues("c4")
    story.passes(8)
    story.abandons("c4")
    story.passes(3_600 - (story.now - story.log[0].envelope.time).total_seconds())
    signed_in(story, "anna", "Offline")
    return story


def signed_in(story: Story, agent_id: str, status: Any) -> None:
    """Have an agent of the team `ours` be in this state."""
    changed = AgentChanged(
        agent_id=agent_id,
        presence="Offline" if status == "Offline" else "Ready",
        status=status,
        site_id="moscow",
        slots=(),
        cause="test",
        team_id="ours",
    )
    story.append(changed, agent_id, client=None, project=None)


def talked(
    story: Story, call: str, waits_s: float, talks_s: float, codes: tuple[str, ...] = ()
) -> None:
    """Tell of a call that an agent of no team took."""
    story.arrives(call)
    story.queues(call)
    reservation = story.routes(call, "boris")
    story.passes(waits_s)
    story.answers(call, "boris", reservation)
    story.connects(call, "boris", reservation)
    story.passes(talks_s)
    story.disconnects(call)
    names: dict[str, Any] = {
        "call_id": call,
        "attempt": 1,
        "reservation_id": reservation,
        "agent_id": "boris",
        "slot": 0,
    }
    story.append(CallReleased(**names, connected=True, reason="ended"), "boris")
    story.append(CallWrappedUp(**names, by="agent", codes=codes), "boris")
