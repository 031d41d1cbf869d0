"""ivr with all its parts on a log in memory: what it reads, times and publishes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contact_events.answering import CallAnswered
from contact_events.calls import LONGEST_CALL_S, Text
from contact_events.config import CalendarChanged, QueueChanged, SpecialDay
from contact_events.envelope import Decoded, Envelope, decode, encode, headers_of, key_of
from contact_events.partitions import partition_of
from contact_events.registry import Event, event_type_of
from contact_events.topics import CALL_ARRIVED, TOPICS
from contact_runtime.database import connect
from contact_runtime.hints import QueueHints
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.metrics import Metrics
from contact_runtime.migrate import migrate
from contact_runtime.store import SqlStore
from ivr.domain.call import INPUT_WAIT_S
from ivr.main import background
from ivr.tables import CALENDAR
from tests.support.ivr_app import FrontDoor
from tests.support.ivr_histories import NINE
from tests.support.wait import until

PARTITIONS = 4
MAIN = partition_of("main", PARTITIONS)


class Running:
    """A front door whose parts run."""

    def __init__(self, door: FrontDoor, log: MemoryLog) -> None:
        self.door = door
        self.log = log

    async def tell(self, fact: Event, sequence: int) -> None:
        """Append a fact of agent a1 to its topic."""
        envelope = Envelope(
            id=f"a1/{sequence}",
            source="/polycentre/agent-state",
            subject="a1",
            time=NINE,
            pool="main",
            stream="a1",
            sequence=sequence,
            data=fact,
        )
        await self.append(
            event_type_of(type(fact)).topic.name,
            Entry(key_of(envelope), encode(envelope), headers_of(envelope)),
        )

    async def append(self, topic: str, entry: Entry) -> None:
        writer = await self.log.writer()
        await writer.append(TopicPartition(topic, MAIN), [entry])
        await writer.close()

    async def published(self) -> list[str]:
        """Return the names of the events on call-arrived, in order."""
        reader = await self.log.reader({TopicPartition(CALL_ARRIVED.name, MAIN): 0})
        records = await reader.read(timeout_s=0.01)
        await reader.close()
        decoded = [decode(record.value) for record in records]
        return [
            event_type_of(type(one.envelope.data)).name
            for one in decoded
            if isinstance(one, Decoded)
        ]


@asynccontextmanager
async def running(url: str, folder: Path) -> AsyncIterator[Running]:
    await migrate("ivr", url)
    store = SqlStore(connect(url), source="/polycentre/ivr", partitions=PARTITIONS)
    log = MemoryLog()
    await log.ensure_topics(TOPICS, PARTITIONS)
    door = FrontDoor(store, folder)
    stop = asyncio.Event()
    parts = background(store, log, door.clock, Metrics(), QueueHints(log))
    tasks = [asyncio.ensure_future(part.run(stop)) for part in parts]
    try:
        await door.with_projects()
        yield Running(door, log)
        assert not any(task.done() for task in tasks)
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
        await store.close()


@pytest.mark.postgres
async def test_a_call_goes_from_arrival_to_its_end_over_the_log(
    postgres_url: str, tmp_path: Path
) -> None:
    async with running(postgres_url, tmp_path) as world:
        view = await world.door.call("+74950000002")
        call_id = view["call_id"]
        await world.append("answered", Entry(b"k", b"no event at all"))
        await world.tell(
            CallAnswered(call_id=call_id, attempt=1, reservation_id="R1", agent_id="a1", slot=0),
            1,
        )
        path = f"/v1/calls/{call_id}?wait_s=10&after_version={view['version']}"
        async with world.door.as_("integrator") as caller:
            assert (await caller.get(path)).json()["state"] == "connected"
            await caller.post(f"/v1/calls/{call_id}/hangup")
        expected = [
            "call.arrived",
            "call.flow_step",
            "call.queued",
            "call.connected",
            "call.disconnected",
        ]

        async def told() -> bool:
            return await world.published() == expected

        await until("every fact is on the log, in order", told)


@pytest.mark.postgres
async def test_a_silent_caller_is_queued_by_business_time(
    postgres_url: str, tmp_path: Path
) -> None:
    async with running(postgres_url, tmp_path) as world:
        call_id = (await world.door.call())["call_id"]
        async with world.door.as_("integrator") as caller:

            async def queued() -> bool:
                world.door.clock.advance(INPUT_WAIT_S)
                view = (await caller.get(f"/v1/calls/{call_id}")).json()
                return bool(view["queue"] == "acme-any")

            await until("the caller waits in the default queue", queued)


@pytest.mark.postgres
async def test_whoever_waits_or_talks_is_ended_by_the_timer_when_a_call_may_last_no_longer(
    postgres_url: str, tmp_path: Path
) -> None:
    async with running(postgres_url, tmp_path) as world:
        waits, talks = [(await world.door.call("+74950000002"))["call_id"] for _ in range(2)]
        accepted = CallAnswered(
            call_id=talks, attempt=1, reservation_id="R1", agent_id="a1", slot=0
        )
        await world.tell(accepted, 1)
        async with world.door.as_("integrator") as caller:

            async def seen(call_id: str) -> dict[str, Any]:
                view: dict[str, Any] = (await caller.get(f"/v1/calls/{call_id}")).json()
                return view

            async def joined() -> bool:
                return bool((await seen(talks))["state"] == "connected")

            await until("the talk", joined)
            world.door.clock.advance(LONGEST_CALL_S)

            async def ended() -> bool:
                views = [await seen(waits), await seen(talks)]
                ends = [(view["ended_as"], view["reason"]) for view in views]
                return ends == [("failed", "too_long"), ("disconnected", "system")]

            await until("the end of both", ended)


@pytest.mark.postgres
async def test_a_queue_that_is_ordered_to_be_shut_today_refuses(
    postgres_url: str, tmp_path: Path
) -> None:
    head: dict[str, Any] = {"revision": 1, "changed_by": "admin"}
    calendar = CalendarChanged(
        **head,
        document_id="calendar:office",
        calendar_id="office",
        name=Text("Офис", "Office"),
        hours={str(day): (("00:00", "24:00"),) for day in range(7)},
        holidays="BY",
        exceptions=(SpecialDay(date=f"{NINE:%Y-%m-%d}"),),
    )
    queue = QueueChanged(
        **head,
        document_id="queue:zeta-help",
        queue_id="zeta-help",
        name=Text("Зета", "Zeta"),
        calendar_id="office",
    )
    async with running(postgres_url, tmp_path) as world:
        assert (await world.door.call("+74950000002"))["state"] == "waiting"
        await world.tell(calendar, 1)
        await world.tell(queue, 2)

        async def refused() -> bool:
            call = await world.door.call("+74950000002")
            return (call["ended_as"], call["reason"]) == ("refused", "closed")

        await until("calls are refused", refused)
        assert await world.door.store.peek(CALENDAR, "office") == calendar
