"""Outside the opening hours a caller is told so, and the call is refused, not left to wait."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contact_events.calls import Text
from contact_events.config import CalendarChanged, Document, QueueChanged
from contact_events.envelope import Envelope, encode, headers_of, key_of
from contact_events.topics import ROUTING_CONFIG, TOPICS
from contact_runtime.clock import StoppedClock
from contact_runtime.log import Entry, TopicPartition
from contact_runtime.memory_log import MemoryLog
from contact_runtime.memory_store import MemoryStore
from contact_runtime.reader import run_reader
from ivr.consumers import READER, READS, handler, tick
from ivr.domain.call import INPUT_WAIT_S
from ivr.domain.flow import CLOSED
from ivr.domain.opening import QueueHours
from ivr.tables import CALENDAR, QUEUE
from tests.support.ivr_app import HELP, SHOP, FrontDoor
from tests.support.wait import until

SHUT = {"ru": "Закрыто до девяти.", "en": "Closed until nine."}
MONDAY_NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def office(revision: int = 1, **says: Any) -> CalendarChanged:
    return CalendarChanged(
        **{
            "document_id": "calendar:office",
            "revision": revision,
            "changed_by": "admin",
            "calendar_id": "office",
            "name": Text("Офис", "Office"),
            "time_zone": "Europe/Moscow",
            "hours": {str(day): (("09:00", "18:00"),) for day in range(5)},
            **says,
        }
    )


def queue(queue_id: str, revision: int = 1, **says: Any) -> QueueChanged:
    return QueueChanged(
        document_id=f"queue:{queue_id}",
        revision=revision,
        changed_by="admin",
        queue_id=queue_id,
        name=Text(queue_id, queue_id),
        **says,
    )


@pytest.fixture
async def door(tmp_path: Path) -> FrontDoor:
    door = FrontDoor(MemoryStore(source="/polycentre/ivr"), tmp_path)
    return await door.with_projects()


def at(door: FrontDoor, moment: datetime) -> None:
    """Let it be that moment at the front door."""
    door.clock = door.desk.clock = StoppedClock(moment)


async def order(door: FrontDoor, project_id: str, project: dict[str, Any], **says: Any) -> None:
    async with door.as_("administrator") as administrator:
        answer = await administrator.put(f"/v1/projects/{project_id}", json=project | says)
        assert answer.status_code == 200, answer.text
        shown = answer.json()
        assert {name: shown[name] for name in says} == says


async def press(door: FrontDoor, call_id: str, digits: str) -> dict[str, Any]:
    async with door.as_("integrator") as caller:
        answer = await caller.post(f"/v1/calls/{call_id}/digits", json={"digits": digits})
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


def told(door: FrontDoor, call_id: str) -> list[tuple[str, str | None]]:
    """Return what ivr told the log of the call: each event, with its step or reason."""
    assert isinstance(door.store, MemoryStore)
    facts = [e.data for e in door.store.outbox if e.stream == call_id]
    return [
        (type(f).__name__, getattr(f, "step", None) or getattr(f, "reason", None)) for f in facts
    ]


async def test_a_call_outside_the_projects_hours_hears_that_and_is_refused(door: FrontDoor) -> None:
    await door.hears(office(), 1, stream="calendar:office")
    await order(door, "acme-shop", SHOP, calendar="office", closed=SHUT)
    at(door, SUNDAY)
    call = await door.call()
    assert (call["state"], call["ended_as"], call["reason"]) == ("ended", "refused", "closed")
    assert call["hears"] == {"say": SHUT, "menu": []}
    assert told(door, call["call_id"]) == [
        ("CallArrived", None),
        ("CallFlowStep", "closed"),
        ("CallRefused", "closed"),
    ]
    async with door.as_("integrator") as caller:
        shown = (await caller.get(f"/v1/calls/{call['call_id']}")).json()
    assert shown == call
    at(door, MONDAY_NOON)
    assert (await door.call())["state"] == "in_flow"


async def test_who_is_told_nothing_else_hears_that_it_is_closed(door: FrontDoor) -> None:
    await door.hears(office(), 1, stream="calendar:office")
    await order(door, "zeta-help", HELP, calendar="office")
    at(door, SUNDAY)
    call = await door.call("+74950000002")
    assert call["hears"]["say"] == {"ru": CLOSED.ru, "en": CLOSED.en}


async def test_only_the_closed_queue_refuses_and_self_service_goes_on(door: FrontDoor) -> None:
    await door.hears(office(), 1, stream="calendar:office")
    await door.hears(queue("acme-sales", calendar_id="office"), 1, stream="queue:acme-sales")
    at(door, SUNDAY)
    refused = await press(door, (await door.call())["call_id"], "1")
    assert (refused["ended_as"], refused["reason"], refused["attempt"]) == ("refused", "closed", 0)
    assert told(door, refused["call_id"])[-3:] == [
        ("CallFlowStep", "queue"),
        ("CallFlowStep", "closed"),
        ("CallRefused", "closed"),
    ]
    contained = await press(door, (await door.call())["call_id"], "2")
    assert contained["ended_as"] == "contained"
    default = await press(door, (await door.call())["call_id"], "99")
    assert (default["state"], default["queue"]) == ("waiting", "acme-any")
    at(door, MONDAY_NOON)
    waiting = await press(door, (await door.call())["call_id"], "1")
    assert (waiting["state"], waiting["queue"]) == ("waiting", "acme-sales")


async def test_who_is_silent_until_a_closed_queue_is_refused(door: FrontDoor) -> None:
    await door.hears(office(), 1, stream="calendar:office")
    await door.hears(queue("acme-any", calendar_id="office"), 1, stream="queue:acme-any")
    at(door, SUNDAY)
    call = await door.call()
    for _ in range(2):
        door.clock.advance(INPUT_WAIT_S)
        async with door.store.unit() as unit:
            await tick(unit, call["call_id"], door.clock.now())
    assert told(door, call["call_id"])[-1] == ("CallRefused", "closed")


async def test_a_project_without_a_menu_refuses_for_its_closed_queue(door: FrontDoor) -> None:
    await door.hears(office(), 1, stream="calendar:office")
    await door.hears(queue("zeta-help", calendar_id="office"), 1, stream="queue:zeta-help")
    at(door, SUNDAY)
    assert (await door.call("+74950000002"))["ended_as"] == "refused"
    # The queue is open day and night again.
    await door.hears(queue("zeta-help", 2), 2, stream="queue:zeta-help")
    assert (await door.call("+74950000002"))["state"] == "waiting"


async def test_a_calendar_that_nobody_knows_or_that_was_deleted_closes_nothing(
    door: FrontDoor,
) -> None:
    await order(door, "acme-shop", SHOP, calendar="office")
    at(door, SUNDAY)
    assert (await door.call())["state"] == "in_flow"
    await door.hears(office(), 1, stream="calendar:office")
    assert (await door.call())["state"] == "ended"
    await door.hears(office(2, deleted=True), 2, stream="calendar:office")
    assert (await door.call())["state"] == "in_flow"


@pytest.mark.parametrize(
    ("country", "day", "state"),
    [
        ("RU", datetime(2026, 1, 1, 9, tzinfo=UTC), "ended"),
        ("RU", datetime(2026, 1, 8, 9, tzinfo=UTC), "ended"),
        ("BY", datetime(2026, 1, 8, 9, tzinfo=UTC), "in_flow"),
        ("RU", datetime(2026, 3, 9, 9, tzinfo=UTC), "ended"),
        ("BY", datetime(2025, 11, 7, 9, tzinfo=UTC), "ended"),
        ("RU", datetime(2025, 11, 7, 9, tzinfo=UTC), "in_flow"),
        ("RU", datetime(2025, 11, 1, 9, tzinfo=UTC), "in_flow"),
    ],
)
async def test_the_holidays_are_those_of_the_calendars_country(
    door: FrontDoor, country: str, day: datetime, state: str
) -> None:
    await door.hears(office(holidays=country), 1, stream="calendar:office")
    await order(door, "acme-shop", SHOP, calendar="office")
    at(door, day)
    assert (await door.call())["state"] == state


async def test_only_valid_revisions_open_and_close(door: FrontDoor) -> None:
    log, stop = MemoryLog(), asyncio.Event()
    await log.ensure_topics(TOPICS, 1)
    store = MemoryStore(source="/polycentre/ivr")
    documents: list[Document] = [
        office(),
        queue("acme-sales", calendar_id="office"),
        office(3, deleted=True),  # void: revision 2 was never
        office(2, holidays="RU"),
        queue("acme-sales", 2, calendar_id="office", deleted=True),
        office(2, deleted=True),  # void: another revision 2 was first
        queue("last", calendar_id="office"),
    ]
    writer = await log.writer()
    for number, document in enumerate(documents):
        envelope = Envelope(
            id=f"e{number}",
            source="/polycentre/router",
            subject=document.document_id,
            time=MONDAY_NOON,
            pool="main",
            stream=document.document_id,
            sequence=document.revision,
            data=document,
        )
        entry = Entry(key_of(envelope), encode(envelope), headers_of(envelope))
        await writer.append(TopicPartition(ROUTING_CONFIG.name, 0), [entry])
    clock = StoppedClock(MONDAY_NOON)
    reading = asyncio.create_task(
        run_reader(
            store, log, reader=READER, topics=READS, handler=handler(clock), clock=clock, stop=stop
        )
    )

    async def read() -> bool:
        return await store.peek(QUEUE, "last") == QueueHours("office")

    await until("the last document", read)
    stop.set()
    await reading
    assert await store.peek(CALENDAR, "office") == office(2, holidays="RU")
    assert await store.peek(QUEUE, "acme-sales") == QueueHours()
