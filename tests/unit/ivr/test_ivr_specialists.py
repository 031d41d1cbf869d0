"""Transfers and consultations to a skill: through which queue, and what if there is none."""

import asyncio
from typing import Any

import pytest

from contact_events.answering import (
    CallAnswered,
    CallConsultRequested,
    CallTransferRequested,
)
from contact_events.calls import Text
from contact_events.config import QueueChanged
from contact_events.envelope import Envelope
from contact_events.registry import Event
from contact_runtime.clock import StoppedClock
from contact_runtime.log import Record
from contact_runtime.memory_store import MemoryStore
from contact_runtime.reader import Received
from contact_runtime.rows import Unit
from ivr.commands import Cause, handle
from ivr.consumers import handler
from ivr.domain.call import Call, Connected, Ended, Waiting
from ivr.domain.specialists import Asks, Specialists, with_queue
from ivr.tables import CALL, PROJECT
from tests.support.ivr_histories import NINE, STRAIGHT, arrival

ANYBODY = Asks(pool="main", skills=1)


class Front:
    """ivr with the caller of K1 in a talk with a1."""

    def __init__(self) -> None:
        self.store = MemoryStore(source="/polycentre/ivr")
        self._read = 0
        asyncio.run(self._begin())
        self.hear(CallAnswered(call_id="K1", attempt=1, reservation_id="R1", agent_id="a1", slot=0))

    async def _begin(self) -> None:
        async with self.store.unit() as unit:
            await self._let_in(unit)

    async def _let_in(self, unit: Unit) -> None:
        await unit.load(PROJECT, STRAIGHT.project_id)
        unit.put(PROJECT, STRAIGHT.project_id, STRAIGHT)
        await handle(unit, "K1", arrival(STRAIGHT), Cause(NINE))

    def hear(self, *facts: Event) -> None:
        asyncio.run(self._hear([self._received(fact) for fact in facts]))

    async def _hear(self, batch: list[Received]) -> None:
        async with self.store.unit() as unit:
            await handler(StoppedClock(NINE))(unit, batch)

    def _received(self, fact: Event) -> Received:
        self._read += 1
        envelope = Envelope(
            id=f"e{self._read}",
            source="/polycentre/test",
            subject="",
            time=NINE,
            pool="main",
            stream="s",
            sequence=self._read,
            data=fact,
        )
        return Received(Record("t", 0, self._read, None, None, (), 0), envelope)

    def call(self, call_id: str = "K1") -> Call:
        return asyncio.run(self.store.peek(CALL, call_id))


def queue(queue_id: str, revision: int = 1, **said: Any) -> QueueChanged:
    return QueueChanged(
        document_id=f"queue:{queue_id}",
        revision=revision,
        changed_by="test",
        queue_id=queue_id,
        name=Text(ru=queue_id, en=queue_id),
        **said,
    )


def transfer() -> CallTransferRequested:
    return CallTransferRequested(
        call_id="K1", reservation_id="R1", agent_id="a1", to_skill_id="law"
    )


def consult() -> CallConsultRequested:
    return CallConsultRequested(
        call_id="K1", reservation_id="R1", agent_id="a1", consult_call_id="C1", to_skill_id="law"
    )


def test_a_skill_is_reached_through_the_queue_that_asks_for_it_and_for_least_besides() -> None:
    front = Front()
    front.hear(
        queue("contracts", skills={"law": 2, "english": 1}),
        queue("lawyers", skills={"law": 2}),
        queue("sales", skills={"sales": 1}),
        transfer(),
    )
    call = front.call()
    assert isinstance(call, Waiting)
    assert (call.queue_id, call.attempt, call.sent_by) == ("lawyers", 2, "a1")


def test_a_queue_that_asks_no_more_or_is_deleted_is_no_way_to_the_skill() -> None:
    front = Front()
    front.hear(
        queue("contracts", skills={"law": 2, "english": 1}),
        queue("lawyers", skills={"law": 2}),
        queue("lawyers", revision=2, skills={"law": 2}, deleted=True),
        queue("contracts", revision=2, skills={"english": 1}),
        queue("notaries", skills={"law": 1, "stamps": 1}),
        consult(),
    )
    call = front.call("C1")
    assert isinstance(call, Waiting)
    assert call.queue_id == "notaries"


def test_a_caller_for_a_skill_that_no_queue_asks_for_goes_to_the_default_queue() -> None:
    front = Front()
    front.hear(transfer())
    call = front.call()
    assert isinstance(call, Waiting)
    assert (call.queue_id, call.attempt) == (STRAIGHT.default_queue_id, 2)


def test_a_consultation_of_a_skill_that_no_queue_asks_for_fails_and_the_talk_goes_on() -> None:
    front = Front()
    front.hear(consult())
    consultation = front.call("C1")
    assert isinstance(consultation, Ended)
    assert (consultation.ended_as, consultation.reason) == ("failed", "no_such_queue")
    assert isinstance(front.call(), Connected)


@pytest.mark.parametrize(
    ("queues", "found"),
    [
        ({}, None),
        ({"b": ANYBODY, "a": ANYBODY}, "a"),
        ({"a": Asks(pool="main", skills=2), "b": ANYBODY}, "b"),
        ({"a": ANYBODY, "z": Asks(pool="main", skills=3, client_id="acme")}, "z"),
        ({"a": Asks(pool="main", skills=1, client_id="zeta")}, None),
        ({"a": Asks(pool="other", skills=1)}, None),
    ],
)
def test_the_clients_own_queue_goes_first_and_nobody_elses_is_used(
    queues: dict[str, Asks], found: str | None
) -> None:
    assert Specialists(queues).queue_for("main", "acme") == found


def test_what_a_queue_asks_replaces_what_it_asked() -> None:
    specialists = with_queue(Specialists(), "a", ANYBODY)
    assert with_queue(specialists, "a", None) == Specialists()
    other = Asks(pool="main", skills=2)
    assert with_queue(specialists, "a", other).queues == {"a": other}


def test_a_queue_that_is_told_twice_changes_no_row() -> None:
    front = Front()
    front.hear(queue("lawyers", skills={"law": 2}))
    before = dict(front.store.rows)
    front.hear(queue("lawyers", skills={"law": 2}))
    assert front.store.rows == before
